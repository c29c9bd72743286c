extension AccessTables {
    /// The maximum number of entries that are read for one page, which takes about 50 ms.
    private static var maximumEntriesReadPerPage: Int { 50_000 }
    /// The lowest limit of one statement, unless fewer entries may still be read for the page.
    private static var minimumEntriesPerStatement: Int { 1_000 }

    /// Returns one page of the audit log with the newest entry first.
    ///
    /// A page may be short although more pages follow.
    /// The cost of a query by time, or by a resource other than an experiment, depends only on the page size. Any other query
    /// reads the entries one by one, at most 50,000 for each page.
    /// - Throws: `.invalidParameterValue` for a malformed page token.
    package func auditPage(_ query: AuditQuery) throws -> AuditPage {
        var end = query.until.map { AuditEntry.firstID(at: $0) } ?? .max
        if let token = query.pageToken {
            guard let position = Int64(token), position > 0 else {
                throw TrackingError.invalidParameter("'page_token' is invalid. Send the token of an earlier answer.")
            }
            end = min(end, position)
        }
        let start = query.since.map { AuditEntry.firstID(at: $0) } ?? 0
        let (sql, values) = try selection(of: query)
        var page = AuditPage(entries: [], nextPageToken: nil)
        // The statement itself tests the id of the resource, so the other conditions are tested without it.
        var otherConditions = query
        otherConditions.resourceID = nil
        var remaining = Self.maximumEntriesReadPerPage
        while remaining > 0 {
            let limit = min(remaining, max(query.maxResults + 1, Self.minimumEntriesPerStatement))
            let rows = try tableRows(
                "\(sql) ORDER BY id DESC LIMIT ?\(values.count + 3)",
                values: [.integer(start), .integer(end)] + values + [.integer(Int64(limit))]
            ) { (entry: try AuditEntry(row: $0), matchesResource: $0.flag(10)) }
            for (entry, matchesResource) in rows {
                // The page is full, and there is a further entry.
                if page.entries.count == query.maxResults { return page }
                if matchesResource, otherConditions.includes(entry) { page.entries.append(entry) }
                end = entry.id
                page.nextPageToken = String(end)
            }
            guard rows.count == limit else {
                page.nextPageToken = nil
                return page
            }
            remaining -= limit
        }
        return page
    }

    /// Whether there are audit entries that are older than a time in Unix milliseconds.
    package func hasAuditEntries(before time: Int64) throws -> Bool {
        let first = AuditEntry.firstID(at: time)
        return try finds("SELECT 1 FROM \(table("audit_entries")) WHERE id < ?1 LIMIT 1", values: [.integer(first)])
    }

    /// The statement for the entries of a query with ids from ?1 (inclusive) to ?2 (exclusive), and the values of its
    /// parameters from ?3.
    ///
    /// The last column says whether the entry matches the query's resource.
    private func selection(of query: AuditQuery) throws -> (sql: String, values: [StoredValue]) {
        let columns =
            "id, actor_kind, actor, address, action, resource_kind, resource_id, detail, is_refused, occurrences"
        let (entries, times) = (table("audit_entries"), "id >= ?1 AND id < ?2")
        guard let id = query.resourceID, !id.isEmpty else {
            return ("SELECT \(columns), 1 FROM \(entries) WHERE \(times)", [])
        }
        if let experiment = Int64(id), experiment >= 0 {
            let matches = "CASE WHEN \(concernsExperiment) THEN 1 ELSE 0 END"
            return ("SELECT \(columns), \(matches) FROM \(entries) WHERE \(times)", [.text(id), .integer(experiment)])
        }
        guard let experiment = try experimentID(ofRun: id) else {
            // The partial index on `resource_id` is only used if the query repeats the index's condition.
            let condition = "resource_id = ?3 AND resource_id <> '' AND \(times)"
            return ("SELECT \(columns), 1 FROM \(entries) WHERE \(condition)", [.text(id)])
        }
        // The result includes the deletion and restoration of the run's experiment, because they also change the run.
        let sql = """
            SELECT \(columns), 1 FROM \(entries)
            WHERE \(times) AND resource_id <> '' AND (resource_id = ?3
                OR (resource_id = ?4 AND action IN ('experiments/delete', 'experiments/restore'))
                OR (resource_id >= ?5 AND resource_id < ?6))
            """
        let inExperiment = "\(experiment)/\(id)"
        return (sql, [.text(id), .text(String(experiment)), .text(inExperiment), .text(inExperiment + "0")])
    }

    /// The SQL condition that an entry is about the experiment with the id ?4 (?3 as text), or about a run or model in it.
    ///
    /// The entry of a removed run has the id of the run's experiment in its detail. The JSON function fails on an empty detail. A
    /// CASE calls the function only for other details; with AND, the database might call it before it tests the detail.
    private var concernsExperiment: String {
        """
        resource_id = ?3 OR (resource_id >= CAST(?3 AS TEXT) || '/' AND resource_id < CAST(?3 AS TEXT) || '0')
            OR EXISTS (SELECT 1 FROM runs WHERE \(dialect.runID) = resource_id AND experiment_id = CAST(?4 AS BIGINT))
            OR EXISTS (SELECT 1 FROM logged_models WHERE model_id = resource_id AND experiment_id = CAST(?4 AS BIGINT))
            OR CASE WHEN detail <> '' THEN \(dialect.experimentInDetail) = ?3 ELSE FALSE END
        """
    }

    /// The experiment of a run; nil if neither the runs nor the audit log contain a run with this id.
    private func experimentID(ofRun id: String) throws -> Int64? {
        let sql = "SELECT experiment_id FROM runs WHERE \(dialect.runID) = ?1"
        if let stored = try firstTableRow(sql, values: [.text(id)], { $0.int64(0) }) { return stored }
        return try firstTableRow(
            """
            SELECT CASE WHEN detail <> '' THEN \(dialect.experimentInDetail) END FROM \(table("audit_entries"))
            WHERE resource_id = ?1 AND resource_id <> '' AND action IN ('runs/create', 'runs/delete') AND detail <> ''
            ORDER BY id DESC LIMIT 1
            """,
            values: [.text(id)]
        ) { $0.textIfAny(0).flatMap { Int64($0) } } ?? nil
    }
}

extension ChangingAccessTables {
    /// Stores an entry with the current time, in the same transaction as the change that it describes.
    ///
    /// - Parameter entry: nil if auditing is off; the function does nothing then.
    package func audit(_ entry: AuditEntry?) throws {
        guard var entry else { return }
        if entry.address.isEmpty, [.command, .server].contains(entry.actor.kind) { entry.address = dialect.program }
        let insertion = entry.insertion(dialect, id: try nextAuditID(at: currentTime))
        try changeTables(insertion.sql, values: insertion.values)
    }

    /// Removes the oldest entries.
    ///
    /// - Parameters:
    ///   - time: the time in Unix milliseconds before which entries are removed.
    ///   - limit: the maximum number of entries to remove.
    /// - Returns: how many entries were removed.
    package func trimAudit(before time: Int64, limit: Int) throws -> Int {
        let entries = table("audit_entries")
        return try changedRowCount(
            "DELETE FROM \(entries) WHERE id IN (SELECT id FROM \(entries) WHERE id < ?1 ORDER BY id LIMIT ?2)",
            values: [.integer(AuditEntry.firstID(at: time)), .integer(Int64(limit))]
        )
    }
}

extension AuditEntry {
    /// The detail without NUL characters, which PostgreSQL's JSON functions refuse.
    private var storableDetail: String { detail.replacing("\\u0000", with: "\\ufffd") }

    /// The statement that stores the entry under an id, and the values of its parameters.
    package func insertion(_ dialect: AccessDialect, id: Int64) -> (sql: String, values: [StoredValue]) {
        let sql = """
            INSERT INTO \(dialect.schema)audit_entries
                (id, actor_kind, actor, address, action, resource_kind, resource_id, detail, is_refused, occurrences)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            """
        return (
            sql,
            [
                .integer(id), .integer(actor.kind.rawValue), .text(actor.name), .text(address), .text(action),
                .integer(resource.kind.rawValue), .text(resource.id), .text(storableDetail), StoredValue(isRefused),
                .integer(count),
            ]
        )
    }

    fileprivate init(row: any StoredRow) throws {
        guard let actor = AuditActor.Kind(rawValue: row.int64(1)),
            let resource = AuditResource.Kind(rawValue: row.int64(5))
        else { throw StoreCorruption("an entry of the audit log has an unknown kind") }
        self.init(
            actor: AuditActor(actor, row.string(2)),
            address: row.string(3),
            action: row.string(4),
            resource: AuditResource(resource, row.string(6))
        )
        id = row.int64(0)
        detail = row.string(7)
        isRefused = row.flag(8)
        count = row.int64(9)
    }
}
