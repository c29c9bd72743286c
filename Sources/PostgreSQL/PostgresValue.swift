/// A value of a parameter; the server converts it to the type of the column or the expression.
package enum PostgresValue: Sendable, Equatable {
    case text(String)
    case integer(Int64)
    case real(Double)
    case boolean(Bool)
    case bytes([UInt8])
    /// An array of one dimension, whose elements are not arrays.
    case array([PostgresValue])
    /// An array in the binary format; the statement casts the parameter to the array's type.
    case column(PostgresColumn)
    case null

    /// Throws `PostgresError` with the state `.invalidText` for a text with the character NUL, which PostgreSQL cannot store.
    static func requireStorable(_ text: String) throws(PostgresError) {
        guard !text.utf8.contains(0) else {
            throw PostgresError(.invalidText, "PostgreSQL cannot store a text with the character NUL")
        }
    }

    /// Returns the value in PostgreSQL's text format; nil for NULL.
    ///
    /// - Throws: the error of `requireStorable`, or `.misuse` for a column, which has only the binary format.
    func written() throws(PostgresError) -> String? {
        switch self {
        case .text(let text):
            try Self.requireStorable(text)
            return text
        case .integer(let number): return "\(number)"
        case .real(let number):
            // Swift writes the shortest digits that are read as the same number.
            if number.isFinite { return "\(number)" }
            return number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity"
        case .boolean(let value): return value ? "t" : "f"
        case .bytes(let bytes): return Self.writtenBytes(bytes)
        case .array(let elements): return try Self.writtenArray(elements)
        case .column: throw PostgresError(.misuse, "a column has no text format")
        case .null: return nil
        }
    }

    // Source: https://www.postgresql.org/docs/current/datatype-binary.html
    private static func writtenBytes(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let pairs = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return "\\x" + String(decoding: pairs, as: UTF8.self)
    }

    // Source: https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
    private static func writtenArray(_ elements: [PostgresValue]) throws(PostgresError) -> String {
        var bytes: [UInt8] = [UInt8(ascii: "{")]
        for element in elements {
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            guard let text = try element.written() else {
                bytes += Array("NULL".utf8)
                continue
            }
            guard case .text = element else {
                bytes += text.utf8
                continue
            }
            bytes.append(UInt8(ascii: "\""))
            for byte in text.utf8 {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
                bytes.append(byte)
            }
            bytes.append(UInt8(ascii: "\""))
        }
        bytes.append(UInt8(ascii: "}"))
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The values of a statement in the form that libpq reads: texts that end with NUL, and binary values, one after another.
struct WrittenValues {
    private var bytes: [CChar] = []
    /// The offset of each value; nil for NULL.
    private var offsets: [Int?] = []
    /// The sizes of the binary values; libpq ignores the size of a text.
    private var sizes: [Int32] = []
    /// 1 for a binary value, 0 for a text.
    private var formats: [Int32] = []

    init(_ values: [PostgresValue]) throws(PostgresError) {
        offsets.reserveCapacity(values.count)
        for value in values {
            if case .column(let column) = value {
                append(column.bytes.count, isBinary: true)
                column.bytes.withUnsafeBytes { bytes.append(contentsOf: $0.bindMemory(to: CChar.self)) }
            } else if let text = try value.written() {
                append(0, isBinary: false)
                bytes += text.utf8CString
            } else {
                append(0, isBinary: false)
                offsets[offsets.count - 1] = nil
            }
        }
    }

    private mutating func append(_ size: Int, isBinary: Bool) {
        offsets.append(bytes.count)
        sizes.append(Int32(clamping: size))
        formats.append(isBinary ? 1 : 0)
    }

    /// Passes pointers to the values, their sizes and their formats, and how many there are.
    func withPointers<Value>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?, Int32) -> Value
    ) -> Value {
        bytes.withUnsafeBufferPointer { bytes in
            let pointers = offsets.map { $0.flatMap { bytes.baseAddress?.advanced(by: $0) } }
            return pointers.withUnsafeBufferPointer { pointers in
                sizes.withUnsafeBufferPointer { sizes in
                    formats.withUnsafeBufferPointer { formats in
                        let count = Int32(clamping: pointers.count)
                        return body(pointers.baseAddress, sizes.baseAddress, formats.baseAddress, count)
                    }
                }
            }
        }
    }
}

/// Rows for `COPY … FROM STDIN`, in the text format.
///
/// Source: https://www.postgresql.org/docs/current/sql-copy.html
package struct CopyRows: Sendable {
    package private(set) var bytes: [UInt8] = []
    package private(set) var count = 0

    package init() {}

    package var byteCount: Int { bytes.count }

    /// Adds a row.
    ///
    /// - Throws: the errors of `PostgresValue.written`; then the row is not added.
    package mutating func append(_ values: some Sequence<PostgresValue>) throws(PostgresError) {
        let start = bytes.count
        var isFirst = true
        do throws(PostgresError) {
            for value in values {
                if !isFirst { bytes.append(UInt8(ascii: "\t")) }
                isFirst = false
                if let text = try value.written() { append(text) } else { bytes += Self.null }
            }
        } catch {
            bytes.removeLast(bytes.count - start)
            throw error
        }
        bytes.append(UInt8(ascii: "\n"))
        count += 1
    }

    private static let null = Array("\\N".utf8)

    private mutating func append(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes += [byte, byte]
            case UInt8(ascii: "\t"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "t")]
            case UInt8(ascii: "\n"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "n")]
            case UInt8(ascii: "\r"): bytes += [UInt8(ascii: "\\"), UInt8(ascii: "r")]
            default: bytes.append(byte)
            }
        }
    }

    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        count = 0
    }
}
