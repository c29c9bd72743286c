internal import SQLite
package import Tracking

extension WriteSession {
    /// Stores an entry with the current time, in the same transaction as the change that it describes.
    ///
    /// - Parameter entry: nil if auditing is off; the function does nothing then.
    package func audit(_ entry: AuditEntry?) throws {
        if let entry { try connection.insert(entry) }
    }

    /// Removes the oldest entries.
    ///
    /// - Parameters:
    ///   - time: the time in Unix milliseconds before which entries are removed.
    ///   - limit: the maximum number of entries to remove.
    /// - Returns: how many entries were removed.
    package func trimAudit(before time: Int64, limit: Int) throws -> Int {
        try connection.run(
            "DELETE FROM audit_entries WHERE id IN (SELECT id FROM audit_entries WHERE id < ?1 ORDER BY id LIMIT ?2)",
            AuditEntry.firstID(at: time),
            limit
        )
        return connection.changes
    }
}

extension Connection {
    fileprivate func insert(_ entry: AuditEntry) throws {
        let first = AuditEntry.firstID(at: currentMilliseconds())
        let end = first + AuditEntry.firstID(at: 1)
        try run(
            """
            INSERT INTO audit_entries (id, actor_kind, actor, address, action, resource_kind, resource_id, detail,
                is_refused, occurrences)
            VALUES (coalesce((SELECT max(id) FROM audit_entries WHERE id >= ?1 AND id < ?2), ?1 - 1) + 1, ?3, ?4, ?5,
                ?6, ?7, ?8, ?9, ?10, ?11)
            """,
            first,
            end,
            entry.actor.kind.rawValue,
            entry.actor.name,
            entry.address,
            entry.action,
            entry.resource.kind.rawValue,
            entry.resource.id,
            entry.detail,
            entry.isRefused ? 1 : 0,
            entry.count
        )
    }
}

extension TrackingStore {
    /// Stores an entry in a database that no server uses, and changes nothing else.
    ///
    /// Blocks until the entry is durable.
    /// - Returns: false if the database is of an older version, which has no table of audit entries.
    /// - Throws: `OwnerLock.Failure` if a server uses the database, or `SQLiteError`.
    package static func audit(_ entry: AuditEntry, inDatabaseAt path: String) throws -> Bool {
        let lock = try OwnerLock(databasePath: path)
        defer { lock.release() }
        let claim = try DatabaseClaim(databasePath: path)
        defer { claim.release() }
        let (connection, _) = try Connection.openForWriting(path: path, WriterSettings())
        defer { connection.close() }
        let tables = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'audit_entries'"
        guard try connection.firstInt64(of: tables) == 1 else { return false }
        try connection.immediateTransaction { try connection.insert(entry) }
        return true
    }
}
