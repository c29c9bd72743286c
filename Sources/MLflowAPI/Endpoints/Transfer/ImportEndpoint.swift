internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import JSON
package import Tracking
internal import Transfer

extension MLflowAPI {
    /// The call that imports records of another store, with their ids and times; `docs/own-calls.md` describes it.
    var transferEndpoints: [[Endpoint]] {
        let access = Access.administer(.server).audited()
        let entryMaker = auditEntryMaker("import", access)
        return [
            endpoint(
                .post,
                .apus,
                "import",
                access,
                handler: .buffered { request, responder in
                    do {
                        let operation = try importOperation(request)
                        let draft = entryMaker?.draft(by: auditActor(request), request, nil)
                        perform(operation, .cheap, access, draft, for: request, responder)
                    } catch { responder.send(response(to: error)) }
                }
            )
        ]
    }

    private func importOperation(_ request: HTTPRequest) throws(TrackingError) -> Operation {
        // A page of another site cannot send this content type unless a CORS preflight request allows it.
        let type = request.header("content-type").map { $0.prefix { $0 != ";" }.lowercased() }
        guard type?.filter({ $0 != " " }) == "application/x-ndjson" else {
            throw .invalidParameter("Content-Type must be application/x-ndjson: one record on each line.")
        }
        let records = try RecordLines(request.body).records
        return .write({ try $0.importRecords(records) }, auditNote: { $0.auditNote }) { report in
            .jsonObject(capacity: 2_048) { $0.members(of: report) }
        }
    }
}

extension TransferReport {
    /// The note of an import in the audit log: how many experiments, runs, models and versions it has added.
    ///
    /// Imported points are not audited, just as logged points are not: a server that forwards its runs to this server
    /// sends their points by imports.
    package var auditNote: AuditNote {
        let kinds: [TransferKind] = [.experiment, .run, .loggedModel, .registeredModel, .modelVersion]
        let details = kinds.compactMap { kind in
            counts[kind].flatMap { $0.added > 0 ? (name: kind.wireName + "s", value: String($0.added)) : nil }
        }
        return details.isEmpty ? .unchanged : .details(details)
    }
}
