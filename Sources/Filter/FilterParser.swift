/// Parses a search filter: comparisons, all of which must hold.
///
/// Follows MLflow 3.17.2 in what is legal. `AND` may be missing before a plain comparison, as there. The empty text is
/// the empty filter; white space alone is an error. The cost is linear in the length of the text.
package func parseFilter(_ text: String, for subject: SearchSubject) throws(FilterError) -> [Comparison] {
    guard !text.isEmpty else { return [] }
    guard text.utf8.count <= FilterLimits.filterBytes else {
        throw FilterError("The filter has more than \(FilterLimits.filterBytes) bytes. Shorten it.")
    }
    let reader: TokenReader
    do throws(UnexpectedText) {
        reader = try TokenReader(text, subject: subject)
    } catch {
        let rest = String(String.UnicodeScalarView(text.unicodeScalars.dropFirst(error.offset).prefix(120)))
        throw FilterError("Invalid clause(s) in filter string: '\(rest)'")
    }
    var parser = FilterParser(reader: reader)
    return try parser.parse(text)
}

private struct FilterParser {
    var reader: TokenReader
    private var listValues = 0

    init(reader: TokenReader) {
        self.reader = reader
    }

    mutating func parse(_ text: String) throws(FilterError) -> [Comparison] {
        guard !reader.isAtEnd else { throw FilterError("Invalid filter '\(text)'. Could not be parsed.") }
        var comparisons: [Comparison] = []
        var isJoined = true
        while !reader.isAtEnd {
            if reader.take(keyword: .and) {
                isJoined = true
                continue
            }
            let start = reader.offset
            let comparison = try comparison()
            // Between plain comparisons the reference tolerates a missing AND; before lists and null tests it does not.
            guard isJoined || !comparison.comparisonOperator.needsConjunction else { throw invalidClause(from: start) }
            isJoined = comparison.value == .none
            comparisons.append(comparison)
            guard comparisons.count <= FilterLimits.comparisons else {
                throw FilterError("The filter has more than \(FilterLimits.comparisons) comparisons. Use fewer.")
            }
        }
        return comparisons
    }

    private mutating func comparison() throws(FilterError) -> Comparison {
        let start = reader.offset
        guard let field = try reader.readField(forOrdering: false), let written = writtenOperator() else {
            throw invalidClause(from: start)
        }
        if written == "IS NULL" || written == "IS NOT NULL" {
            return try nullTest(field, written == "IS NULL" ? .isNull : .isNotNull)
        }
        let value: ComparisonValue
        let isList = reader.current?.token == .open
        if isList {
            guard field.kind.acceptsLists else { throw listRefused(field, from: reader.offset) }
            value = try typed(try list(for: field), for: field)
        } else {
            // Without parentheses there is no list, whatever the field.
            guard written != "IN", written != "NOT IN" else { throw invalidClause(from: start) }
            value = try scalarValue(for: field, from: start)
        }
        let comparisonOperator = try legal(written, for: field)
        guard isList == (comparisonOperator == .isIn || comparisonOperator == .notIn) else {
            throw FilterError("Invalid comparator '\(written)' for a list. Use IN or NOT IN.")
        }
        return Comparison(
            entity: field.entity,
            key: field.key,
            comparisonOperator: comparisonOperator,
            value: value
        )
    }

    /// Reads an operator, legal here or not, as its canonical text; `like` keeps its case where case matters.
    private mutating func writtenOperator() -> String? {
        guard let lexeme = reader.current else { return nil }
        if lexeme.token == .comparison {
            reader.advance()
            return reader.source(lexeme)
        }
        if reader.take(keyword: .isWord) {
            let isNegated = reader.take(keyword: .not)
            guard reader.take(keyword: .null) else { return nil }
            return isNegated ? "IS NOT NULL" : "IS NULL"
        }
        let prefix = reader.take(keyword: .not) ? "NOT " : ""
        guard let word = reader.current else { return nil }
        if reader.take(keyword: .inWord) {
            // The reference rewrites `not in` to upper case, `in` alone it does not.
            return prefix.isEmpty && !reader.subject.foldsOperatorCase ? reader.source(word) : prefix + "IN"
        }
        for keyword in [Keyword.like, .ilike, .rlike] where reader.take(keyword: keyword) {
            return prefix + (reader.subject.foldsOperatorCase ? keyword.rawValue : reader.source(word))
        }
        return nil
    }

    private func legal(_ written: String, for field: FieldReference) throws(FilterError) -> ComparisonOperator {
        let legal = field.kind.operators
        if let comparisonOperator = ComparisonOperator(rawValue: written), legal.contains(comparisonOperator) {
            return comparisonOperator
        }
        let valid = legal + (field.allowsNullTests ? [.isNull, .isNotNull] : [])
        throw FilterError(
            "Invalid comparator '\(written)' for \(field.entity.rawValue) '\(field.key)', "
                + "not one of '\(shownList(valid.map(\.rawValue)))'"
        )
    }

    private func nullTest(
        _ field: FieldReference,
        _ comparisonOperator: ComparisonOperator
    ) throws(FilterError) -> Comparison {
        guard field.allowsNullTests else {
            let entities = reader.subject.rules[.parameter] == nil ? "tags" : "tags and params"
            throw FilterError(
                "IS NULL / IS NOT NULL is only supported for \(entities), "
                    + "not for '\(field.entity.rawValue)' '\(field.key)'"
            )
        }
        return Comparison(entity: field.entity, key: field.key, comparisonOperator: comparisonOperator, value: .none)
    }

    private func invalidClause(from start: Int) -> FilterError {
        FilterError("Invalid clause(s) in filter string: '\(reader.source(from: start))'")
    }
}

extension ComparisonOperator {
    fileprivate var needsConjunction: Bool {
        switch self {
        case .isIn, .notIn, .isNull, .isNotNull: true
        case .equal, .notEqual, .greater, .greaterOrEqual, .less, .lessOrEqual, .like, .ilike: false
        }
    }
}

extension FilterParser {
    private mutating func scalarValue(
        for field: FieldReference,
        from start: Int
    ) throws(FilterError) -> ComparisonValue {
        guard let lexeme = reader.current else { throw invalidClause(from: start) }
        if field.kind == .anyText { return .text(try anyText(lexeme, from: start)) }
        reader.advance()
        let source = reader.source(lexeme)
        switch (field.kind, lexeme.token) {
        case (.double, .integer), (.double, .float), (.integerOrDouble, .float):
            guard let number = Double(source), !number.isNaN else { throw wrongValue(source, for: field) }
            return .number(number)
        case (.integerOrDouble, .integer), (.integer, .integer):
            guard let integer = Int64(source) else {
                throw FilterError(
                    "Invalid value for numeric attribute '\(field.key)': '\(source)' does not fit into 64 bits"
                )
            }
            return .integer(integer)
        case (.integer, .float):
            throw FilterError("Invalid value for numeric attribute '\(field.key)': '\(source)'")
        case (.text, .singleQuotes(let text)), (.text, .doubleQuotes(let text)),
            (.textOrList, .singleQuotes(let text)), (.textOrList, .doubleQuotes(let text)):
            return .text(text)
        case (.digits, .singleQuotes(let text)), (.digits, .doubleQuotes(let text)):
            return .integer(try experimentID(text))
        default:
            throw wrongValue(source, for: field)
        }
    }

    /// A value of which the reference takes single quotes off the ends, and nothing else: double quotes belong to it.
    private mutating func anyText(_ lexeme: Lexeme, from start: Int) throws(FilterError) -> String {
        if case .singleQuotes = lexeme.token {
            reader.advance()
            let isQuote: (Unicode.Scalar) -> Bool = { $0 == "'" }
            let inner = reader.source(lexeme).unicodeScalars.drop(while: isQuote).reversed().drop(while: isQuote)
            return String(String.UnicodeScalarView(inner.reversed()))
        }
        guard let value = reader.readBareValue() else { throw invalidClause(from: start) }
        return value
    }

    private mutating func list(for field: FieldReference) throws(FilterError) -> [String] {
        reader.advance()
        var values: [String] = []
        var needsComma = false
        while !reader.take(.close) {
            guard let lexeme = reader.current else { throw illFormedList }
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
        guard !values.isEmpty || field.kind == .anyText else {
            throw FilterError(
                "While parsing a list in the query, expected a non-empty list of string values, but got empty list"
            )
        }
        listValues += values.count
        guard listValues <= FilterLimits.listValues else {
            throw FilterError("The filter's lists have more than \(FilterLimits.listValues) values. Use fewer.")
        }
        return values
    }

    private func typed(_ values: [String], for field: FieldReference) throws(FilterError) -> ComparisonValue {
        guard field.kind == .digits else { return .list(values) }
        var ids: [Int64] = []
        for value in values { ids.append(try experimentID(value)) }
        return .integers(ids)
    }

    private func experimentID(_ text: String) throws(FilterError) -> Int64 {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let id = Int64(text) else {
            throw FilterError("Invalid experiment ID '\(text)'. Experiment ID must be a valid integer.")
        }
        return id
    }

    private var illFormedList: FilterError {
        FilterError(
            "While parsing a list in the query, expected a non-empty list of string values, but got ill-formed list."
        )
    }

    private func listRefused(_ field: FieldReference, from start: Int) -> FilterError {
        guard field.entity == .attribute, case .named(let fields) = reader.subject.rules[.attribute],
            field.kind == .text
        else { return wrongValue(reader.source(from: start), for: field) }
        let names = Set(fields.values.filter(\.kind.acceptsLists).map(\.name)).sorted()
        return FilterError(
            "Only \(shownList(names)) attributes support comparison with a list of quoted string values."
        )
    }

    private func wrongValue(_ source: String, for field: FieldReference) -> FilterError {
        switch field.kind {
        case .double: FilterError("Expected numeric value type for metric. Found \(source)")
        case .integer, .integerOrDouble:
            FilterError("Expected numeric value type for numeric attribute: \(field.key). Found \(source)")
        case .text where field.entity != .attribute:
            FilterError(
                "Expected a quoted string value for \(field.entity.rawValue) (e.g. 'my-value'). Got value \(source)"
            )
        case .text, .textOrList, .anyText, .digits:
            FilterError(
                "Expected a quoted string value for \(field.entity == .dataset ? "dataset attributes" : "attributes")."
                    + " Got value \(source)"
            )
        }
    }
}
