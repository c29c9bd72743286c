internal import CSQLite

/// The number of rows that SQLite skips before a statement returns its next row.
///
/// Bind a `RowSkip` to the parameter of `WHERE is_handed_out(?1)`, and set `rowCount` again at each returned row. A row
/// that SQLite returns costs about twice as much as a row that SQLite skips.
package final class RowSkip {
    /// The number of rows still to skip.
    package var rowCount: Int64

    package init(rowCount: Int64) { self.rowCount = rowCount }

    /// The type name with which SQLite binds and returns the pointer (https://sqlite.org/bindptr.html).
    fileprivate static var pointerType: UnsafePointer<CChar> {
        let name: StaticString = "apus.RowSkip"
        return UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
    }
}

extension Connection {
    /// Adds the SQL function `is_handed_out(skip)`, which is false for as many rows as the bound `RowSkip` says, and then true.
    ///
    /// Call this method once per connection. SQLite calls the SQL function for each row for which the preceding
    /// conditions are true; only `CASE` guarantees the order of conditions. Rows are counted before they are sorted.
    package func addRowSkipFunction() throws(SQLiteError) {
        guard let raw = database.raw else { throw .closed(sql: "") }
        let flags = SQLITE_UTF8 | SQLITE_DIRECTONLY
        let result = sqlite3_create_function_v2(raw, "is_handed_out", 1, flags, nil, answerIsHandedOut, nil, nil, nil)
        if result != SQLITE_OK { throw .latest(on: raw, result: result, sql: nil) }
    }
}

extension Statement {
    /// Binds a counter, which the statement retains until it is reset.
    package func bind(_ skip: RowSkip, at position: Int) throws(SQLiteError) {
        let pointer = Unmanaged.passRetained(skip).toOpaque()
        // SQLite calls the destructor even if the binding fails.
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
