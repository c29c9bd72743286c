/// The values of a column of rows, as one parameter: an array in PostgreSQL's binary format.
///
/// The server reads this format several times faster than the text of an array, and this program writes no value as text.
/// The statement must cast the parameter to an array of the type, as in `$1::bigint[]`, because the server cannot convert a
/// binary array to another type.
///
/// Source: `array_recv` in PostgreSQL's `arrayfuncs.c`; https://www.postgresql.org/docs/current/libpq-exec.html
package struct PostgresColumn: Sendable, Equatable {
    /// The type of the values; the raw values are the numbers of PostgreSQL's `pg_type.dat`, which never change.
    package enum ValueType: Int32, Sendable {
        case boolean = 16
        case bigint = 20
        case text = 25
        case double = 701
    }

    private(set) var bytes: [UInt8] = []
    private var count: Int32 = 0

    /// The offset of the number of values, which follows the number of dimensions, the flag for NULL and the type.
    private static let countOffset = 12

    package init(_ type: ValueType) {
        append(Int32(1))
        append(Int32(0))
        append(type.rawValue)
        append(count)
        // The index of the first value.
        append(Int32(1))
    }

    /// Adds a text to a column of `text`.
    ///
    /// - Throws: `PostgresError` with the state `.invalidText` for a text with the character NUL; then the column is unchanged.
    package mutating func append(_ text: String) throws(PostgresError) {
        try PostgresValue.requireStorable(text)
        let utf8 = text.utf8
        beginValue(size: utf8.count)
        bytes.append(contentsOf: utf8)
    }

    /// Adds a number to a column of `bigint`.
    package mutating func append(_ number: Int64) {
        beginValue(size: 8)
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Adds a number to a column of `double`.
    package mutating func append(_ number: Double) {
        beginValue(size: 8)
        withUnsafeBytes(of: number.bitPattern.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Adds a value to a column of `boolean`.
    package mutating func append(_ value: Bool) {
        beginValue(size: 1)
        bytes.append(value ? 1 : 0)
    }

    private mutating func beginValue(size: Int) {
        count += 1
        withUnsafeBytes(of: count.bigEndian) { newCount in
            for (index, byte) in newCount.enumerated() { bytes[Self.countOffset + index] = byte }
        }
        append(Int32(clamping: size))
    }

    private mutating func append(_ number: Int32) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }
}
