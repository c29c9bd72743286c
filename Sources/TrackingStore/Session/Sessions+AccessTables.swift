package import Identities
internal import SQLite
package import Tracking

extension ClientSession {
    package var dialect: AccessDialect { .sqlite }

    package func tableRows<Value>(
        _ sql: String,
        values: [StoredValue],
        _ read: (any StoredRow) throws -> Value
    ) throws -> [Value] {
        try connection.query(sql, values: values).map(read)
    }

    package func storedAccessVersion() -> Int64? { nil }
}

extension WriteSession {
    package var hasAccessTables: Bool { true }

    package var currentTime: Int64 { currentMilliseconds() }

    package func requireExperiment(_ id: Int64, for action: PermittedAction) throws {
        _ = try storedExperiment(id, for: action)
    }

    /// Does nothing, because all changes of the database go through this writer.
    package func lockAccess() {}

    package func changeTables(_ sql: String, values: [StoredValue]) throws { try connection.run(sql, values: values) }

    package func changedTableRows<Value>(
        _ sql: String,
        values: [StoredValue],
        _ read: (any StoredRow) throws -> Value
    ) throws -> (rows: [Value], count: Int) {
        let rows = try connection.query(sql, values: values).map(read)
        return (rows, connection.changes)
    }

    package func nextAuditID(at time: Int64) throws -> Int64 { try connection.nextAuditID(at: time) }
}

extension Connection {
    fileprivate func nextAuditID(at time: Int64) throws -> Int64 {
        let first = AuditEntry.firstID(at: time)
        let last = try query(
            "SELECT max(id) FROM audit_entries WHERE id >= ?1 AND id < ?2",
            values: [first, first + AuditEntry.firstID(at: 1)]
        ).firstRow { $0.optionalInt64(0) }
        return (last ?? nil).map { $0 + 1 } ?? first
    }
}

extension TrackingStore {
    /// Stores an audit entry in a database that no server uses, and changes nothing else.
    ///
    /// Blocks until the entry is durable.
    /// - Returns: false if the database is of an older version, which has no table of audit entries.
    /// - Throws: `OwnerLock.Failure` if a server uses the database, or `SQLiteError`.
    package static func audit(_ entry: AuditEntry, inDatabaseAt path: String) throws -> Bool {
        let lock = try OwnerLock(databasePath: path)
        defer { lock.release() }
        let fileLock = try DatabaseFileLock(databasePath: path)
        defer { fileLock.release() }
        let (connection, _) = try Connection.openForWriting(path: path, WriterSettings())
        defer { connection.close() }
        let tables = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'audit_entries'"
        guard try connection.firstInt64(of: tables) == 1 else { return false }
        try connection.immediateTransaction {
            let id = try connection.nextAuditID(at: currentMilliseconds())
            let insertion = entry.insertion(.sqlite, id: id)
            try connection.run(insertion.sql, values: insertion.values)
        }
        return true
    }
}

extension AccessDialect {
    fileprivate static let sqlite = AccessDialect(
        schema: "",
        runID: "run_id",
        experimentInDetail: "json_extract(detail, '$.experiment_id')"
    )
}

extension Statement: StoredRow {}

extension StoredValue: Bindable {
    func bind(to statement: Statement, at position: Int) throws {
        switch self {
        case .integer(let number): try statement.bind(number, at: position)
        case .text(let text): try statement.bind(text, at: position)
        case .bytes(let bytes): try statement.bind(bytes, at: position)
        case .null: try statement.bindNull(at: position)
        }
    }
}
