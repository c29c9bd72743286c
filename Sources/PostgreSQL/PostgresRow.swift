internal import CPostgreSQL
internal import Glibc

/// The current row of a query; valid only until the closure to which it was passed returns.
///
/// Columns are numbered from 0. The server sends the values in the binary format, in network byte order.
package struct PostgresRow {
    let result: OpaquePointer
    /// The index of the row in the result.
    var index: Int32 = 0

    /// The kinds of values that this module reads.
    package enum ValueKind: Sendable {
        case null, integer, real, boolean, text
        /// A type that this module does not read; cast the value in the query.
        case other
    }

    package var columnCount: Int { Int(apus_PQnfields(result)) }

    package func columnName(_ column: Int) -> String {
        apus_PQfname(result, Int32(clamping: column)).map { String(cString: $0) } ?? ""
    }

    package func isNull(_ column: Int) -> Bool { apus_PQgetisnull(result, index, Int32(clamping: column)) != 0 }

    /// Returns the kind of the value in a column.
    package func kind(_ column: Int) -> ValueKind {
        if isNull(column) { return .null }
        // The numbers of the types are those of PostgreSQL's `pg_type.dat`, and never change.
        switch apus_PQftype(result, Int32(clamping: column)) {
        // int8, int2, int4, oid
        case 20, 21, 23, 26: return .integer
        // float4, float8
        case 700, 701: return .real
        case 16: return .boolean
        // name, text, json, unknown, bpchar, varchar
        case 19, 25, 114, 705, 1042, 1043: return .text
        default: return .other
        }
    }

    /// Returns an integer, or a Boolean as 0 or 1; 0 for NULL and for other kinds.
    package func int64(_ column: Int) -> Int64 {
        switch kind(column) {
        case .integer:
            return withBytes(column) { bytes in
                // The sign is in the first byte. An oid is unsigned: one above 2³¹ would be read wrongly, but no query
                // here selects such an oid.
                bytes.reduce(bytes.first.map { $0 >= 0x80 ? -1 : 0 } ?? 0) { $0 << 8 | Int64($1) }
            }
        case .boolean: return withBytes(column) { $0.first == 1 ? 1 : 0 }
        case .null, .real, .text, .other: return 0
        }
    }

    /// Returns a number as floating-point; 0 for NULL and for other kinds.
    package func double(_ column: Int) -> Double {
        switch kind(column) {
        case .integer: return Double(int64(column))
        case .real:
            return withBytes(column) { bytes in
                let bits = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                return bytes.count == 4 ? Double(Float(bitPattern: UInt32(bits))) : Double(bitPattern: bits)
            }
        case .null, .boolean, .text, .other: return 0
        }
    }

    /// Returns a text, with malformed UTF-8 repaired; an empty one for NULL and for other kinds.
    package func string(_ column: Int) -> String {
        kind(column) == .text ? withBytes(column) { String(decoding: $0, as: UTF8.self) } : ""
    }

    /// Whether the value of a column has the bytes of the text.
    package func isExactly(_ text: String, _ column: Int) -> Bool {
        withBytes(column) { bytes in
            // Swift's own strings have contiguous bytes, which can be compared at once.
            let isEqual = text.utf8.withContiguousStorageIfAvailable { own in
                guard own.count == bytes.count else { return false }
                guard let mine = own.baseAddress, let other = bytes.baseAddress else { return own.isEmpty }
                return memcmp(mine, other, own.count) == 0
            }
            return isEqual ?? bytes.elementsEqual(text.utf8)
        }
    }

    /// Passes the bytes of the value without copying them; passes no bytes for NULL.
    package func withBytes<Value>(_ column: Int, _ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
        let column = Int32(clamping: column)
        guard let start = apus_PQgetvalue(result, index, column) else {
            return try body(UnsafeRawBufferPointer(start: nil, count: 0))
        }
        return try body(UnsafeRawBufferPointer(start: start, count: Int(apus_PQgetlength(result, index, column))))
    }
}
