internal import CSQLite

/// One compiled statement of a connection; like it, used by one thread at a time.
///
/// Bind, then `run()`, or `step()` until it returns false and `reset()`. Any failure resets it and drops its bound
/// values, so it can be used again at once.
package final class Statement {
    let handle: OpaquePointer
    private let database: DatabaseHandle

    /// When the cache handed it out last, in uses of the cache.
    var lastUse: UInt64 = 0

    init(handle: OpaquePointer, database: DatabaseHandle) {
        self.handle = handle
        self.database = database
    }

    deinit {
        sqlite3_finalize(handle)
    }

    /// The text as compiled, without bound values.
    package var sql: String { sqlite3_sql(handle).map { String(cString: $0) } ?? "" }

    /// Whether it stands between two rows.
    package var isBusy: Bool { sqlite3_stmt_busy(handle) != 0 }

    /// Goes to the next row; false when there is none left.
    ///
    /// Call `reset()` before binding again; until then the last row's locks and a read's view may be held.
    package func step() throws(SQLiteError) -> Bool {
        guard database.raw != nil else { throw .closed(sql: sql) }
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let result: throw failure(result)
        }
    }

    /// Runs it to its end, discarding rows, and resets it.
    package func run() throws(SQLiteError) {
        while try step() {}
        reset()
    }

    /// Makes it ready for the next execution and drops all bound values: what is not bound again is NULL.
    package func reset() {
        // The result repeats the failure of the last step, which `step()` has thrown already.
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    /// Calls `body` on every row and resets the statement however the loop ends.
    ///
    /// The statement passed in is this one, standing on a row.
    package func forEachRow(_ body: (Statement) throws -> Void) throws {
        defer { reset() }
        while try step() {
            try body(self)
        }
    }

    /// Returns what `body` makes of the first row, nil if there is none; resets the statement in any case.
    package func firstRow<Value>(_ body: (Statement) throws -> Value) throws -> Value? {
        defer { reset() }
        return try step() ? body(self) : nil
    }

    /// Returns what `body` makes of each row, all in memory; resets the statement in any case.
    package func map<Value>(_ body: (Statement) throws -> Value) throws -> [Value] {
        var values: [Value] = []
        try forEachRow { values.append(try body($0)) }
        return values
    }

    /// Takes the error while it is fresh, then resets.
    func failure(_ result: Int32) -> SQLiteError {
        let error = SQLiteError.latest(on: sqlite3_db_handle(handle), result: result, sql: sql)
        reset()
        return error
    }
}
