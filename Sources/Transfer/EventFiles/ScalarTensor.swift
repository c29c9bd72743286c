/// The number in a `TensorProto` with one element.
struct ScalarTensor {
    /// The types of elements that are numbers, by their number in `types.proto`.
    private enum ElementType: UInt64 {
        case float = 1
        case double = 2
        case int32 = 3
        case uint8 = 4
        case int16 = 5
        case int8 = 6
        case int64 = 9
        case bool = 10
        case bfloat16 = 14
        case uint16 = 17
        case half = 19
        case uint32 = 22
        case uint64 = 23
    }

    /// Nil for a tensor of another size, or of elements that are no numbers.
    let number: Double?

    init(_ message: UnsafeRawBufferPointer) throws(BrokenMessage) {
        var (type, isScalar) = (ElementType?.none, true)
        var content: UnsafeRawBufferPointer?
        // The value is in the field of its type, which may come before the type.
        var values: [UInt64: WireFields.Value] = [:]
        var fields = WireFields(message)
        while let (number, value) = try fields.next() {
            switch number {
            case 1: type = ElementType(rawValue: try value.number())
            case 2: isScalar = try Self.hasOneElement(value.message())
            case 4: content = try value.message()
            case 5, 6, 7, 10, 11, 13, 16, 17: if values[number] == nil { values[number] = value }
            default: break
            }
        }
        guard let type, isScalar else {
            number = nil
            return
        }
        if let content, !content.isEmpty {
            number = try Self.number(type, content)
        } else if let value = values[Self.field(of: type)] {
            number = try Self.number(type, value)
        } else {
            // TensorFlow leaves out zeros.
            number = 0
        }
    }

    private static func hasOneElement(_ shape: UnsafeRawBufferPointer) throws(BrokenMessage) -> Bool {
        var fields = WireFields(shape)
        while let (number, value) = try fields.next() {
            guard number == 2 else { continue }
            var (size, dimension) = (UInt64(0), WireFields(try value.message()))
            while let (number, value) = try dimension.next() {
                if number == 1 { size = try value.number() }
            }
            guard size == 1 else { return false }
        }
        return true
    }

    /// The number of the field with the values of a type.
    private static func field(of type: ElementType) -> UInt64 {
        switch type {
        case .float: 5
        case .double: 6
        case .int32, .uint8, .int16, .int8, .uint16: 7
        case .int64: 10
        case .bool: 11
        case .half, .bfloat16: 13
        case .uint32: 16
        case .uint64: 17
        }
    }

    /// The first of the values of a field, which may stand one after another.
    private static func number(_ type: ElementType, _ value: WireFields.Value) throws(BrokenMessage) -> Double? {
        switch value {
        case .bytes(let bytes):
            guard !bytes.isEmpty else { return 0 }
            var values = WireFields(bytes)
            switch type {
            case .float: return Double(Float(bitPattern: try values.fourBytes()))
            case .double: return Double(bitPattern: try values.eightBytes())
            case .int32, .uint8, .int16, .int8, .int64, .bool, .bfloat16, .uint16, .half, .uint32, .uint64:
                return number(type, bits: try values.number())
            }
        case .fourBytes(let bits): return number(type, bits: UInt64(bits))
        case .eightBytes(let bits), .number(let bits): return number(type, bits: bits)
        }
    }

    /// The element in the bytes of a tensor.
    private static func number(_ type: ElementType, _ content: UnsafeRawBufferPointer) throws(BrokenMessage) -> Double {
        let width =
            switch type {
            case .uint8, .int8, .bool: 1
            case .int16, .uint16, .half, .bfloat16: 2
            case .float, .int32, .uint32: 4
            case .double, .int64, .uint64: 8
            }
        guard content.count == width else { throw BrokenMessage() }
        return number(type, bits: content.reversed().reduce(0) { $0 << 8 | UInt64($1) })
    }

    private static func number(_ type: ElementType, bits: UInt64) -> Double {
        switch type {
        case .float: Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
        case .double: Double(bitPattern: bits)
        case .int32: Double(Int32(truncatingIfNeeded: bits))
        case .uint8: Double(UInt8(truncatingIfNeeded: bits))
        case .int16: Double(Int16(truncatingIfNeeded: bits))
        case .int8: Double(Int8(truncatingIfNeeded: bits))
        case .int64: Double(Int64(bitPattern: bits))
        case .bool: bits == 0 ? 0 : 1
        case .bfloat16: Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits & 0xFFFF) << 16))
        case .uint16: Double(UInt16(truncatingIfNeeded: bits))
        case .half: Double(Float16(bitPattern: UInt16(truncatingIfNeeded: bits)))
        case .uint32: Double(UInt32(truncatingIfNeeded: bits))
        case .uint64: Double(bits)
        }
    }
}
