package import Identities
package import PostgreSQL
package import Tracking

// The tables of users, tokens and the audit log are in the schema `apus`, which migrations/postgresql creates.

extension PostgresSession {
    package var dialect: AccessDialect { .postgres }

    package func tableRows<Value>(
        _ sql: String,
        values: [StoredValue],
        _ read: (any StoredRow) throws -> Value
    ) throws -> [Value] {
        try rows(withPostgresPlaceholders(sql), values: values.map(\.postgresValue)).map(read)
    }

    package func storedAccessVersion() throws -> Int64? {
        try rows(AccessDialect.selectVersion).first { $0.int64(0) }
    }

    /// Returns a statement in which PostgreSQL's placeholders (`$1`) replace those of SQLite (`?1`).
    ///
    /// - Throws: `.notImplemented` if this server does not use the tables.
    fileprivate func withPostgresPlaceholders(_ sql: String) throws(TrackingError) -> String {
        guard hasAccessTables else { throw .withoutOwnTables }
        return sql.replacing("?", with: "$")
    }
}

extension PostgresWriteSession {
    package var currentTime: Int64 { currentMilliseconds() }

    package func requireExperiment(_ id: Int64, for action: PermittedAction) throws {
        _ = try storedExperiment(id, for: action)
    }

    package func lockAccess() throws {
        guard hasAccessTables, !hasLockedAccess else { return }
        _ = try rows("SELECT version FROM apus.access_version FOR UPDATE")
        hasLockedAccess = true
    }

    package func changeTables(_ sql: String, values: [StoredValue]) throws {
        try change(withPostgresPlaceholders(sql), values: values.map(\.postgresValue))
    }

    package func changedTableRows<Value>(
        _ sql: String,
        values: [StoredValue],
        _ read: (any StoredRow) throws -> Value
    ) throws -> (rows: [Value], count: Int) {
        let rows = try changed(withPostgresPlaceholders(sql), values: values.map(\.postgresValue))
        return (try rows.map(read), rows.affectedCount)
    }

    package func nextAuditID(at time: Int64) -> Int64 { auditIDs.next(at: time) }
}

/// Makes ids for the audit entries of this process that differ from those of other servers.
///
/// The ids of each millisecond are divided into ranges, and each process chooses one range at random when it starts. If two
/// processes have chosen the same range and make the same id, the primary key refuses the later transaction, which is repeated at
/// a later time. Used only on one thread of the writer.
final class AuditIDs {
    private static let rangesPerMillisecond: Int64 = 1_024
    private let rangeIndex = Int64.random(in: 0..<rangesPerMillisecond)
    private var lastID: Int64 = 0

    func next(at time: Int64) -> Int64 {
        let first = AuditEntry.firstID(at: time)
        let size = AuditEntry.firstID(at: 1) / Self.rangesPerMillisecond
        lastID = max(lastID + 1, first + rangeIndex * size)
        return lastID
    }
}

extension AccessDialect {
    /// The statement that reads `storedAccessVersion`.
    static let selectVersion = "SELECT version FROM apus.access_version"

    fileprivate static let postgres = AccessDialect(
        schema: "apus.",
        runID: "run_uuid",
        experimentInDetail: "(detail::json ->> 'experiment_id')",
        program: ProgramAccount.text
    )
}

extension PostgresRow: StoredRow {
    package func bytes(_ column: Int) -> [UInt8] { withBytes(column) { Array($0) } }
}

extension StoredValue: PostgresParameter {
    package var postgresValue: PostgresValue {
        switch self {
        case .integer(let number): .integer(number)
        case .text(let text): .text(text)
        case .bytes(let bytes): .bytes(bytes)
        case .null: .null
        }
    }
}

extension TrackingError {
    static let withoutOwnTables = TrackingError(
        .notImplemented,
        "This server was started without users, tokens, an audit and quotas, and does not use those of its database. "
            + "Start it with --app-name basic-auth, --require-token or --audit, or with a quota such as --server-artifacts."
    )
}
