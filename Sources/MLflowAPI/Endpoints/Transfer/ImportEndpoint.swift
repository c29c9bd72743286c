internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import JSON
internal import Tracking
internal import TrackingStore
internal import Transfer

extension MLflowAPI {
    /// The call that takes over things from another store, with their ids and times; `docs/own-calls.md` describes it.
    var transferEndpoints: [[Endpoint]] {
        [
            endpoint(
                .post,
                .apus,
                "import",
                .administer(.server),
                handling: .buffered { request, responder in
                    do {
                        perform(try takeRecords(request), .cheap, for: request, responder)
                    } catch {
                        responder.send(response(to: error))
                    }
                }
            )
        ]
    }

    private func takeRecords(_ request: HTTPRequest) throws(TrackingError) -> Operation {
        // A page of another site can send no such content type without being asked for permission first.
        let type = request.header("content-type").map { $0.prefix { $0 != ";" }.lowercased() }
        guard type?.filter({ $0 != " " }) == "application/x-ndjson" else {
            throw .invalidParameter("Content-Type must be application/x-ndjson: one record on each line.")
        }
        let records = try RecordLines(request.body).all
        return .write {
            try $0.take(records)
        } encode: { report in
            .json(capacity: 2_048) { writer in
                writer.beginObject()
                writer.members(of: report)
                writer.endObject()
            }
        }
    }
}
