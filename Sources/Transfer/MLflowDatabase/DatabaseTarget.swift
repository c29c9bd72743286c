internal import SQLite
internal import Tracking

/// An empty database, in SQLite or in PostgreSQL, that is filled with MLflow's tables.
///
/// Other programs do not see the tables before `commit()`.
protocol DatabaseTarget: AnyObject {
    /// The path or the URI of the database for messages, without a password.
    var location: String { get }

    /// The greatest id that an experiment can have.
    var greatestExperimentID: Int64 { get }

    func writer(of table: String, _ columns: [String], on conflict: RowConflict) throws -> any TableWriter

    /// Returns the result of `read` for the first row that a query finds in a table; nil if the query finds no row.
    func lookup<Value>(
        _ sql: String,
        in table: String,
        _ values: [ColumnValue],
        _ read: (DatabaseRow) throws -> Value
    ) throws -> Value?

    /// Creates the indexes, and checks the foreign keys.
    ///
    /// - Throws: `SourceFailure` or `PostgresError` if a row refers to a row that does not exist.
    func finish() throws

    /// Makes the tables visible to other programs, and closes the database.
    func commit() throws
}

/// A new SQLite database, written without a journal: after a crash before `commit()`, the file cannot be used.
final class SQLiteTarget: DatabaseTarget {
    let greatestExperimentID = Int64.max
    var location: String { connection.path }
    private let connection: Connection
    private let schema: MLflowSchema

    /// Creates the file and the tables.
    ///
    /// - Parameter path: the path of a file that does not exist.
    init(path: String, _ schema: MLflowSchema) throws {
        self.schema = schema
        connection = try Connection(path: path, mode: .readWriteCreate)
        try connection.execute(
            """
            PRAGMA journal_mode = OFF;
            PRAGMA synchronous = OFF;
            PRAGMA foreign_keys = OFF;
            PRAGMA cache_size = -32768;
            PRAGMA temp_store = FILE;
            BEGIN;
            """
        )
        try connection.execute(schema.tables)
    }

    func writer(of table: String, _ columns: [String], on conflict: RowConflict) throws -> any TableWriter {
        try SQLiteTableWriter(connection, table, columns, on: conflict)
    }

    func lookup<Value>(
        _ sql: String,
        in table: String,
        _ values: [ColumnValue],
        _ read: (DatabaseRow) throws -> Value
    ) throws -> Value? {
        let select = try connection.cached(sql)
        try select.bind(values)
        return try select.firstRow { try read(DatabaseRow($0)) }
    }

    func finish() throws {
        try connection.execute(schema.indexes)
        let broken = try connection.prepare("PRAGMA foreign_key_check").firstRow { row in
            "a row of \(row.string(0)) refers to a row of \(row.string(2)) that does not exist"
        }
        if let broken { throw SourceFailure("The database cannot be written: \(broken).") }
    }

    func commit() throws {
        try connection.execute("COMMIT")
        connection.close()
    }
}

private struct SQLiteTableWriter: TableWriter {
    private let connection: Connection
    private let insert: Statement

    init(_ connection: Connection, _ table: String, _ columns: [String], on conflict: RowConflict) throws {
        self.connection = connection
        let placeholders = columns.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
        let (action, suffix) = Self.clauses(conflict, table, columns)
        insert = try connection.prepare(
            """
            INSERT OR \(action) INTO \(table) (\(columns.joined(separator: ", ")))
            VALUES (\(placeholders))
            \(suffix)
            """
        )
    }

    private static func clauses(
        _ conflict: RowConflict,
        _ table: String,
        _ columns: [String]
    ) -> (action: String, suffix: String) {
        switch conflict {
        case .fail: ("ABORT", "")
        case .keepExisting: ("IGNORE", "")
        case .replace: ("REPLACE", "")
        case .keepGreatest(let key, let order):
            ("ABORT", SQLText.upsert(table, columns, key: key, keepingGreatest: order))
        }
    }

    func add(_ values: [ColumnValue]) throws {
        try insert.bind(values)
        // Values can be bound again only after a reset, which a failed statement needs too.
        defer { insert.reset() }
        try insert.run()
    }

    func addIfAbsent(_ values: [ColumnValue]) throws -> Bool {
        let before = connection.totalChanges
        try add(values)
        return connection.totalChanges > before
    }
}

/// Makes SQL that is valid in SQLite and in PostgreSQL.
enum SQLText {
    /// Returns the end of an INSERT with which the new row replaces a row with the same key; if `order` names columns, only if
    /// the new row has greater values in these columns.
    static func upsert(
        _ table: String,
        _ columns: [String],
        key: [String],
        keepingGreatest order: [String] = []
    ) -> String {
        func list(_ names: [String], of table: String) -> String {
            "(" + names.map { "\(table).\($0)" }.joined(separator: ", ") + ")"
        }
        let changes = columns.filter { !key.contains($0) }.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        let upsert = "ON CONFLICT (\(key.joined(separator: ", "))) DO UPDATE SET \(changes)"
        guard !order.isEmpty else { return upsert }
        return "\(upsert) WHERE \(list(order, of: "excluded")) > \(list(order, of: table))"
    }
}
