internal import Budgets
internal import HTTPServer
internal import HTTPWire
internal import JSON
package import Tracking

extension MLflowAPI {
    /// The calls by which `apus audit` and `apus backup` work on a running server; `docs/own-calls.md` describes them.
    var auditEndpoints: [[Endpoint]] {
        let backup = Self.backupAccess.audited(as: Self.backupAction, "place")
        return [
            endpoint(
                .get,
                .apus,
                "audit/list",
                .administer(.server).unaudited,
                pages: .journal,
                handler: .blocking(listAudit)
            ),
            endpoint(.post, .apus, "audit/backup", backup, auditing: noteBackup),
        ]
    }

    private static let backupAccess = Access.administer(.server)

    /// The action of audit entries about backups.
    package static let backupAction = "backup"

    /// Returns a page of the audit log; blocks on a read of the store.
    package func auditPage(_ query: AuditQuery) throws -> AuditPage { try store.readNow { try $0.auditPage(query) } }

    private func listAudit(_ request: HTTPRequest, _ responder: HTTPResponder) {
        do {
            try requireAdministrator(request)
            let message = try RequestMessage(request, .journal)
            // If a misspelt filter were ignored, the answer would contain more entries than the client wants.
            try Self.requireOnly(
                ["since", "until", "actor", "action", "resource_id", "address", "max_results", "page_token"],
                message.names
            )
            var query = AuditQuery(maxResults: try message.checkedPageSize(message.pageSize()))
            query.since = try message.integer("since")
            query.until = try message.integer("until")
            query.actor = try message.string("actor")
            query.action = try message.string("action")
            query.resourceID = try message.string("resource_id")
            query.address = try message.string("address")
            query.pageToken = try message.string("page_token")
            let page = try store.readNow(for: request.caller) { [query] in try $0.auditPage(query) }
            responder.send(
                .jsonObject(capacity: 64 + 320 * page.entries.count) { writer in
                    writer.memberArray("entries") { writer in
                        for entry in page.entries { writer.write(entry) }
                    }
                    writer.member("next_page_token", ifPresent: page.nextPageToken)
                }
            )
        } catch { responder.send(response(to: error)) }
    }

    private func noteBackup(_ request: HTTPRequest, _ responder: HTTPResponder, _ audit: AuditEntry?) {
        do {
            try whileAdmitted(request, Self.backupAccess) { request in
                try requireAdministrator(request)
                _ = try RequestMessage(request).requiredString("place")
                try store.writeNow(for: request.caller) { try $0.audit(audit) }
            }
            responder.send(.empty)
        } catch { responder.send(response(to: error)) }
    }

    /// On a server that does not require clients to identify themselves, only a command on its machine is an administrator.
    private func requireAdministrator(_ request: HTTPRequest) throws(TrackingError) {
        let access = settings.access
        guard access?.isRequired == true || access?.isOfOperator(request) == true else {
            throw TrackingError.permissionDenied(
                "This server does not require tokens, so only `apus audit` on its own machine can read the audit log. To allow "
                    + "this call, start the server with --require-token."
            )
        }
    }
}

extension JSONWriter {
    /// Writes an entry of the audit log, as `audit/list` answers it and `apus audit` exports it.
    package mutating func write(_ entry: AuditEntry) {
        beginObject()
        // A string, because clients may read numbers as doubles, which do not represent all ids exactly.
        member("id", String(entry.id))
        member("time", entry.time)
        memberObject("actor") { writer in
            writer.member("kind", entry.actor.kind.name)
            if !entry.actor.name.isEmpty { writer.member("name", entry.actor.name) }
        }
        if !entry.address.isEmpty { member("address", entry.address) }
        member("action", entry.action)
        memberObject("resource") { writer in
            writer.member("kind", entry.resource.kind.name)
            if !entry.resource.id.isEmpty { writer.member("id", entry.resource.id) }
        }
        if !entry.detail.isEmpty {
            key("detail")
            raw(entry.detail.utf8)
        }
        member("outcome", entry.isRefused ? "refused" : "done")
        if entry.count != 1 { member("count", entry.count) }
        endObject()
    }
}
