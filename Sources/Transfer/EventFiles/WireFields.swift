/// Reads the fields of a message in Protocol Buffers' binary format, one after another.
struct WireFields {
    private var rest: UnsafeRawBufferPointer

    init(_ message: UnsafeRawBufferPointer) { rest = message }

    /// A value in one of the encodings of the format (wire types); its meaning depends on the type of the field.
    enum Value {
        case number(UInt64)
        case eightBytes(UInt64)
        case fourBytes(UInt32)
        /// A text, a message, or packed numbers.
        case bytes(UnsafeRawBufferPointer)
    }

    /// Reads the next field; nil at the end.
    mutating func next() throws(BrokenMessage) -> (number: UInt64, value: Value)? {
        guard !rest.isEmpty else { return nil }
        let key = try number()
        guard key >= 8 else { throw BrokenMessage() }
        let value: Value =
            switch key & 7 {
            case 0: .number(try number())
            case 1: .eightBytes(try eightBytes())
            case 2: .bytes(try bytes(number()))
            case 5: .fourBytes(try fourBytes())
            // No message of an event uses groups.
            default: throw BrokenMessage()
            }
        return (key >> 3, value)
    }

    /// Reads the next number of variable length (varint).
    mutating func number() throws(BrokenMessage) -> UInt64 {
        var number: UInt64 = 0
        for (index, byte) in rest.prefix(10).enumerated() {
            number |= UInt64(byte & 0x7F) &<< UInt64(7 * index)
            guard byte & 0x80 != 0 else {
                rest = UnsafeRawBufferPointer(rebasing: rest[(index + 1)...])
                return number
            }
        }
        throw BrokenMessage()
    }

    mutating func eightBytes() throws(BrokenMessage) -> UInt64 {
        UInt64(littleEndian: try bytes(8).loadUnaligned(as: UInt64.self))
    }

    mutating func fourBytes() throws(BrokenMessage) -> UInt32 {
        UInt32(littleEndian: try bytes(4).loadUnaligned(as: UInt32.self))
    }

    private mutating func bytes(_ count: UInt64) throws(BrokenMessage) -> UnsafeRawBufferPointer {
        guard count <= UInt64(rest.count) else { throw BrokenMessage() }
        defer { rest = UnsafeRawBufferPointer(rebasing: rest[Int(count)...]) }
        return UnsafeRawBufferPointer(rebasing: rest[..<Int(count)])
    }
}

/// Thrown for a message, or a text in a message, that is not in the format of Protocol Buffers.
package struct BrokenMessage: Error {}

extension WireFields.Value {
    /// The bytes of a text or a message.
    func message() throws(BrokenMessage) -> UnsafeRawBufferPointer {
        guard case .bytes(let bytes) = self else { throw BrokenMessage() }
        return bytes
    }

    func text() throws(BrokenMessage) -> String {
        guard let text = String(validating: try message(), as: UTF8.self) else { throw BrokenMessage() }
        return text
    }

    func number() throws(BrokenMessage) -> UInt64 {
        guard case .number(let number) = self else { throw BrokenMessage() }
        return number
    }

    func double() throws(BrokenMessage) -> Double {
        guard case .eightBytes(let bits) = self else { throw BrokenMessage() }
        return Double(bitPattern: bits)
    }

    func float() throws(BrokenMessage) -> Float {
        guard case .fourBytes(let bits) = self else { throw BrokenMessage() }
        return Float(bitPattern: bits)
    }
}
