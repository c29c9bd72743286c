extension JSONParser {
    /// Parses a number (RFC 8259 §6), or -Infinity, which Python accepts too.
    mutating func parseNumber() throws(JSONError) {
        let start = position
        if base[position] == UInt8(ascii: "-") {
            position += 1
            if position < end, base[position] == UInt8(ascii: "I") {
                try match("Infinity")
                return try append(JSONNode(kind: .number, start: start, end: position, next: count + 1))
            }
        }
        guard position < end, Self.isDigit(base[position]) else {
            throw failure(start == position ? "unexpected text" : "expected a digit")
        }
        if base[position] == UInt8(ascii: "0") { position += 1 } else { skipDigits() }
        var isInteger = true
        if position < end, base[position] == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            try requireDigits()
        }
        if position < end, base[position] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            position += 1
            if position < end, base[position] == UInt8(ascii: "+") || base[position] == UInt8(ascii: "-") {
                position += 1
            }
            try requireDigits()
        }
        try append(
            JSONNode(kind: .number, start: start, end: position, next: count + 1, hasEscapesOrIsInteger: isInteger)
        )
    }

    private mutating func requireDigits() throws(JSONError) {
        guard position < end, Self.isDigit(base[position]) else { throw failure("expected a digit") }
        skipDigits()
    }

    @inline(__always)
    private mutating func skipDigits() {
        while position < end, Self.isDigit(base[position]) { position += 1 }
    }

    @inline(__always)
    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    /// Parses a string and checks its UTF-8 and its escapes, without resolving the escapes.
    mutating func parseString() throws(JSONError) {
        position += 1
        let start = position
        var hasEscapes = false
        while true {
            skipPlainASCII()
            guard position < end else { throw failure("string without end") }
            switch base[position] {
            case UInt8(ascii: "\""):
                let end = position
                defer { position += 1 }
                return try append(
                    JSONNode(kind: .string, start: start, end: end, next: count + 1, hasEscapesOrIsInteger: hasEscapes)
                )
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try checkEscape()
            case 0..<0x20: throw failure("control character in a string")
            default: try checkMultibyte()
            }
        }
    }

    /// Skips to the next quote, backslash, control character or non-ASCII byte, eight bytes at a time.
    @inline(__always)
    private mutating func skipPlainASCII() {
        while end - position >= 8 {
            let word = UInt64(littleEndian: UnsafeRawPointer(base + position).loadUnaligned(as: UInt64.self))
            let stops = JSONBytes.specials(in: word) | (word & JSONBytes.highBits)
            if stops != 0 {
                // The lowest set bit belongs to the first such byte; see `specials(in:)`.
                position += stops.trailingZeroBitCount / 8
                return
            }
            position += 8
        }
        while position < end {
            let byte = base[position]
            if byte < 0x20 || byte >= 0x80 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return }
            position += 1
        }
    }

    private mutating func checkEscape() throws(JSONError) {
        guard position + 1 < end else { throw failure("string without end") }
        switch base[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        case UInt8(ascii: "u"):
            let unit = try hexadecimalUnit()
            switch unit {
            case 0xD800..<0xDC00:
                let first = position
                position += 6
                guard position + 1 < end, base[position] == UInt8(ascii: "\\"),
                    base[position + 1] == UInt8(ascii: "u"), case 0xDC00..<0xE000 = try hexadecimalUnit()
                else {
                    position = first
                    throw failure("lone surrogate in a string")
                }
            case 0xDC00..<0xE000: throw failure("lone surrogate in a string")
            default: break
            }
            position += 6
        default: throw failure("unknown escape in a string")
        }
    }

    /// Reads the UTF-16 code unit of the escape `\uXXXX` at the current position, and does not change the position.
    private func hexadecimalUnit() throws(JSONError) -> UInt32 {
        guard end - position >= 6 else { throw failure("string without end") }
        var unit: UInt32 = 0
        for index in 2..<6 {
            guard let digit = JSONBytes.hexadecimalValue(base[position + index]) else {
                throw failure("expected four hexadecimal digits")
            }
            unit = unit << 4 | digit
        }
        return unit
    }

    /// Checks one multi-byte sequence by the grammar of RFC 3629 §4, which excludes overlong forms and surrogates.
    private mutating func checkMultibyte() throws(JSONError) {
        let lead = base[position]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        case 0xF1...0xF3: length = 4
        default: throw failure("invalid UTF-8")
        }
        guard end - position >= length, second.contains(base[position + 1]) else { throw failure("invalid UTF-8") }
        for index in 2..<max(length, 2) where base[position + index] & 0xC0 != 0x80 { throw failure("invalid UTF-8") }
        position += length
    }
}
