internal import CSQLite

/// The values of the current row; columns are numbered from 0, and a column that the result does not have is NULL.
///
/// SQLite converts a value to the type asked for (https://sqlite.org/c3ref/column_blob.html), so these methods never fail.
extension Statement {
    package var columnCount: Int { Int(sqlite3_column_count(handle)) }

    /// The name of a column in the result, such as the name after `AS`.
    package func columnName(_ column: Int) -> String {
        sqlite3_column_name(handle, Int32(clamping: column)).map { String(cString: $0) } ?? ""
    }

    /// The storage class of the value; the values of one column can have different ones.
    package func kind(_ column: Int) -> ValueKind {
        switch sqlite3_column_type(handle, Int32(clamping: column)) {
        case SQLITE_INTEGER: .integer
        case SQLITE_FLOAT: .real
        case SQLITE_TEXT: .text
        case SQLITE_BLOB: .blob
        default: .null
        }
    }

    /// A storage class of SQLite.
    package enum ValueKind: Sendable {
        case null, integer, real, text, blob
    }

    package func isNull(_ column: Int) -> Bool { sqlite3_column_type(handle, Int32(clamping: column)) == SQLITE_NULL }

    /// The value as an integer; 0 for NULL.
    package func int64(_ column: Int) -> Int64 { sqlite3_column_int64(handle, Int32(clamping: column)) }

    /// The value as an integer; 0 for NULL.
    package func int(_ column: Int) -> Int { Int(int64(column)) }

    /// Whether the value is a number other than 0.
    package func bool(_ column: Int) -> Bool { int64(column) != 0 }

    /// The value as a floating-point number; 0 for NULL.
    package func double(_ column: Int) -> Double { sqlite3_column_double(handle, Int32(clamping: column)) }

    /// The value as text, with malformed UTF-8 repaired; empty for NULL.
    package func string(_ column: Int) -> String { withText(column) { String(decoding: $0, as: UTF8.self) } }

    /// The value as a blob; empty for NULL.
    package func bytes(_ column: Int) -> [UInt8] {
        let column = Int32(clamping: column)
        guard let start = sqlite3_column_blob(handle, column) else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
    }

    /// The value as an integer, nil for NULL.
    package func optionalInt64(_ column: Int) -> Int64? { isNull(column) ? nil : int64(column) }

    /// The value as text, nil for NULL.
    package func optionalString(_ column: Int) -> String? { isNull(column) ? nil : string(column) }

    /// Calls `body` with the value as UTF-8 text, without copying it; empty for NULL.
    ///
    /// The buffer is valid only until `body` returns or reads this column again.
    package func withText<Value>(_ column: Int, _ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
        let column = Int32(clamping: column)
        guard let start = sqlite3_column_text(handle, column) else {
            return try body(UnsafeRawBufferPointer(start: nil, count: 0))
        }
        return try body(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
    }
}
