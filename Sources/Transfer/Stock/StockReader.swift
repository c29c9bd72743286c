internal import PostgreSQL
internal import SQLite

/// A database with MLflow's tables, as one engine reads it.
///
/// The SQL of `StockDatabase` is the same for both: `?1` and so on stand for the values, and what the engines say differently
/// is asked here.
protocol StockReader: AnyObject {
    /// What it is, for a person.
    var place: String { get }

    /// The column that tells in which order the rows of a table came, so far as the engine knows.
    var rowOrder: String { get }

    /// What makes a text sort by its bytes.
    var byBytes: String { get }

    /// The columns of each table.
    func columns() throws -> [String: Set<String>]

    /// Passes on the rows of a query one by one; memory is bounded by the largest row.
    ///
    /// `body` must not read from the database.
    func forEachRow(_ sql: String, _ values: [ColumnValue], _ body: (StockRow) throws -> Void) throws

    /// The rows of a table, a page at a time.
    ///
    /// - Parameter columns: what the rows have, before one more: the number of the row, NULL where the engine has none.
    func pages(of table: String, columns: String) throws -> any StockPages
}

/// The rows of a table, a page at a time; between two pages the database may be read otherwise.
protocol StockPages: AnyObject {
    /// Passes on the rows of the next page; false after the last one.
    func next(_ read: (StockRow) throws -> Void) throws -> Bool
}

extension StockReader {
    func forEachRow(_ sql: String, _ values: ColumnValue..., body: (StockRow) throws -> Void) throws {
        try forEachRow(sql, values, body)
    }

    /// The whole number in the first column of the first row; nil for NULL, and where there is no row.
    func firstInteger(_ sql: String, _ values: ColumnValue...) throws -> Int64? {
        var all: [Int64?] = []
        try forEachRow(sql, values) { all.append(try $0.optionalInteger(0)) }
        return all.first ?? nil
    }

    /// The text in the first column of the first row; nil for NULL, and where there is no row.
    func firstText(_ sql: String, _ values: ColumnValue...) throws -> String? {
        var all: [String?] = []
        try forEachRow(sql, values) { all.append(try $0.optionalText(0)) }
        return all.first ?? nil
    }
}

/// A file of SQLite, opened read-only.
///
/// Each query is a read of its own, so that a server beside it can write meanwhile.
final class SQLiteReader: StockReader {
    let place: String
    let rowOrder = "rowid"
    let byBytes = "COLLATE BINARY"
    private let connection: Connection

    init(path: String) throws(SQLiteError) {
        place = path
        connection = try Connection(path: path, mode: .readOnly, busyTimeout: .seconds(20))
        // Somebody else wrote the file: what its schema calls must do no harm, and its pages may be damaged.
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

    func forEachRow(_ sql: String, _ values: [ColumnValue], _ body: (StockRow) throws -> Void) throws {
        let select = try connection.cached(sql)
        try select.bind(values)
        try select.forEachRow { try body(StockRow($0)) }
    }

    func pages(of table: String, columns: String) throws -> any StockPages {
        try SQLitePages(connection, table, columns)
    }
}

/// Each page is read at one moment.
private final class SQLitePages: StockPages {
    private let page: Statement
    private var last: Int64 = .min
    private static let size = 200

    init(_ connection: Connection, _ table: String, _ columns: String) throws {
        page = try connection.prepare(
            """
            SELECT \(columns), \(table).rowid FROM \(table)
            WHERE \(table).rowid > ?1 ORDER BY \(table).rowid LIMIT \(Self.size)
            """
        )
    }

    func next(_ read: (StockRow) throws -> Void) throws -> Bool {
        try page.bind(last, at: 1)
        let number = page.columnCount - 1
        var count = 0
        try page.forEachRow { row in
            count += 1
            last = row.int64(number)
            try read(StockRow(row))
        }
        return count == Self.size
    }
}

/// A database of PostgreSQL, read in one transaction: everything is of the moment in which it began.
final class PostgresReader: StockReader {
    // The place of a row in its table: rows that are only added stay in their order.
    let rowOrder = "ctid"
    let byBytes = "COLLATE \"C\""
    private let connection: PostgresConnection

    init(_ address: PostgresAddress) throws(PostgresError) {
        connection = try PostgresConnection(address, applicationName: "apus-import")
        // What the administrator allows a query of a server is too little for one that reads everything; a lock is only in the
        // way of this one while the tables themselves are changed.
        try connection.execute(
            """
            BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;
            SET LOCAL statement_timeout = 0;
            SET LOCAL idle_in_transaction_session_timeout = 0;
            SET LOCAL lock_timeout = '20s';
            """
        )
    }

    var place: String { connection.place }

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

    func forEachRow(_ sql: String, _ values: [ColumnValue], _ body: (StockRow) throws -> Void) throws {
        try connection.forEachRow(PostgresSQL.numbered(sql), values.map { PostgresValue($0) }) {
            try body(StockRow($0))
        }
    }

    func pages(of table: String, columns: String) throws -> any StockPages {
        try PostgresPages(connection, table, columns)
    }
}

private final class PostgresPages: StockPages {
    private let connection: PostgresConnection
    private let cursor: String
    private static let size = 200

    init(_ connection: PostgresConnection, _ table: String, _ columns: String) throws {
        self.connection = connection
        cursor = "apus_\(table)"
        try connection.execute("DECLARE \(cursor) NO SCROLL CURSOR FOR SELECT \(columns), NULL::bigint FROM \(table)")
    }

    func next(_ read: (StockRow) throws -> Void) throws -> Bool {
        var count = 0
        try connection.forEachRow("FETCH \(Self.size) FROM \(cursor)") { row in
            count += 1
            try read(StockRow(row))
        }
        if count < Self.size { try connection.execute("CLOSE \(cursor)") }
        return count == Self.size
    }
}

enum PostgresSQL {
    /// The statement with PostgreSQL's marks of values, `$1`, for those that are written as `?1`.
    static func numbered(_ sql: String) -> String { sql.replacing("?", with: "$") }
}

extension PostgresValue {
    init(_ value: ColumnValue) {
        switch value {
        case .text(let text): self = .text(text)
        case .integer(let number): self = .integer(number)
        // SQLite has no NaN: it is NULL there, and so here.
        case .real(let number): self = number.isNaN ? .null : .real(number)
        case .null: self = .null
        }
    }
}

extension Statement {
    /// Binds the values from the first parameter on.
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
