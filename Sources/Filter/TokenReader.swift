/// Steps through the tokens of a filter or an `order_by` clause, and reads the names of fields.
struct TokenReader {
    let subject: SearchSubject
    private let lexer: Lexer
    private let lexemes: [Lexeme]
    private var index = 0

    /// Splits the text into tokens.
    ///
    /// - Throws: `UnexpectedText` with the first position at which a token should begin but does not.
    init(_ text: String, subject: SearchSubject) throws(UnexpectedText) {
        self.subject = subject
        var lexer = Lexer(text, allowsJoiners: subject.joinsWords)
        lexemes = try lexer.tokens()
        self.lexer = lexer
    }

    var isAtEnd: Bool { index >= lexemes.count }
    var current: Lexeme? { index < lexemes.count ? lexemes[index] : nil }
    /// The offset of the current token in Unicode scalars, or the end of the text.
    var offset: Int { current?.range.lowerBound ?? lexer.scalars.count }
    /// The offset after the last token that was read.
    private var lastEnd: Int { index > 0 ? lexemes[index - 1].range.upperBound : 0 }
    /// Whether the text begins or ends with white space, or is empty.
    var hasOuterWhiteSpace: Bool {
        guard let first = lexemes.first, let last = lexemes.last else { return true }
        return first.range.lowerBound > 0 || last.range.upperBound < lexer.scalars.count
    }

    mutating func advance() { index += 1 }

    func source(_ lexeme: Lexeme) -> String { lexer.text(lexeme.range) }

    /// The text from an offset to the end of the current token, truncated to 120 scalars; for messages.
    func source(from start: Int) -> String {
        let end = current?.range.upperBound ?? lexer.scalars.count
        let limit = 120
        return end - start > limit ? lexer.text(start..<start + limit) + "…" : lexer.text(start..<max(start, end))
    }

    /// The text from an offset to the next closing parenthesis, truncated to 120 scalars; for messages.
    func parenthesised(from start: Int) -> String {
        var reader = self
        while let lexeme = reader.current, lexeme.token != .close { reader.advance() }
        return reader.source(from: start)
    }

    /// Skips the current token if it is this keyword, and returns whether it was skipped.
    mutating func skip(keyword: Keyword) -> Bool { skip(.word(keyword)) }

    /// Skips the current token if it equals `token`, and returns whether it was skipped.
    mutating func skip(_ token: Token) -> Bool {
        guard current?.token == token else { return false }
        advance()
        return true
    }
}

/// The left side of a comparison or of an ordering, with the rules for its values.
struct FieldReference {
    let entity: Entity
    let key: String
    let kind: ValueKind
    let allowsNullTests: Bool
}

extension TokenReader {
    /// Reads `key` or `entity.key`; returns nil if no name comes next.
    mutating func readField(forOrdering: Bool) throws(FilterError) -> FieldReference? {
        guard let first = current, let firstName = name(of: first, afterDot: false) else { return nil }
        advance()
        guard let dot = current, dot.token == .dot, dot.range.lowerBound == first.range.upperBound else {
            // A word without an operator after it, such as `OR`, is reported as an invalid clause, not as an unknown attribute.
            guard forOrdering || (isAtOperator && !isBeforeTruthValue) else { return nil }
            if !forOrdering { try requireBareAttribute(first) }
            return try resolve(.attribute, firstName, forOrdering: forOrdering)
        }
        let entity = try self.entity(of: first)
        if !forOrdering, entity == .attribute, index + 1 < lexemes.count {
            try requireBareAttribute(lexemes[index + 1])
        }
        guard let key = readKey() else { return nil }
        return try resolve(entity, key, forOrdering: forOrdering)
    }

    private func requireBareAttribute(_ lexeme: Lexeme) throws(FilterError) {
        if subject.allowsQuotedAttributes { return }
        if case .word = lexeme.token { return }
        throw FilterError(
            "Invalid attribute key '\(source(lexeme))' specified. Valid keys are '\(formattedList(validKeys(.attribute)))'"
        )
    }

    /// Reads the key after the prefix and its dot: one quoted name, or unquoted words joined by dots.
    private mutating func readKey() -> String? {
        var key = ""
        var end = offset
        while let dot = current, dot.token == .dot, dot.range.lowerBound == end {
            advance()
            guard let part = current, part.range.lowerBound == dot.range.upperBound,
                let name = name(of: part, afterDot: true)
            else { return nil }
            advance()
            guard case .word = part.token else { return key.isEmpty ? name : nil }
            key += key.isEmpty ? name : "." + name
            key += readJoinedWords(after: part.range.upperBound)
            end = lastEnd
        }
        return key
    }

    /// Reads the rest of a key such as `a/b-c` after its first word; returns an empty text if no `/` or `-` follows the word.
    private mutating func readJoinedWords(after wordEnd: Int) -> String {
        var joined = ""
        var end = wordEnd
        while let joiner = current, joiner.token == .joiner, joiner.range.lowerBound == end, index + 1 < lexemes.count {
            let part = lexemes[index + 1]
            guard part.range.lowerBound == joiner.range.upperBound, part.token.isWordOrInteger else { break }
            joined += source(joiner) + source(part)
            end = part.range.upperBound
            index += 2
        }
        return joined
    }

    /// Reads a value that is not in single quotes, as it is written; returns nil if no such value comes next.
    ///
    /// The value is a number, a text in backticks or double quotes, or words joined by dots, `/` and `-`.
    mutating func readBareValue() -> String? {
        guard let first = current else { return nil }
        switch first.token {
        case .integer, .float, .backticks, .doubleQuotes:
            advance()
            return source(first)
        case .word(nil), .word(.null): break
        case .word, .singleQuotes, .comparison, .joiner, .dot, .comma, .open, .close: return nil
        }
        advance()
        var value = source(first) + readJoinedWords(after: first.range.upperBound)
        while let dot = current, dot.token == .dot, dot.range.lowerBound == lastEnd, index + 1 < lexemes.count {
            let part = lexemes[index + 1]
            guard part.range.lowerBound == dot.range.upperBound, case .word = part.token else { break }
            index += 2
            value += "." + source(part) + readJoinedWords(after: part.range.upperBound)
        }
        return value
    }

    private func name(of lexeme: Lexeme, afterDot: Bool) -> String? {
        switch lexeme.token {
        case .word(let keyword): return keyword?.isReservedAsKey == true ? nil : source(lexeme)
        case .backticks(let text): return text
        case .doubleQuotes(let text): return withoutBackticks(text)
        case .singleQuotes(let text): return afterDot ? withoutBackticks(text) : nil
        case .integer, .float, .comparison, .joiner, .dot, .comma, .open, .close: return nil
        }
    }

    private var isAtOperator: Bool {
        switch current?.token {
        case .comparison: true
        case .word(let keyword): keyword?.beginsOperator ?? false
        default: false
        }
    }

    /// Whether `true` or `false` without quotes follows the operator; MLflow's lexer does not read this as a comparison.
    private var isBeforeTruthValue: Bool {
        guard index + 1 < lexemes.count, case .word = lexemes[index + 1].token else { return false }
        return ["true", "false"].contains(source(lexemes[index + 1]).lowercased())
    }

    private func withoutBackticks(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard scalars.count >= 2, scalars.first == "`", scalars.last == "`" else { return text }
        return String(scalars.dropFirst().dropLast())
    }

    private func entity(of lexeme: Lexeme) throws(FilterError) -> Entity {
        var text = source(lexeme)
        if case .backticks(let quoted) = lexeme.token, subject.allowsQuotedEntityNames { text = quoted }
        guard let entity = subject.entityNames[text] else {
            throw FilterError("\(subject.wording.invalidEntity) '\(text)'. Valid values are \(subject.entityNamesText)")
        }
        return entity
    }

    private func resolve(_ entity: Entity, _ key: String, forOrdering: Bool) throws(FilterError) -> FieldReference {
        switch subject.rules[entity] {
        case .anyKey(let kind, let allowsNullTests):
            return FieldReference(entity: entity, key: key, kind: kind, allowsNullTests: allowsNullTests)
        case .named(let fields):
            let isAttributeOrder = forOrdering && entity == .attribute
            if let field = fields[key], isAttributeOrder ? field.isOrderable : forOrdering || field.isComparable {
                return FieldReference(entity: entity, key: field.name, kind: field.kind, allowsNullTests: false)
            }
            let valid = isAttributeOrder ? fields.filter(\.value.isOrderable).keys.sorted() : validKeys(entity)
            let kind = isAttributeOrder ? subject.wording.orderKey : "\(entity.rawValue) key"
            throw FilterError("Invalid \(kind) '\(key)' specified. Valid keys are '\(formattedList(valid))'")
        case nil:
            throw FilterError("Invalid entity type '\(entity.rawValue)'. Valid values are \(subject.entityNamesText)")
        }
    }

    /// The names of an entity's fields that a filter may compare; empty if the entity may have any keys.
    private func validKeys(_ entity: Entity) -> [String] {
        guard case .named(let fields) = subject.rules[entity] else { return [] }
        return fields.filter(\.value.isComparable).keys.sorted()
    }
}

extension Token {
    fileprivate var isWordOrInteger: Bool {
        switch self {
        case .word, .integer: true
        default: false
        }
    }
}

/// Formats a list of names as MLflow's messages do: `['a', 'b']`.
func formattedList(_ names: [String]) -> String { "[" + names.map { "'\($0)'" }.joined(separator: ", ") + "]" }
