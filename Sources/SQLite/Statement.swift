internal import CSQLite

/// One compiled statement of a connection; only one thread at a time may use it.
///
/// Bind values, then call `run()`; or call `step()` until it returns false, and then `reset()`. A failure also resets
/// the statement and removes its bound values, so that it can be used again at once.
package final class Statement {
    let handle: OpaquePointer
    private let database: DatabaseHandle

    /// The value of `StatementCache.useCount` when the cache last returned this statement.
    var lastUse: UInt64 = 0

    init(handle: OpaquePointer, database: DatabaseHandle) {
        self.handle = handle
        self.database = database
    }

    deinit { sqlite3_finalize(handle) }

    /// The SQL text, without bound values.
    package var sql: String { sqlite3_sql(handle).map { String(cString: $0) } ?? "" }

    /// Whether `step()` has been called, and the statement is neither finished nor reset.
    package var isBusy: Bool { sqlite3_stmt_busy(handle) != 0 }

    /// Moves to the next row, and returns whether there is one.
    ///
    /// Call `reset()` after the last row that you need: until then the statement may hold locks or a read snapshot.
    package func step() throws(SQLiteError) -> Bool {
        guard database.raw != nil else { throw .closed(sql: sql) }
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let result: throw failure(result)
        }
    }

    /// Runs the statement to its end, discards its rows, and resets it.
    package func run() throws(SQLiteError) {
        while try step() {}
        reset()
    }

    /// Resets the statement and sets all parameters to NULL.
    package func reset() {
        // The result is ignored: it is the failure of the last step, which `step()` has already thrown.
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    /// Calls `body` with this statement at each row, then resets the statement, also if `body` throws.
    package func forEachRow(_ body: (Statement) throws -> Void) throws {
        defer { reset() }
        while try step() { try body(self) }
    }

    /// Returns the result of `body` for the first row, or nil if there is no row; then resets the statement.
    package func firstRow<Value>(_ body: (Statement) throws -> Value) throws -> Value? {
        defer { reset() }
        return try step() ? body(self) : nil
    }

    /// Returns the results of `body` for all rows; then resets the statement.
    package func map<Value>(_ body: (Statement) throws -> Value) throws -> [Value] {
        var values: [Value] = []
        try forEachRow { values.append(try body($0)) }
        return values
    }

    /// Resets the statement and returns the error of its last call.
    func failure(_ result: Int32) -> SQLiteError {
        let error = SQLiteError.latest(on: sqlite3_db_handle(handle), result: result, sql: sql)
        reset()
        return error
    }
}
