/// Reads what filters and `order_by` clauses have in common: names, keywords, and the source of a message.
struct TokenReader {
    let subject: SearchSubject
    private let lexer: Lexer
    private let lexemes: [Lexeme]
    private var index = 0

    /// Cuts the text; the offset where nothing legal begins is thrown.
    init(_ text: String, subject: SearchSubject) throws(UnexpectedText) {
        self.subject = subject
        var lexer = Lexer(text, takesJoiners: subject.joinsWords)
        lexemes = try lexer.tokens()
        self.lexer = lexer
    }

    var isAtEnd: Bool { index >= lexemes.count }
    var current: Lexeme? { index < lexemes.count ? lexemes[index] : nil }
    /// The offset of the current token, or the end of the text.
    var offset: Int { current?.range.lowerBound ?? lexer.scalars.count }
    /// Where the last token that was read ends.
    private var lastEnd: Int { index > 0 ? lexemes[index - 1].range.upperBound : 0 }
    /// Whether white space stands before the first or behind the last token.
    var isPadded: Bool {
        guard let first = lexemes.first, let last = lexemes.last else { return true }
        return first.range.lowerBound > 0 || last.range.upperBound < lexer.scalars.count
    }

    mutating func advance() {
        index += 1
    }

    func source(_ lexeme: Lexeme) -> String {
        lexer.text(lexeme.range)
    }

    /// The text from an offset to the end of the current token, shortened for a message.
    func source(from start: Int) -> String {
        let end = current?.range.upperBound ?? lexer.scalars.count
        let limit = 120
        return end - start > limit ? lexer.text(start..<start + limit) + "…" : lexer.text(start..<max(start, end))
    }

    /// The text from an offset to the end of the list that begins here, shortened for a message.
    func parenthesised(from start: Int) -> String {
        var reader = self
        while let lexeme = reader.current, lexeme.token != .close { reader.advance() }
        return reader.source(from: start)
    }

    /// Steps over a keyword and answers whether it was there.
    mutating func take(keyword: Keyword) -> Bool {
        take(.word(keyword))
    }

    mutating func take(_ token: Token) -> Bool {
        guard current?.token == token else { return false }
        advance()
        return true
    }
}

/// The left side of a comparison or of an ordering, with what its values look like.
struct FieldReference {
    let entity: Entity
    let key: String
    let kind: ValueKind
    let isOrderable: Bool
    let allowsNullTests: Bool
}

extension TokenReader {
    /// Reads `key` or `entity.key`; `nil` when no name stands here.
    mutating func readField(forOrdering: Bool) throws(FilterError) -> FieldReference? {
        guard let first = current, let firstName = name(of: first, afterDot: false) else { return nil }
        advance()
        guard let dot = current, dot.token == .dot, dot.range.lowerBound == first.range.upperBound else {
            // A stray word (`OR`) is reported as such and not as an unknown attribute.
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
            "Invalid attribute key '\(source(lexeme))' specified. Valid keys are '\(shownList(validKeys(.attribute)))'"
        )
    }

    /// Reads the key behind the first dot: one quoted name, or bare words joined by dots.
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
            key += readJoinedWords(behind: part.range.upperBound)
            end = lastEnd
        }
        return key
    }

    /// Reads `/b-c` where a word has just ended; the empty text where nothing is joined to it.
    private mutating func readJoinedWords(behind wordEnd: Int) -> String {
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

    /// Reads a value that stands in no quotes: a number, or words joined by dots and joiners; `nil` for anything else.
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
        var value = source(first) + readJoinedWords(behind: first.range.upperBound)
        while let dot = current, dot.token == .dot, dot.range.lowerBound == lastEnd, index + 1 < lexemes.count {
            let part = lexemes[index + 1]
            guard part.range.lowerBound == dot.range.upperBound, case .word = part.token else { break }
            index += 2
            value += "." + source(part) + readJoinedWords(behind: part.range.upperBound)
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

    /// Whether a bare `true` or `false` is behind the operator: the reference's lexer makes no comparison of it.
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
        let text: String
        if case .backticks(let quoted) = lexeme.token, subject.allowsQuotedEntityNames {
            text = quoted
        } else {
            text = source(lexeme)
        }
        guard let entity = subject.entityNames[text] else {
            throw FilterError(
                "\(subject.wording.invalidEntity) '\(text)'. Valid values are \(subject.entityNamesShown)"
            )
        }
        return entity
    }

    private func resolve(_ entity: Entity, _ key: String, forOrdering: Bool) throws(FilterError) -> FieldReference {
        switch subject.rules[entity] {
        case .anyKey(let kind, let allowsNullTests):
            return FieldReference(
                entity: entity,
                key: key,
                kind: kind,
                isOrderable: true,
                allowsNullTests: allowsNullTests
            )
        case .named(let fields):
            let isAttributeOrder = forOrdering && entity == .attribute
            if let field = fields[key], isAttributeOrder ? field.isOrderable : forOrdering || field.isComparable {
                return FieldReference(
                    entity: entity,
                    key: field.name,
                    kind: field.kind,
                    isOrderable: field.isOrderable,
                    allowsNullTests: false
                )
            }
            let valid = isAttributeOrder ? fields.filter(\.value.isOrderable).keys.sorted() : validKeys(entity)
            let kind = isAttributeOrder ? subject.wording.orderKey : "\(entity.rawValue) key"
            throw FilterError("Invalid \(kind) '\(key)' specified. Valid keys are '\(shownList(valid))'")
        case nil:
            throw FilterError("Invalid entity type '\(entity.rawValue)'. Valid values are \(subject.entityNamesShown)")
        }
    }
}

extension TokenReader {
    /// The keys of a closed set that a filter may compare.
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

/// Names as the reference shows a list of them.
func shownList(_ names: [String]) -> String {
    "[" + names.map { "'\($0)'" }.joined(separator: ", ") + "]"
}
