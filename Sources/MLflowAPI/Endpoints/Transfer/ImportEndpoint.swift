internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import JSON
package import Tracking
internal import TrackingStore
internal import Transfer

extension MLflowAPI {
    /// The call that takes over things from another store, with their ids and times; `docs/own-calls.md` describes it.
    var transferEndpoints: [[Endpoint]] {
        let access = Access.administer(.server).audited()
        let trail = auditTrail("import", access)
        return [
            endpoint(
                .post,
                .apus,
                "import",
                access,
                handling: .buffered { request, responder in
                    do {
                        let operation = try takeRecords(request)
                        let draft = trail?.draft(by: auditActor(request), request, nil)
                        perform(operation, .cheap, draft, for: request, responder)
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
            try $0.importRecords(records)
        } noting: {
            $0.auditNote
        } encode: { report in
            .json(capacity: 2_048) { writer in
                writer.beginObject()
                writer.members(of: report)
                writer.endObject()
            }
        }
    }
}

extension TransferReport {
    /// What the audit says of an import: how many things it made.
    ///
    /// Points that follow are not audited, as those that a client logs are not: a server that forwards to this one sends
    /// them by imports.
    package var auditNote: AuditNote {
        let kinds: [TransferKind] = [.experiment, .run, .loggedModel, .registeredModel, .modelVersion]
        let details = kinds.compactMap { kind in
            counts[kind].flatMap { $0.added > 0 ? (name: kind.wireName + "s", value: String($0.added)) : nil }
        }
        return details.isEmpty ? .nothing : .details(details)
    }
}
