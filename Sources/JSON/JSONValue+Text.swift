extension JSONValue {
    /// The value as Python's `json.dumps` prints it: ", " and ": " as separators, ASCII only, one member per key.
    ///
    /// The text may be longer than the source.
    package var text: String { text(in: .spaced) }

    /// The value without spaces and with sorted keys: equal values have the same text, for use in messages.
    package var canonicalText: String { text(in: .canonical) }

    private enum Style {
        case spaced
        case canonical
    }

    private func text(in style: Style) -> String {
        var bytes: [UInt8] = []
        appendText(to: &bytes, style)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Calls itself for nested values; `JSONLimits` bounds their depth.
    private func appendText(to bytes: inout [UInt8], _ style: Style) {
        let comma = style == .spaced ? ", " : ","
        switch kind {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .true: bytes.append(contentsOf: "true".utf8)
        case .false: bytes.append(contentsOf: "false".utf8)
        case .number: bytes.append(contentsOf: PythonText.number(self).utf8)
        case .string: PythonText.append(string ?? "", to: &bytes)
        case .array:
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(contentsOf: comma.utf8) }
                element.appendText(to: &bytes, style)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object:
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in membersToPrint(in: style).enumerated() {
                if index > 0 { bytes.append(contentsOf: comma.utf8) }
                PythonText.append(member.key, to: &bytes)
                bytes.append(contentsOf: (style == .spaced ? ": " : ":").utf8)
                member.value.appendText(to: &bytes, style)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private func membersToPrint(in style: Style) -> [(key: String, value: JSONValue)] {
        switch style {
        case .spaced: uniqueMembers()
        case .canonical: uniqueMembers().sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        }
    }

    /// The members in the order of their first occurrence, each with its last value, as in a Python dictionary.
    private func uniqueMembers() -> [(key: String, value: JSONValue)] {
        var unique: [(key: String, value: JSONValue)] = []
        // Keys are compared as bytes, because String treats canonically equivalent keys as equal.
        var positions: [[UInt8]: Int] = [:]
        for member in members {
            let key = Array(member.key.utf8)
            if let position = positions[key] {
                unique[position].value = member.value
            } else {
                positions[key] = unique.count
                unique.append(member)
            }
        }
        return unique
    }
}

/// Numbers and strings as Python prints them.
enum PythonText {
    static func number(_ value: JSONValue) -> String {
        let text = value.numberText ?? ""
        if value.numberIsInteger { return text == "-0" ? "0" : text }
        return double(value.double ?? .nan)
    }

    /// The shortest text that is parsed as the same value, as Python prints it: with an exponent below 1e-4 and from 1e16 on.
    static func double(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        // Swift prints an exponent from 2^53 on, Python only from 1e16 on. Between them, every Double is an integer, so
        // `Int64` prints the digits.
        if value.magnitude >= 0x1p53, value.magnitude < 1e16 { return "\(Int64(value)).0" }
        return value.description
    }

    static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for unit in text.utf16 {
            switch unit {
            case 0x22, 0x5C:
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(UInt8(truncatingIfNeeded: unit))
            case 0x08: bytes.append(contentsOf: "\\b".utf8)
            case 0x09: bytes.append(contentsOf: "\\t".utf8)
            case 0x0A: bytes.append(contentsOf: "\\n".utf8)
            case 0x0C: bytes.append(contentsOf: "\\f".utf8)
            case 0x0D: bytes.append(contentsOf: "\\r".utf8)
            case 0x20..<0x7F: bytes.append(UInt8(truncatingIfNeeded: unit))
            default:
                bytes.append(contentsOf: "\\u".utf8)
                for shift in [12, 8, 4, 0] {
                    bytes.append(JSONBytes.hexadecimalDigit(UInt8(truncatingIfNeeded: unit >> shift) & 15))
                }
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
