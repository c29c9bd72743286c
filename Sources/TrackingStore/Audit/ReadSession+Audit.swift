internal import SQLite
package import Tracking

extension ReadSession {
    /// The maximum number of entries that are read for one page, which takes about 50 ms.
    private static let entriesOfOnePage = 50_000

    /// Returns one page of the audit log with the newest entry first.
    ///
    /// A page may be short although more pages follow.
    ///
    /// The cost of a query by time or resource depends only on the page size. Any other query reads the entries one by
    /// one, at most 50,000 for each page.
    /// - Throws: `.invalidParameterValue` for a malformed page token.
    package func auditPage(_ query: AuditQuery) throws -> AuditPage {
        var end = query.until.map { AuditEntry.firstID(at: $0) } ?? .max
        if let token = query.pageToken {
            guard let position = Int64(token), position > 0 else {
                throw TrackingError.invalidParameter("'page_token' is invalid. Send the token of an earlier answer.")
            }
            end = min(end, position)
        }
        let rows = try rows(of: query, from: query.since.map { AuditEntry.firstID(at: $0) } ?? 0, until: end)
        defer { rows.reset() }
        var entries: [AuditEntry] = []
        var last: Int64?
        for _ in 0..<Self.entriesOfOnePage {
            guard try rows.step() else { return AuditPage(entries: entries, nextPageToken: nil) }
            // The page is full, and there is a further entry.
            if entries.count == query.maxResults { break }
            let entry = try AuditEntry(row: rows)
            if query.includes(entry) { entries.append(entry) }
            last = entry.id
        }
        return AuditPage(entries: entries, nextPageToken: last.map { String($0) })
    }

    /// Whether there are audit entries that are older than a time in Unix milliseconds.
    package func hasAuditEntries(before time: Int64) throws -> Bool {
        let first = AuditEntry.firstID(at: time)
        return try connection.query("SELECT 1 FROM audit_entries WHERE id < ?1 LIMIT 1", first).firstRow { _ in true }
            == true
    }

    private func rows(of query: AuditQuery, from start: Int64, until end: Int64) throws -> Statement {
        let columns = """
            SELECT id, actor_kind, actor, address, action, resource_kind, resource_id, detail, is_refused, occurrences
            FROM audit_entries
            """
        guard let resourceID = query.resourceID, !resourceID.isEmpty else {
            return try connection.query("\(columns) WHERE id >= ?1 AND id < ?2 ORDER BY id DESC", start, end)
        }
        // SQLite uses the partial index on `resource_id` only if the query repeats the index's condition.
        let condition = "resource_id = ?3 AND resource_id <> '' AND id >= ?1 AND id < ?2"
        return try connection.query("\(columns) WHERE \(condition) ORDER BY id DESC", start, end, resourceID)
    }
}

extension AuditEntry {
    fileprivate init(row: Statement) throws {
        guard let actor = AuditActor.Kind(rawValue: row.int64(1)),
            let resource = AuditResource.Kind(rawValue: row.int64(5))
        else {
            throw StoreCorruption("an entry of the audit log has an unknown kind")
        }
        self.init(
            actor: AuditActor(actor, row.string(2)),
            address: row.string(3),
            action: row.string(4),
            resource: AuditResource(resource, row.string(6))
        )
        id = row.int64(0)
        detail = row.string(7)
        isRefused = row.bool(8)
        count = row.int64(9)
    }
}
