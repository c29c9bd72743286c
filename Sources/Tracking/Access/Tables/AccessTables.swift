package import Identities

// The tables of users, roles, tokens and log-ins, and the audit log. The extensions of `AccessTables` and `ChangingAccessTables`
// use only SQL that both SQLite and PostgreSQL understand, so both stores share them. Parameters are written `?1`; PostgreSQL
// gives each parameter the type of the column that it is compared with or stored in. Booleans are 1 and 0.

/// A session that reads the tables of users, roles, tokens and log-ins, and the audit log.
package protocol AccessTables: AnyObject {
    var dialect: AccessDialect { get }

    /// Returns the result of `read` for each row that a statement finds.
    func tableRows<Value>(
        _ sql: String,
        values: [StoredValue],
        _ read: (any StoredRow) throws -> Value
    ) throws -> [Value]

    /// Returns the access mark, a number that each transaction that changes permissions replaces (`StoredAccessVersion`); nil
    /// in a database that no other server uses.
    func storedAccessVersion() throws -> Int64?
}

/// A session that also changes these tables.
package protocol ChangingAccessTables: AccessTables, AccessChanging, ClientBound {
    /// Whether the database has these tables; without them there are no users.
    var hasAccessTables: Bool { get }

    /// The current time in Unix milliseconds.
    var currentTime: Int64 { get }

    /// Throws unless an experiment exists and the client may perform `action` on it.
    func requireExperiment(_ id: Int64, for action: PermittedAction) throws

    /// Waits until no other server is changing permissions, and keeps other servers from changing any until the transaction has
    /// ended.
    ///
    /// Called before a change that depends on stored facts about other users, such as whether there is another admin.
    func lockAccess() throws

    /// Runs a statement that changes the tables, at once or later in the transaction.
    func changeTables(_ sql: String, values: [StoredValue]) throws

    /// Runs a statement that changes the tables; returns the result of `read` for each row of `RETURNING`, and the number of
    /// changed rows.
    func changedTableRows<Value>(
        _ sql: String,
        values: [StoredValue],
        _ read: (any StoredRow) throws -> Value
    ) throws -> (rows: [Value], count: Int)

    /// Returns a new id for an audit entry of this time, which is greater than the ids of all earlier entries of this time.
    func nextAuditID(at time: Int64) throws -> Int64
}

/// The differences between the SQL of the two stores.
package struct AccessDialect: Sendable {
    /// The prefix of the names of the tables, such as `apus.`.
    package let schema: String
    /// The column of the table `runs` that contains the id.
    package let runID: String
    /// The SQL expression for the id of the experiment in the column `detail`, as text; it fails if the column is empty.
    package let experimentInDetail: String

    /// The account and the machine of this program if programs on several machines can write to the database; otherwise empty.
    package let program: String

    package init(schema: String, runID: String, experimentInDetail: String, program: String = "") {
        self.program = program
        self.schema = schema
        self.runID = runID
        self.experimentInDetail = experimentInDetail
    }
}

/// A value for a parameter of a statement; no value ever becomes part of the SQL text.
package enum StoredValue: Sendable {
    case integer(Int64)
    case text(String)
    case bytes([UInt8])
    case null

    init(_ number: Int64?) { self = number.map { .integer($0) } ?? .null }

    init(_ text: String?) { self = text.map { .text($0) } ?? .null }

    init(_ bytes: [UInt8]?) { self = bytes.map { .bytes($0) } ?? .null }

    init(_ flag: Bool) { self = .integer(flag ? 1 : 0) }
}

/// A row that a statement has found; columns are numbered from 0.
package protocol StoredRow {
    func isNull(_ column: Int) -> Bool
    /// The value as an integer; 0 for NULL.
    func int64(_ column: Int) -> Int64
    /// The value as text; empty for NULL.
    func string(_ column: Int) -> String
    /// The value as bytes; empty for NULL.
    func bytes(_ column: Int) -> [UInt8]
}

extension StoredRow {
    func flag(_ column: Int) -> Bool { int64(column) != 0 }

    func integerIfAny(_ column: Int) -> Int64? { isNull(column) ? nil : int64(column) }

    func textIfAny(_ column: Int) -> String? { isNull(column) ? nil : string(column) }
}

extension AccessTables {
    /// The name of a table in SQL.
    func table(_ name: StaticString) -> String { "\(dialect.schema)\(name)" }

    /// Returns the result of `read` for the first row that a statement finds; nil if it finds none.
    func firstTableRow<Value>(
        _ sql: String,
        values: [StoredValue],
        _ read: (any StoredRow) throws -> Value
    ) throws -> Value? { try tableRows(sql, values: values, read).first }

    /// Whether a statement finds a row.
    func finds(_ sql: String, values: [StoredValue] = []) throws -> Bool {
        try firstTableRow(sql, values: values) { _ in } != nil
    }
}

extension ChangingAccessTables {
    /// Runs a statement that changes the tables; returns the number of changed rows.
    func changedRowCount(_ sql: String, values: [StoredValue]) throws -> Int {
        try changedTableRows(sql, values: values) { _ in }.count
    }

    /// Inserts a row; returns its id, or nil if it was not inserted because of `ON CONFLICT DO NOTHING`.
    func insertedID(_ sql: String, values: [StoredValue]) throws -> Int64? {
        try changedTableRows(sql + " RETURNING id", values: values) { $0.int64(0) }.rows.first
    }
}
