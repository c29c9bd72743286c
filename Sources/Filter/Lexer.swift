/// A token of a filter or of an `order_by` clause.
enum Token: Equatable {
    /// Letters, digits and underscores in a row; the value is nil unless they are a keyword.
    case word(Keyword?)
    /// The text between backticks.
    case backticks(String)
    /// The text between single quotes.
    case singleQuotes(String)
    /// The text between double quotes.
    case doubleQuotes(String)
    case integer
    case float
    /// Any of the characters `< > = ~ !` in a row, even if they are not an operator.
    case comparison
    /// A `/` or `-` between the words of a key; only for subjects whose keys may contain these characters.
    case joiner
    case dot
    case comma
    /// `(`
    case open
    /// `)`
    case close
}

/// A word with a meaning in the grammar, in upper or lower case.
enum Keyword: String, Equatable {
    case and = "AND"
    case isKeyword = "IS"
    case not = "NOT"
    case null = "NULL"
    case inKeyword = "IN"
    case like = "LIKE"
    case ilike = "ILIKE"
    case rlike = "RLIKE"
    case ascending = "ASC"
    case descending = "DESC"
    case caseKeyword = "CASE"
    case values = "VALUES"
    case using = "USING"
    case from = "FROM"
    case asKeyword = "AS"

    /// Whether MLflow's lexer reads the word as a keyword even after a dot, so that it cannot be a key without quotes.
    var isReservedAsKey: Bool {
        switch self {
        case .caseKeyword, .inKeyword, .values, .using, .from, .asKeyword: true
        case .and, .isKeyword, .not, .null, .like, .ilike, .rlike, .ascending, .descending: false
        }
    }

    var beginsOperator: Bool {
        switch self {
        case .inKeyword, .not, .isKeyword, .like, .ilike, .rlike: true
        case .and, .null, .ascending, .descending, .caseKeyword, .values, .using, .from, .asKeyword: false
        }
    }
}

/// A token and its range in the text, counted in Unicode scalars.
struct Lexeme {
    let token: Token
    let range: Range<Int>
}

/// Splits a filter or an `order_by` clause into tokens.
///
/// MLflow uses a general SQL lexer; this one accepts only what can be part of a legal filter. The cost is linear in the
/// length of the text.
struct Lexer {
    let scalars: [Unicode.Scalar]
    private let allowsJoiners: Bool
    private var position = 0

    init(_ text: String, allowsJoiners: Bool) {
        scalars = Array(text.unicodeScalars)
        self.allowsJoiners = allowsJoiners
    }

    /// Returns the tokens of the whole text, without white space.
    ///
    /// - Throws: `UnexpectedText` with the first position at which a token should begin but does not.
    mutating func tokens() throws(UnexpectedText) -> [Lexeme] {
        var found: [Lexeme] = []
        while let scalar = peek(0) {
            if scalar.properties.isWhitespace {
                position += 1
                continue
            }
            let start = position
            let token = try next(scalar)
            found.append(Lexeme(token: token, range: start..<position))
        }
        return found
    }

    private mutating func next(_ scalar: Unicode.Scalar) throws(UnexpectedText) -> Token {
        switch scalar {
        case "`": return .backticks(try quoted(by: scalar, backslashEscapes: false))
        case "'": return .singleQuotes(try quoted(by: scalar, backslashEscapes: true))
        case "\"": return .doubleQuotes(try quoted(by: scalar, backslashEscapes: true))
        case ",": return single(.comma)
        case "(": return single(.open)
        case ")": return single(.close)
        case ".": return try dotOrNumber()
        case "/" where allowsJoiners: return single(.joiner)
        case "-" where allowsJoiners && isWordCharacter(peek(-1)): return single(.joiner)
        case "-": return try negativeNumber()
        case "<", ">", "=", "~", "!":
            while let following = peek(0), "<>=~!".unicodeScalars.contains(following) { position += 1 }
            return .comparison
        default:
            if isDigit(scalar) { return try numberOrWord() }
            guard isWordCharacter(scalar) else { throw UnexpectedText(offset: position) }
            return word(from: position)
        }
    }

    /// Reads from an opening quote to the closing one, and returns the text between them.
    ///
    /// A quote inside the text is doubled or, if `backslashEscapes` is set, comes after a backslash. If the closing
    /// quote is missing, the last quote inside the text counts as the closing one, as in MLflow (`'C:\'`).
    private mutating func quoted(by quote: Unicode.Scalar, backslashEscapes: Bool) throws(UnexpectedText) -> String {
        let start = position + 1
        var index = start
        var lastEscapedQuote: Int?
        while index < scalars.count {
            if scalars[index] == quote {
                guard index + 1 < scalars.count, scalars[index + 1] == quote else { break }
                lastEscapedQuote = index
                index += 2
            } else if backslashEscapes, scalars[index] == "\\", index + 1 < scalars.count, scalars[index + 1] == quote {
                lastEscapedQuote = index + 1
                index += 2
            } else {
                index += 1
            }
        }
        guard let end = index < scalars.count ? index : lastEscapedQuote else { throw UnexpectedText(offset: position) }
        position = end + 1
        return text(start..<end)
    }

    /// Reads a dot, or a number such as `.5`.
    ///
    /// A dot before one digit and a letter separates a prefix from a key: in `params.5x`, the key is `5x`.
    private mutating func dotOrNumber() throws(UnexpectedText) -> Token {
        guard isDigit(peek(1)) else { return single(.dot) }
        var end = position + 1
        while end < scalars.count, isDigit(scalars[end]) { end += 1 }
        if end < scalars.count, isWordCharacter(scalars[end]) {
            guard end == position + 2 else { throw UnexpectedText(offset: position) }
            return single(.dot)
        }
        position = end
        return .float
    }

    private mutating func negativeNumber() throws(UnexpectedText) -> Token {
        let start = position
        position += 1
        let token: Token? =
            if isDigit(peek(0)) {
                try numberOrWord()
            } else if peek(0) == "." {
                try dotOrNumber()
            } else {
                nil
            }
        guard let token, token == .integer || token == .float else { throw UnexpectedText(offset: start) }
        return token
    }

    /// Reads a number such as `1`, `1.`, `1.5`, `1e-5` or `1.5e5`, or a word that begins with a digit, such as `5x`.
    private mutating func numberOrWord() throws(UnexpectedText) -> Token {
        let start = position
        skipDigits()
        var isFloat = false
        if peek(0) == "." {
            position += 1
            skipDigits()
            isFloat = true
        }
        let endsInDigit = isDigit(scalars[position - 1])
        if endsInDigit, peek(0) == "e" || peek(0) == "E", isDigit(peek(1)) || (peek(1) == "-" && isDigit(peek(2))) {
            position += 2
            skipDigits()
            isFloat = true
        }
        guard isWordCharacter(peek(0)) else { return isFloat ? .float : .integer }
        let isHexadecimal = scalars[start] == "0" && (peek(0) == "x" || peek(0) == "X")
        guard !isFloat, position == start + 1, !isHexadecimal else { throw UnexpectedText(offset: start) }
        return word(from: start)
    }

    private mutating func word(from start: Int) -> Token {
        while isWordCharacter(peek(0)) { position += 1 }
        let longestKeyword = 6
        guard position - start <= longestKeyword, scalars[start..<position].allSatisfy(\.isASCII) else {
            return .word(nil)
        }
        return .word(Keyword(rawValue: text(start..<position).uppercased()))
    }

    private mutating func skipDigits() {
        while isDigit(peek(0)) { position += 1 }
    }

    private mutating func single(_ token: Token) -> Token {
        position += 1
        return token
    }

    private func peek(_ distance: Int) -> Unicode.Scalar? {
        scalars.indices.contains(position + distance) ? scalars[position + distance] : nil
    }

    func text(_ range: Range<Int>) -> String {
        // The bytes are collected first, because appending scalars to a string takes many times as long.
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        for index in range {
            let scalar = scalars[index]
            if scalar.isASCII {
                bytes.append(UInt8(truncatingIfNeeded: scalar.value))
            } else {
                bytes.append(contentsOf: scalar.utf8)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The error for text that is not part of any token.
struct UnexpectedText: Error {
    /// The position of the text, counted in Unicode scalars.
    let offset: Int
}

private func isDigit(_ scalar: Unicode.Scalar?) -> Bool {
    guard let scalar else { return false }
    return "0" <= scalar && scalar <= "9"
}

/// Whether Python's `\w` matches the scalar: a letter, a number of any kind, or an underscore, but no combining mark.
private func isWordCharacter(_ scalar: Unicode.Scalar?) -> Bool {
    guard let scalar else { return false }
    if scalar.isASCII {
        return isDigit(scalar) || scalar == "_" || ("a" <= scalar && scalar <= "z") || ("A" <= scalar && scalar <= "Z")
    }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
    case .decimalNumber, .letterNumber, .otherNumber: return true
    default: return false
    }
}
