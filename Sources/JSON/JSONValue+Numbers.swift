extension JSONValue {
    /// The number as it is written in the source, including NaN and the infinities; nil for other kinds.
    package var numberText: String? {
        let node = node
        guard node.kind == .number else { return nil }
        return tape.withBytes(of: node) { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether the value is a number without fraction and exponent, of any size.
    package var numberIsInteger: Bool {
        let node = node
        return node.kind == .number && node.hasEscapesOrIsInteger
    }

    /// The value of a number without fraction and exponent that fits into 64 bits; nil for any other value.
    package var int64: Int64? {
        let node = node
        guard node.kind == .number, node.hasEscapesOrIsInteger else { return nil }
        return tape.withBytes(of: node, JSONNumber.int64)
    }

    /// The value of a number, correctly rounded, and infinite if it is too large; nil for other kinds.
    package var double: Double? {
        let node = node
        guard node.kind == .number else { return nil }
        return tape.withBytes(of: node) { JSONNumber.double($0) }
    }
}

/// Converts number literals that the parser has checked.
enum JSONNumber {
    static func int64(_ digits: UnsafeBufferPointer<UInt8>) -> Int64? {
        let isNegative = digits.first == UInt8(ascii: "-")
        // At most 19 digits and a sign; the grammar of JSON has no leading zeros.
        guard digits.count <= 20 else { return nil }
        var value: Int64 = 0
        for byte in digits.dropFirst(isNegative ? 1 : 0) {
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
            let digit = Int64(byte &- UInt8(ascii: "0"))
            // The number is computed as a negative one, because the magnitude of Int64.min does not fit into Int64.
            let (next, carry) = shifted.subtractingReportingOverflow(digit)
            if overflow || carry { return nil }
            value = next
        }
        if isNegative { return value }
        return value == .min ? nil : -value
    }

    static func double(_ literal: UnsafeBufferPointer<UInt8>) -> Double { exact(literal) ?? rounded(literal) }

    /// The value of a literal with up to 15 digits and a power of ten from -22 to 22; nil for all other literals.
    ///
    /// A Double represents the digits and the power of ten exactly, so their product or quotient is rounded only once
    /// (Clinger's fast path).
    private static func exact(_ literal: UnsafeBufferPointer<UInt8>) -> Double? {
        var index = literal.first == UInt8(ascii: "-") ? 1 : 0
        let isNegative = index == 1
        guard literal.count <= 24 else { return nil }
        var mantissa: UInt64 = 0
        var digits = 0
        var exponent = 0
        var hasPoint = false
        while index < literal.count {
            let byte = literal[index]
            if byte == UInt8(ascii: ".") {
                hasPoint = true
            } else {
                let digit = byte &- UInt8(ascii: "0")
                guard digit < 10 else { break }
                mantissa = mantissa &* 10 &+ UInt64(digit)
                if mantissa != 0 { digits += 1 }
                if hasPoint { exponent -= 1 }
            }
            index += 1
        }
        guard digits <= 15 else { return nil }
        if index < literal.count {
            guard literal[index] | 0x20 == UInt8(ascii: "e") else { return nil }
            guard let written = smallExponent(literal, from: index + 1) else { return nil }
            exponent += written
        }
        guard abs(exponent) <= 22 else { return nil }
        let magnitude =
            exponent < 0 ? Double(mantissa) / powersOfTen[-exponent] : Double(mantissa) * powersOfTen[exponent]
        return isNegative ? -magnitude : magnitude
    }

    private static func smallExponent(_ literal: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        var index = start
        guard index < literal.count else { return nil }
        let isNegative = literal[index] == UInt8(ascii: "-")
        if isNegative || literal[index] == UInt8(ascii: "+") { index += 1 }
        guard literal.count - index <= 3 else { return nil }
        let value = literal[index...].reduce(0) { $0 * 10 + Int($1 &- UInt8(ascii: "0")) }
        return isNegative ? -value : value
    }

    private static func rounded(_ literal: UnsafeBufferPointer<UInt8>) -> Double {
        let text = String(decoding: literal, as: UTF8.self)
        switch text {
        case "NaN": return .nan
        case "Infinity": return .infinity
        case "-Infinity": return -.infinity
        default: return Double(text) ?? .nan
        }
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
}
