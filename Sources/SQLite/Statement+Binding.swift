internal import CSQLite

/// SQLITE_TRANSIENT, a macro that Swift does not import: SQLite copies the bytes before the call returns.
private let copyBytes = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

/// Parameters are numbered from 1, as in `?1`. Binding fails with SQLITE_RANGE for a position that the statement does
/// not have, with SQLITE_TOOBIG for more than 1 GB, and with SQLITE_MISUSE if the statement has not been reset.
extension Statement {
    package func bind(_ value: Int64, at position: Int) throws(SQLiteError) {
        try check(sqlite3_bind_int64(handle, Int32(clamping: position), value))
    }

    package func bind(_ value: Int, at position: Int) throws(SQLiteError) { try bind(Int64(value), at: position) }

    /// Binds a floating-point number; SQLite turns NaN into NULL.
    package func bind(_ value: Double, at position: Int) throws(SQLiteError) {
        try check(sqlite3_bind_double(handle, Int32(clamping: position), value))
    }

    package func bind(_ value: String, at position: Int) throws(SQLiteError) {
        var value = value
        try check(value.withUTF8 { bindText(UnsafeRawBufferPointer($0), at: position) })
    }

    package func bind(_ value: [UInt8], at position: Int) throws(SQLiteError) {
        let position = Int32(clamping: position)
        let result = value.withUnsafeBytes { bytes in
            // A null pointer would bind NULL instead of an empty blob.
            guard let start = bytes.baseAddress, !bytes.isEmpty else {
                return sqlite3_bind_zeroblob(handle, position, 0)
            }
            return sqlite3_bind_blob64(handle, position, start, UInt64(bytes.count), copyBytes)
        }
        try check(result)
    }

    /// Binds bytes, which must be valid UTF-8, as text; SQLite copies them.
    package func bind(utf8 bytes: UnsafeRawBufferPointer, at position: Int) throws(SQLiteError) {
        try check(bindText(bytes, at: position))
    }

    package func bindNull(at position: Int) throws(SQLiteError) {
        try check(sqlite3_bind_null(handle, Int32(clamping: position)))
    }

    private func bindText(_ bytes: UnsafeRawBufferPointer, at position: Int) -> Int32 {
        let position = Int32(clamping: position)
        guard let start = bytes.baseAddress else { return sqlite3_bind_text(handle, position, "", 0, copyBytes) }
        return sqlite3_bind_text64(
            handle,
            position,
            start.assumingMemoryBound(to: CChar.self),
            UInt64(bytes.count),
            copyBytes,
            UInt8(SQLITE_UTF8)
        )
    }

    @inline(__always)
    private func check(_ result: Int32) throws(SQLiteError) {
        if result != SQLITE_OK { throw failure(result) }
    }
}
