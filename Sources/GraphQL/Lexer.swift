/// A token of a query (GraphQL, October 2021, §2.1).
enum Token: Equatable {
    case end
    /// One of `! $ & ( ) : = @ [ ] { | }`.
    case punctuator(UInt8)
    /// `...`
    case spread
    case name(String)
    /// An integer, as it is written in the query.
    case integer(String)
    /// A number with a fraction or an exponent, as it is written in the query.
    case float(String)
    /// A string with its escapes resolved.
    case string(String)

    /// The token as messages show it.
    var shown: String {
        switch self {
        case .end: "the end of the query"
        case .punctuator(let byte): "'\(Character(UnicodeScalar(byte)))'"
        case .spread: "'...'"
        case .name(let text), .integer(let text), .float(let text): "'\(text.prefix(60))'"
        case .string: "a string"
        }
    }
}

struct Lexer {
    private let bytes: [UInt8]
    private var position = 0
    /// The offset in bytes of the token that was read last.
    private(set) var start = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    /// Reads the next token; after the last token, every call returns `.end`.
    mutating func next() throws(GraphQLError) -> Token {
        skipIgnored()
        start = position
        guard let byte = peek() else { return .end }
        switch byte {
        case _ where isNameStart(byte): return .name(readName())
        case UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try readNumber()
        case UInt8(ascii: "."):
            guard peek(1) == byte, peek(2) == byte else { throw failure("expected '...'") }
            position += 3
            return .spread
        case _ where "!$&():=@[]{|}".utf8.contains(byte):
            position += 1
            return .punctuator(byte)
        default: throw failure("a character that is legal only in a string")
        }
    }

    /// An error with the line and the column of the token that was read last.
    func failure(_ message: String) -> GraphQLError {
        var (line, column) = (1, 1)
        for byte in bytes[..<min(start, bytes.count)] {
            (line, column) = byte == UInt8(ascii: "\n") ? (line + 1, 1) : (line, column + 1)
        }
        return GraphQLError("Syntax error at line \(line), column \(column): \(message).")
    }

    private func peek(_ distance: Int = 0) -> UInt8? {
        position + distance < bytes.count ? bytes[position + distance] : nil
    }

    /// Skips blanks, line ends, commas, comments and byte order marks, which have no meaning (§2.1.7).
    private mutating func skipIgnored() {
        while let byte = peek() {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ","): position += 1
            case UInt8(ascii: "#"): while let inner = peek(), inner != 0x0A, inner != 0x0D { position += 1 }
            case 0xEF where peek(1) == 0xBB && peek(2) == 0xBF: position += 3
            default: return
            }
        }
    }

    private func isNameStart(_ byte: UInt8) -> Bool {
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        return letters.contains(byte | 0x20) || byte == UInt8(ascii: "_")
    }

    private func isDigit(_ byte: UInt8?) -> Bool {
        byte.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
    }

    private mutating func readName() -> String {
        while let byte = peek(), isNameStart(byte) || isDigit(byte) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func readNumber() throws(GraphQLError) -> Token {
        if peek() == UInt8(ascii: "-") { position += 1 }
        let hasLeadingZero = peek() == UInt8(ascii: "0")
        let firstDigit = position
        try readDigits()
        guard !hasLeadingZero || position == firstDigit + 1 else { throw failure("a number with a leading zero") }
        var isFloat = false
        if peek() == UInt8(ascii: ".") {
            isFloat = true
            position += 1
            try readDigits()
        }
        if let byte = peek(), byte | 0x20 == UInt8(ascii: "e") {
            isFloat = true
            position += 1
            if let sign = peek(), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
            try readDigits()
        }
        if let byte = peek(), isNameStart(byte) || byte == UInt8(ascii: ".") {
            throw failure("a number that is followed by a letter or a dot")
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        return isFloat ? .float(text) : .integer(text)
    }

    private mutating func readDigits() throws(GraphQLError) {
        guard isDigit(peek()) else { throw failure("expected a digit") }
        while isDigit(peek()) { position += 1 }
    }

    private mutating func readString() throws(GraphQLError) -> String {
        if peek(1) == UInt8(ascii: "\""), peek(2) == UInt8(ascii: "\"") {
            throw failure("block strings (three quotes) are not supported; use one quote and escapes")
        }
        position += 1
        var text: [UInt8] = []
        while let byte = peek(), byte != 0x0A, byte != 0x0D {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text.append(contentsOf: String(try readEscape()).utf8)
            default: text.append(byte)
            }
        }
        throw failure("a string without its closing quote")
    }

    private mutating func readEscape() throws(GraphQLError) -> Character {
        guard let byte = peek() else { throw failure("a string without its closing quote") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Character(UnicodeScalar(byte))
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return Character(try readCodePoint())
        default: throw failure("an unknown escape in a string")
        }
    }

    /// Reads the rest of an escape `\uXXXX`, of two such escapes for one character, or of `\u{X…}` (§2.9.4).
    private mutating func readCodePoint() throws(GraphQLError) -> UnicodeScalar {
        if peek() == UInt8(ascii: "{") {
            position += 1
            return try scalar(try readHexadecimal(upTo: 8, endedBy: UInt8(ascii: "}")))
        }
        let first = try readHexadecimal(upTo: 4, endedBy: nil)
        guard (0xD800..<0xDC00).contains(first), peek() == UInt8(ascii: "\\"), peek(1) == UInt8(ascii: "u") else {
            return try scalar(first)
        }
        position += 2
        let second = try readHexadecimal(upTo: 4, endedBy: nil)
        guard (0xDC00..<0xE000).contains(second) else { throw failure("half of a surrogate pair in a string") }
        return try scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    }

    private func scalar(_ number: UInt32) throws(GraphQLError) -> UnicodeScalar {
        guard let scalar = UnicodeScalar(number) else { throw failure("no Unicode character in an escape") }
        return scalar
    }

    /// Reads exactly `count` digits or, if `end` is not nil, one to `count` digits and `end`.
    private mutating func readHexadecimal(upTo count: Int, endedBy end: UInt8?) throws(GraphQLError) -> UInt32 {
        var number: UInt32 = 0
        var digits = 0
        while let byte = peek(), byte != end, digits < count {
            guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else { break }
            number = number << 4 | UInt32(digit)
            digits += 1
            position += 1
        }
        let isWhole = end == nil ? digits == count : digits > 0 && peek() == end
        guard isWhole else { throw failure("an unknown escape in a string") }
        if end != nil { position += 1 }
        return number
    }
}
