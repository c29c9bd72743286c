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
        // The rows say which resources are meant.
        var others = query
        others.resourceID = nil
        for _ in 0..<Self.entriesOfOnePage {
            guard try rows.step() else { return AuditPage(entries: entries, nextPageToken: nil) }
            // The page is full, and there is a further entry.
            if entries.count == query.maxResults { break }
            let entry = try AuditEntry(row: rows)
            if rows.bool(10), others.includes(entry) { entries.append(entry) }
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
        let columns =
            "id, actor_kind, actor, address, action, resource_kind, resource_id, detail, is_refused, occurrences"
        let times = "id >= ?1 AND id < ?2"
        guard let id = query.resourceID, !id.isEmpty else {
            let sql = "SELECT \(columns), TRUE FROM audit_entries WHERE \(times) ORDER BY id DESC"
            return try connection.query(sql, start, end)
        }
        if let experiment = Int64(id), experiment >= 0 {
            let sql = "SELECT \(columns), \(Self.concernsExperiment) FROM audit_entries WHERE \(times) ORDER BY id DESC"
            return try connection.query(sql, start, end, id, experiment)
        }
        guard let experiment = try experimentID(ofRun: id) else {
            // SQLite uses the partial index on `resource_id` only if the query repeats the index's condition.
            let condition = "resource_id = ?3 AND resource_id <> '' AND \(times)"
            let sql = "SELECT \(columns), TRUE FROM audit_entries WHERE \(condition) ORDER BY id DESC"
            return try connection.query(sql, start, end, id)
        }
        // What became of the experiment became of its runs.
        let sql = """
            SELECT \(columns), TRUE FROM audit_entries
            WHERE \(times) AND resource_id <> '' AND (resource_id = ?3
                OR (resource_id = ?4 AND action IN ('experiments/delete', 'experiments/restore'))
                OR (resource_id >= ?4 || '/' || ?3 AND resource_id < ?4 || '/' || ?3 || '0'))
            ORDER BY id DESC
            """
        return try connection.query(sql, start, end, id, String(experiment))
    }

    /// Whether an entry is about the experiment ?4 (as text ?3), or something in it; details tell it of a run that was removed.
    private static let concernsExperiment = """
        resource_id = ?3 OR (resource_id >= ?3 || '/' AND resource_id < ?3 || '0')
            OR EXISTS (SELECT 1 FROM runs WHERE run_id = resource_id AND experiment_id = ?4)
            OR EXISTS (SELECT 1 FROM logged_models WHERE model_id = resource_id AND experiment_id = ?4)
            OR (detail <> '' AND json_extract(detail, '$.experiment_id') = ?3)
        """

    /// The experiment of a run; nil for what is no run, or none that the store and the audit know.
    private func experimentID(ofRun id: String) throws -> Int64? {
        let known = try connection.query("SELECT experiment_id FROM runs WHERE run_id = ?1", id)
            .firstRow { $0.int64(0) }
        if let known { return known }
        return try connection.query(
            """
            SELECT json_extract(detail, '$.experiment_id') FROM audit_entries
            WHERE resource_id = ?1 AND resource_id <> '' AND action IN ('runs/create', 'runs/delete') AND detail <> ''
            ORDER BY id DESC LIMIT 1
            """,
            id
        ).firstRow { $0.optionalString(0).flatMap { Int64($0) } } ?? nil
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
