internal import CSQLite
internal import CSQLiteSetup

/// One SQLite connection.
///
/// Only one thread at a time may use a connection (SQLITE_OPEN_NOMUTEX), which `Writer` and `ReaderPool` ensure. Every
/// call may block on the disk, and on locks up to the busy timeout.
package final class Connection {
    /// How a database file is opened.
    package enum Mode: Sendable {
        /// For reading and writing; creates the file if it does not exist.
        case readWriteCreate
        /// For reading and writing; fails if the file does not exist.
        case readWrite
        /// For reading only, with `query_only` set; fails if the file does not exist.
        case readOnly

        var flags: Int32 {
            switch self {
            case .readWriteCreate: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            case .readWrite: SQLITE_OPEN_READWRITE
            case .readOnly: SQLITE_OPEN_READONLY
            }
        }

        /// The name of SQLite's file system layer (VFS); nil for SQLite's default.
        var fileSystem: String? {
            switch self {
            case .readWriteCreate, .readWrite: APUS_LOG_BUFFERING_FILES
            case .readOnly: nil
            }
        }
    }

    package let path: String

    private static let setUpResult = apus_set_up_sqlite()

    let database: DatabaseHandle

    /// The size of a page of the database in bytes; 4,096 if the query fails.
    private(set) lazy var pageBytes: Int64 = {
        let pageSize = try? prepare("PRAGMA page_size")
        guard let pageSize, (try? pageSize.step()) == true else { return 4_096 }
        return pageSize.int64(0)
    }()

    let busyMilliseconds: Int32
    private var statements = StatementCache(capacity: 64)

    /// Opens a database file; sets `busy_timeout`, `foreign_keys` and, for readers, `query_only`.
    ///
    /// Does not write to the file. If the file is not a database, this initialiser or the first statement throws
    /// `isNotADatabase`.
    /// - Parameter busyTimeout: how long a statement waits for a lock before it fails with `isBusy`.
    package init(path: String, mode: Mode, busyTimeout: Duration = .seconds(5)) throws(SQLiteError) {
        self.path = path
        guard Self.setUpResult == SQLITE_OK else {
            throw SQLiteError.latest(on: nil, result: Self.setUpResult, sql: nil)
        }
        var raw: OpaquePointer?
        let flags = mode.flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let result = sqlite3_open_v2(path, &raw, flags, mode.fileSystem)
        guard result == SQLITE_OK, let raw else {
            let error = SQLiteError.latest(on: raw, result: result, sql: nil)
            sqlite3_close_v2(raw)
            throw SQLiteError(code: error.code, message: "\(error.message): \(path)")
        }
        database = DatabaseHandle(raw: raw)
        // The file system layer of writers buffers what is written to the WAL, and must discard it if a transaction is rolled
        // back.
        if mode.fileSystem != nil { apus_watch_rollbacks(raw) }
        // The milliseconds of at most a day fit into 32 bits.
        busyMilliseconds = Int32(min(max(busyTimeout / .milliseconds(1), 0), 86_400_000))
        sqlite3_busy_timeout(raw, busyMilliseconds)
        try execute("PRAGMA foreign_keys = ON")
        if case .readOnly = mode { try execute("PRAGMA query_only = ON") }
    }

    /// Closes the connection; any further use of its statements fails.
    ///
    /// Safe to call twice. A statement that is not in the cache keeps the file open until it is deallocated.
    package func close() {
        statements.removeAll()
        database.close()
    }

    package var interrupter: Interrupter { database.interrupter }

    /// Compiles one statement, without the cache.
    /// - Throws: SQLite's error for the text; SQLITE_MISUSE if the text has no statement or several statements.
    package func prepare(_ sql: String) throws(SQLiteError) -> Statement {
        guard let raw = database.raw else { throw .closed(sql: sql) }
        var text = sql
        var handle: OpaquePointer?
        var result = SQLITE_OK
        var unread = 0
        text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                var tail: UnsafePointer<CChar>?
                result = sqlite3_prepare_v3(
                    raw,
                    characters.baseAddress,
                    Int32(clamping: characters.count),
                    UInt32(SQLITE_PREPARE_PERSISTENT),
                    &handle,
                    &tail
                )
                if let tail, let start = characters.baseAddress {
                    unread = characters[(tail - start)...].count { !Self.isBlank($0) }
                }
            }
        }
        guard result == SQLITE_OK else { throw .latest(on: raw, result: result, sql: sql) }
        guard let handle else { throw SQLiteError(code: .misuse, message: "no statement in the text", sql: sql) }
        guard unread == 0 else {
            sqlite3_finalize(handle)
            throw SQLiteError(code: .misuse, message: "more than one statement in the text", sql: sql)
        }
        return Statement(handle: handle, database: database)
    }

    /// Returns a compiled statement that is reset and has no bound values, if possible from the cache.
    ///
    /// The cache holds the 64 statements that were used last. If the cached statement is in use, this method compiles another
    /// one.
    package func cached(_ sql: String) throws(SQLiteError) -> Statement {
        if let statement = statements.statement(for: sql) {
            guard statement.isBusy else {
                statement.reset()
                return statement
            }
            return try prepare(sql)
        }
        let statement = try prepare(sql)
        statements.insert(statement, for: sql)
        return statement
    }

    /// Runs a script of any number of statements; ignores their rows.
    ///
    /// Stops at the first failure and keeps the effects of the statements before it, unless the caller has opened a transaction.
    package func execute(_ sql: String) throws(SQLiteError) {
        guard let raw = database.raw else { throw .closed(sql: sql) }
        // SQLite would silently ignore the rest of the script after a NUL, which ends a C string.
        guard !sql.utf8.contains(0) else { throw SQLiteError(code: .misuse, message: "NUL in the script", sql: sql) }
        var failed: SQLiteError?
        sql.withCString { start in
            var next: UnsafePointer<CChar>? = start
            while let current = next, current.pointee != 0, failed == nil {
                var handle: OpaquePointer?
                let prepared = sqlite3_prepare_v3(raw, current, -1, 0, &handle, &next)
                guard prepared == SQLITE_OK else {
                    failed = .latest(on: raw, result: prepared, sql: String(cString: current))
                    return
                }
                guard let handle else { continue }
                failed = Self.finish(handle, on: raw)
            }
        }
        if let failed { throw failed }
    }

    private static func finish(_ handle: OpaquePointer, on raw: OpaquePointer) -> SQLiteError? {
        defer { sqlite3_finalize(handle) }
        while true {
            switch sqlite3_step(handle) {
            case SQLITE_ROW: continue
            case SQLITE_DONE: return nil
            case let result:
                return .latest(on: raw, result: result, sql: sqlite3_sql(handle).map { String(cString: $0) })
            }
        }
    }

    private static func isBlank(_ character: CChar) -> Bool {
        switch UInt8(bitPattern: character) {
        case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: ";"): true
        default: false
        }
    }
}
