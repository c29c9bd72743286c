internal import PostgreSQL
internal import SQLite

/// Reads a database with MLflow's tables, in SQLite or in PostgreSQL.
///
/// `MLflowDatabase` uses the same SQL for both, with `?1`, `?2` and so on for values. The members of this protocol
/// cover the differences.
protocol DatabaseReader: AnyObject {
    /// The path or the URI of the database for messages, without a password.
    var location: String { get }

    /// The SQL expression that sorts the rows of a table approximately as they were inserted.
    var rowOrder: String { get }

    /// The SQL suffix with which ORDER BY sorts texts by their bytes.
    var byteCollation: String { get }

    /// Returns the names of the columns of each table, by the name of the table.
    func columns() throws -> [String: Set<String>]

    /// Calls `body` for each row of a query. `body` must not read from the database. Only one row is in memory at a time.
    func forEachRow(_ sql: String, _ values: [ColumnValue], _ body: (DatabaseRow) throws -> Void) throws

    /// Returns the rows of a table as pages.
    ///
    /// - Parameter columns: the columns to read. Each row has one more column at its end, the row id, which is NULL in
    ///   PostgreSQL.
    func pages(of table: String, columns: String) throws -> any DatabasePages
}

/// The rows of a table as pages; other rows of the database may be read between two pages.
protocol DatabasePages: AnyObject {
    /// Calls `read` for each row of the next page.
    ///
    /// - Returns: whether there may be another page.
    func next(_ read: (DatabaseRow) throws -> Void) throws -> Bool
}

extension DatabaseReader {
    func forEachRow(_ sql: String, _ values: ColumnValue..., body: (DatabaseRow) throws -> Void) throws {
        try forEachRow(sql, values, body)
    }

    /// Returns the integer in the first column of the first row; nil for NULL, and if there is no row.
    func firstInteger(_ sql: String, _ values: ColumnValue...) throws -> Int64? {
        var all: [Int64?] = []
        try forEachRow(sql, values) { all.append(try $0.optionalInteger(0)) }
        return all.first ?? nil
    }

    /// Returns the text in the first column of the first row; nil for NULL, and if there is no row.
    func firstText(_ sql: String, _ values: ColumnValue...) throws -> String? {
        var all: [String?] = []
        try forEachRow(sql, values) { all.append(try $0.optionalText(0)) }
        return all.first ?? nil
    }
}

/// A SQLite database, opened read-only.
///
/// Each query is its own transaction, so that a server can write to the database meanwhile.
final class SQLiteReader: DatabaseReader {
    let location: String
    let rowOrder = "rowid"
    let byteCollation = "COLLATE BINARY"
    private let connection: Connection

    init(path: String) throws(SQLiteError) {
        location = path
        connection = try Connection(path: path, mode: .readOnly, busyTimeout: .seconds(20))
        // The file may come from an untrusted person, so its schema must not call harmful functions, and pages are checked.
        try connection.execute("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0")
    }

    func columns() throws -> [String: Set<String>] {
        let sql = """
            SELECT entry.name, info.name
            FROM sqlite_schema AS entry, pragma_table_info(entry.name) AS info
            WHERE entry.type = 'table'
            """
        var found: [String: Set<String>] = [:]
        try connection.prepare(sql).forEachRow { found[$0.string(0), default: []].insert($0.string(1)) }
        return found
    }

    func forEachRow(_ sql: String, _ values: [ColumnValue], _ body: (DatabaseRow) throws -> Void) throws {
        let select = try connection.cached(sql)
        try select.bind(values)
        try select.forEachRow { try body(DatabaseRow($0)) }
    }

    func pages(of table: String, columns: String) throws -> any DatabasePages {
        try SQLitePages(connection, table, columns)
    }
}

/// Pages of a SQLite table; each page is one query.
private final class SQLitePages: DatabasePages {
    private let page: Statement
    /// The id of the row that was read last.
    private var lastRowID = Int64.min
    private static let size = 200

    init(_ connection: Connection, _ table: String, _ columns: String) throws {
        page = try connection.prepare(
            """
            SELECT \(columns), \(table).rowid FROM \(table)
            WHERE \(table).rowid > ?1 ORDER BY \(table).rowid LIMIT \(Self.size)
            """
        )
    }

    func next(_ read: (DatabaseRow) throws -> Void) throws -> Bool {
        try page.bind(lastRowID, at: 1)
        let rowIDColumn = page.columnCount - 1
        var count = 0
        try page.forEachRow { row in
            count += 1
            lastRowID = row.int64(rowIDColumn)
            try read(DatabaseRow(row))
        }
        return count == Self.size
    }
}

/// A PostgreSQL database that is read in one transaction, so that all rows are as they were when the transaction began.
final class PostgresReader: DatabaseReader {
    // ctid is the position of a row in its table. It follows the order of insertion as long as no row is updated.
    let rowOrder = "ctid"
    let byteCollation = "COLLATE \"C\""
    private let connection: PostgresConnection

    init(_ address: PostgresAddress) throws(PostgresError) {
        connection = try PostgresConnection(address, applicationName: "apus-import")
        // An administrator may have set time limits that are too short for an import, so only waiting for a lock is limited: an
        // import waits for no other locks than those of schema changes, such as a migration.
        try connection.execute(
            """
            BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;
            SET LOCAL statement_timeout = 0;
            SET LOCAL idle_in_transaction_session_timeout = 0;
            SET LOCAL lock_timeout = '20s';
            """
        )
    }

    var location: String { connection.displayURI }

    func columns() throws -> [String: Set<String>] {
        let sql = """
            SELECT entry.relname, info.attname
            FROM pg_class AS entry JOIN pg_attribute AS info ON info.attrelid = entry.oid
            WHERE entry.relkind IN ('r', 'p') AND pg_table_is_visible(entry.oid)
                AND entry.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
                AND info.attnum > 0 AND NOT info.attisdropped
            """
        var found: [String: Set<String>] = [:]
        try connection.forEachRow(sql) { found[$0.string(0), default: []].insert($0.string(1)) }
        return found
    }

    func forEachRow(_ sql: String, _ values: [ColumnValue], _ body: (DatabaseRow) throws -> Void) throws {
        try connection.forEachRow(PostgresSQL.numbered(sql), values.map { PostgresValue($0) }) {
            try body(DatabaseRow($0))
        }
    }

    func pages(of table: String, columns: String) throws -> any DatabasePages {
        try PostgresPages(connection, table, columns)
    }
}

private final class PostgresPages: DatabasePages {
    private let connection: PostgresConnection
    private let cursor: String
    private static let size = 200

    init(_ connection: PostgresConnection, _ table: String, _ columns: String) throws {
        self.connection = connection
        cursor = "apus_\(table)"
        try connection.execute("DECLARE \(cursor) NO SCROLL CURSOR FOR SELECT \(columns), NULL::bigint FROM \(table)")
    }

    func next(_ read: (DatabaseRow) throws -> Void) throws -> Bool {
        var count = 0
        try connection.forEachRow("FETCH \(Self.size) FROM \(cursor)") { row in
            count += 1
            try read(DatabaseRow(row))
        }
        if count < Self.size { try connection.execute("CLOSE \(cursor)") }
        return count == Self.size
    }
}

enum PostgresSQL {
    /// Replaces the parameters of SQLite in a statement, such as `?1`, with those of PostgreSQL, such as `$1`.
    static func numbered(_ sql: String) -> String { sql.replacing("?", with: "$") }
}

extension PostgresValue {
    init(_ value: ColumnValue) {
        switch value {
        case .text(let text): self = .text(text)
        case .integer(let number): self = .integer(number)
        // SQLite stores NaN as NULL, and PostgreSQL must store the same.
        case .real(let number): self = number.isNaN ? .null : .real(number)
        case .null: self = .null
        }
    }
}

extension Statement {
    /// Binds the values to the parameters, beginning with the first one.
    func bind(_ values: [ColumnValue]) throws(SQLiteError) {
        for (index, value) in values.enumerated() {
            switch value {
            case .text(let text): try bind(text, at: index + 1)
            case .integer(let number): try bind(number, at: index + 1)
            case .real(let number): try bind(number, at: index + 1)
            case .null: break
            }
        }
    }
}
