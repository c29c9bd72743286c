/// Byte operations that the reader and the writer share.
enum JSONBytes {
    static let highBits: UInt64 = 0x8080_8080_8080_8080
    private static let ones: UInt64 = 0x0101_0101_0101_0101

    /// A word whose lowest set bit is the high bit of the first byte that is a quote, a backslash or a control
    /// character; 0 if there is no such byte.
    ///
    /// Only the lowest set bit is reliable, because a subtraction may borrow from higher bytes and set their high bits.
    @inline(__always)
    static func specials(in word: UInt64) -> UInt64 {
        let quotes = word ^ (ones &* 0x22)
        let backslashes = word ^ (ones &* 0x5C)
        let zeros = ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes)
        let controls = (word &- (ones &* 0x20)) & ~word
        return (zeros | controls) & highBits
    }

    /// The value of an upper-case or lower-case hexadecimal digit; nil for any other byte.
    static func hexadecimalValue(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    /// The lower-case hexadecimal digit of a number from 0 to 15.
    static func hexadecimalDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + (value & 15) - 10
    }

    /// Resolves the escapes of a string that the parser has checked, and calls `emit` with each byte of the result.
    static func unescape(_ content: UnsafeBufferPointer<UInt8>, _ emit: (UInt8) -> Void) {
        var index = 0
        while index < content.count {
            let byte = content[index]
            guard byte == UInt8(ascii: "\\"), index + 1 < content.count else {
                emit(byte)
                index += 1
                continue
            }
            index += 2
            switch content[index - 1] {
            case UInt8(ascii: "b"): emit(0x08)
            case UInt8(ascii: "f"): emit(0x0C)
            case UInt8(ascii: "n"): emit(0x0A)
            case UInt8(ascii: "r"): emit(0x0D)
            case UInt8(ascii: "t"): emit(0x09)
            case UInt8(ascii: "u"):
                var scalar = unit(content, at: index)
                index += 4
                if case 0xD800..<0xDC00 = scalar {
                    scalar = 0x10000 + (scalar - 0xD800) << 10 | unit(content, at: index + 2) & 0x3FF
                    index += 6
                }
                UTF8.encode(Unicode.Scalar(scalar) ?? "\u{FFFD}").map { $0.forEach(emit) }
            case let other: emit(other)
            }
        }
    }

    private static func unit(_ content: UnsafeBufferPointer<UInt8>, at start: Int) -> UInt32 {
        guard start + 4 <= content.count else { return 0xFFFD }
        return content[start..<start + 4].reduce(0) { $0 << 4 | (hexadecimalValue($1) ?? 0) }
    }
}
