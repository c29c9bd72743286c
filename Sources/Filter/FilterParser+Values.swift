/// Parses the right side of a comparison.
extension FilterParser {
    mutating func scalarValue(for field: FieldReference, from start: Int) throws(FilterError) -> ComparisonValue {
        // In `key = AND …` the value is missing, because AND is the keyword that joins the next condition.
        guard let lexeme = reader.current, lexeme.token != .word(.and) else { throw invalidClause(from: start) }
        if field.kind == .optionallyQuoted { return .text(try optionallyQuotedValue(lexeme, from: start)) }
        reader.advance()
        let source = reader.source(lexeme)
        switch (field.kind, lexeme.token) {
        case (.double, .integer), (.double, .float), (.integerOrDouble, .float):
            guard let number = Double(source), !number.isNaN else { throw wrongValue(source, for: field) }
            return .number(number)
        case (.integerOrDouble, .integer), (.integer, .integer), (.integerOrQuotedInteger, .integer):
            guard let integer = Int64(source) else {
                throw FilterError(
                    "Invalid value for numeric attribute '\(field.key)': '\(source)' does not fit into 64 bits"
                )
            }
            return .integer(integer)
        case (.integer, .float), (.integerOrQuotedInteger, .float):
            throw FilterError("Invalid value for numeric attribute '\(field.key)': '\(source)'")
        case (.integerOrQuotedInteger, .singleQuotes(let text)), (.integerOrQuotedInteger, .doubleQuotes(let text)):
            guard let integer = Int64(text) else {
                throw FilterError("Invalid value for numeric attribute '\(field.key)': '\(text)'")
            }
            return .integer(integer)
        case (.text, .singleQuotes(let text)), (.text, .doubleQuotes(let text)),
            (.textOrList, .singleQuotes(let text)), (.textOrList, .doubleQuotes(let text)):
            return .text(text)
        case (.quotedInteger, .singleQuotes(let text)), (.quotedInteger, .doubleQuotes(let text)):
            return .integer(try experimentID(text))
        default: throw wrongValue(source, for: field)
        }
    }

    /// Reads a value that may be quoted or not, and removes its quotes.
    ///
    /// MLflow does not remove double quotes here, so in MLflow a comparison with a value in double quotes finds nothing.
    private mutating func optionallyQuotedValue(_ lexeme: Lexeme, from start: Int) throws(FilterError) -> String {
        if case .singleQuotes = lexeme.token {
            reader.advance()
            let isQuote: (Unicode.Scalar) -> Bool = { $0 == "'" }
            let inner = reader.source(lexeme).unicodeScalars.drop(while: isQuote).reversed().drop(while: isQuote)
            return String(String.UnicodeScalarView(inner.reversed()))
        }
        if case .doubleQuotes(let text) = lexeme.token {
            reader.advance()
            return text
        }
        guard let value = reader.readBareValue() else { throw invalidClause(from: start) }
        return value
    }

    /// Reads a list of quoted strings in parentheses.
    ///
    /// - Throws: "invalid clause" if the closing parenthesis is missing, "ill-formed list" for other mistakes in the list.
    mutating func list(for field: FieldReference, from start: Int) throws(FilterError) -> [String] {
        reader.advance()
        var values: [String] = []
        var needsComma = false
        while !reader.skip(.close) {
            guard let lexeme = reader.current else { throw invalidClause(from: start) }
            reader.advance()
            if needsComma {
                guard lexeme.token == .comma else { throw illFormedList }
                needsComma = false
                continue
            }
            switch lexeme.token {
            case .singleQuotes(let text):
                guard let value = unescapedListValue(text, quote: "'") else { throw illFormedList }
                values.append(value)
            case .doubleQuotes(let text):
                guard let value = unescapedListValue(text, quote: "\"") else { throw illFormedList }
                values.append(value)
            case .integer, .float:
                throw FilterError(
                    "While parsing a list in the query, expected string value, punctuation, or whitespace, "
                        + "but got different type in list: \(reader.source(lexeme))"
                )
            case .word, .backticks, .comparison, .joiner, .dot, .comma, .open, .close: throw illFormedList
            }
            needsComma = true
        }
        guard !values.isEmpty || field.kind == .optionallyQuoted else {
            throw FilterError(
                "While parsing a list in the query, expected a non-empty list of string values, but got empty list"
            )
        }
        listValueCount += values.count
        guard listValueCount <= FilterLimits.listValueCount else {
            throw FilterError("The filter's lists have more than \(FilterLimits.listValueCount) values. Use fewer.")
        }
        return values
    }

    func listValue(_ values: [String], for field: FieldReference) throws(FilterError) -> ComparisonValue {
        guard field.kind == .quotedInteger else { return .list(values) }
        var ids: [Int64] = []
        for value in values { ids.append(try experimentID(value)) }
        return .integers(ids)
    }

    private func experimentID(_ text: String) throws(FilterError) -> Int64 {
        let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
        guard !digits.isEmpty, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let id = Int64(text) else {
            throw FilterError("Invalid experiment ID '\(text)'. Experiment ID must be a valid integer.")
        }
        return id
    }
}
