internal import CSQLite

/// How many rows a statement passes over inside SQLite before it hands out the next one.
///
/// Bound to the parameter of `WHERE is_handed_out(?1)`, and set anew whenever the statement stands on a row. A row that
/// is handed out costs about twice what SQLite needs to pass over it.
package final class RowSkip {
    /// Rows still to pass over.
    package var rowCount: Int64

    package init(rowCount: Int64) {
        self.rowCount = rowCount
    }

    /// SQLite gives the pointer only to who knows this name (https://sqlite.org/bindptr.html).
    fileprivate static var pointerType: UnsafePointer<CChar> {
        let name: StaticString = "apus.RowSkip"
        return UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
    }
}

extension Connection {
    /// Adds the SQL function `is_handed_out(skip)` to the connection: false as often as the bound `RowSkip` says.
    ///
    /// Once per connection. SQLite asks it once for every row that meets the conditions before it, which `CASE` puts in
    /// order; rows that are sorted afterwards come in another order than that in which it was asked.
    package func addRowSkipping() throws(SQLiteError) {
        guard let raw = database.raw else { throw .closed(sql: "") }
        let flags = SQLITE_UTF8 | SQLITE_DIRECTONLY
        let result = sqlite3_create_function_v2(raw, "is_handed_out", 1, flags, nil, answerIsHandedOut, nil, nil, nil)
        if result != SQLITE_OK { throw .latest(on: raw, result: result, sql: nil) }
    }
}

extension Statement {
    /// Binds a skip, which the statement keeps until it is reset.
    package func bind(_ skip: RowSkip, at position: Int) throws(SQLiteError) {
        let pointer = Unmanaged.passRetained(skip).toOpaque()
        // SQLite releases it even if it cannot bind it.
        let result = sqlite3_bind_pointer(handle, Int32(clamping: position), pointer, RowSkip.pointerType) { pointer in
            if let pointer { Unmanaged<RowSkip>.fromOpaque(pointer).release() }
        }
        if result != SQLITE_OK { throw failure(result) }
    }
}

private func answerIsHandedOut(
    context: OpaquePointer?,
    argumentCount: Int32,
    arguments: UnsafeMutablePointer<OpaquePointer?>?
) {
    guard let pointer = sqlite3_value_pointer(arguments?.pointee, RowSkip.pointerType) else {
        return sqlite3_result_error(context, "is_handed_out needs a bound RowSkip", -1)
    }
    let isHandedOut = Unmanaged<RowSkip>.fromOpaque(pointer)._withUnsafeGuaranteedRef { skip in
        skip.rowCount -= 1
        return skip.rowCount < 0
    }
    sqlite3_result_int(context, isHandedOut ? 1 : 0)
}
