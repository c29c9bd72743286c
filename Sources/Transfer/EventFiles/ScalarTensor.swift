/// The number in a `TensorProto` with one element.
struct ScalarTensor {
    /// The types of elements that are numbers, with their codes in TensorFlow's `types.proto`.
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

    /// The element as a number; nil if the tensor has another size or its elements are not numbers.
    let value: Double?

    init(_ message: UnsafeRawBufferPointer) throws(BrokenMessage) {
        var (type, isScalar) = (ElementType?.none, true)
        var content: UnsafeRawBufferPointer?
        // Which field has the value depends on the type, and the field may come before the type.
        var values: [UInt64: WireFields.Value] = [:]
        var fields = WireFields(message)
        while let (field, value) = try fields.next() {
            switch field {
            case 1: type = ElementType(rawValue: try value.number())
            case 2: isScalar = try Self.hasOneElement(value.message())
            case 4: content = try value.message()
            case 5, 6, 7, 10, 11, 13, 16, 17: if values[field] == nil { values[field] = value }
            default: break
            }
        }
        guard let type, isScalar else {
            value = nil
            return
        }
        if let content, !content.isEmpty {
            value = try Self.number(type, inBytes: content)
        } else if let packed = values[Self.field(of: type)] {
            value = try Self.firstNumber(type, in: packed)
        } else {
            // TensorFlow leaves out a value of zero.
            value = 0
        }
    }

    private static func hasOneElement(_ shape: UnsafeRawBufferPointer) throws(BrokenMessage) -> Bool {
        var fields = WireFields(shape)
        while let (field, value) = try fields.next() {
            guard field == 2 else { continue }
            var (size, dimension) = (UInt64(0), WireFields(try value.message()))
            while let (field, value) = try dimension.next() {
                if field == 1 { size = try value.number() }
            }
            guard size == 1 else { return false }
        }
        return true
    }

    /// The field number of the values of a type.
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

    /// Reads the first value of a field, which may contain several packed values.
    private static func firstNumber(_ type: ElementType, in value: WireFields.Value) throws(BrokenMessage) -> Double? {
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

    /// Reads the element from the raw bytes of a tensor.
    private static func number(
        _ type: ElementType,
        inBytes content: UnsafeRawBufferPointer
    ) throws(BrokenMessage) -> Double {
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
