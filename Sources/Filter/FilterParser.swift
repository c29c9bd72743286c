/// Parses a search filter; the search finds the entities for which all of the returned comparisons are true.
///
/// Accepts what MLflow 3.17.2 accepts: even the `AND` before a comparison may be missing, unless the comparison has a list
/// or tests for null. An empty text is an empty filter, but a text of only white space is an error. The cost is linear in
/// the length of the text.
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
        throw FilterError("\(subject.wording.invalidClause) '\(rest)'")
    }
    var parser = FilterParser(reader: reader)
    return try parser.parse(text)
}

/// Parses the tokens of one filter, from left to right.
struct FilterParser {
    var reader: TokenReader
    var listValueCount = 0

    mutating func parse(_ text: String) throws(FilterError) -> [Comparison] {
        guard !reader.isAtEnd else { throw FilterError("Invalid filter '\(text)'. Could not be parsed.") }
        var comparisons: [Comparison] = []
        var isJoined = true
        while !reader.isAtEnd {
            if reader.skip(keyword: .and) {
                isJoined = true
                continue
            }
            let start = reader.offset
            let comparison = try comparison()
            // MLflow accepts a missing AND between plain comparisons, but not before a list or a null test.
            guard isJoined || !comparison.comparisonOperator.needsConjunction else { throw invalidClause(from: start) }
            isJoined = comparison.value == .none
            comparisons.append(comparison)
            guard comparisons.count <= FilterLimits.comparisonCount else {
                throw FilterError("The filter has more than \(FilterLimits.comparisonCount) comparisons. Use fewer.")
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
        if reader.subject.wording.checksOperatorFirst { _ = try legalOperator(written, for: field) }
        let value: ComparisonValue
        let isList = reader.current?.token == .open
        if isList {
            guard field.kind.acceptsLists else { throw listNotAllowed(field, from: reader.offset) }
            value = try listValue(try list(for: field, from: start), for: field)
        } else {
            // IN needs a list in parentheses, for every field.
            guard written != "IN", written != "NOT IN" else { throw invalidClause(from: start) }
            value = try scalarValue(for: field, from: start)
        }
        let comparisonOperator = try legalOperator(written, for: field)
        guard isList == (comparisonOperator == .isIn || comparisonOperator == .notIn) else {
            throw FilterError("Invalid comparator '\(written)' for a list. Use IN or NOT IN.")
        }
        return Comparison(entity: field.entity, key: field.key, comparisonOperator: comparisonOperator, value: value)
    }

    /// Reads an operator and returns its canonical text, whether or not it is legal for the field.
    ///
    /// The text keeps its case if the subject distinguishes the case of operators. Returns nil if no operator comes next.
    private mutating func writtenOperator() -> String? {
        guard let lexeme = reader.current else { return nil }
        if lexeme.token == .comparison {
            reader.advance()
            return reader.source(lexeme)
        }
        if reader.skip(keyword: .isKeyword) {
            let isNegated = reader.skip(keyword: .not)
            guard reader.skip(keyword: .null) else { return nil }
            return isNegated ? "IS NOT NULL" : "IS NULL"
        }
        let prefix = reader.skip(keyword: .not) ? "NOT " : ""
        guard let word = reader.current else { return nil }
        if reader.skip(keyword: .inKeyword) {
            // MLflow converts `not in` to upper case, but not `in` alone.
            return prefix.isEmpty && !reader.subject.foldsOperatorCase ? reader.source(word) : prefix + "IN"
        }
        for keyword in [Keyword.like, .ilike, .rlike] where reader.skip(keyword: keyword) {
            return prefix + (reader.subject.foldsOperatorCase ? keyword.rawValue : reader.source(word))
        }
        return nil
    }

    private func legalOperator(_ written: String, for field: FieldReference) throws(FilterError) -> ComparisonOperator {
        let legal = field.kind.operators
        if let comparisonOperator = ComparisonOperator(rawValue: written), legal.contains(comparisonOperator) {
            return comparisonOperator
        }
        throw wrongComparator(written, for: field)
    }

    private func nullTest(
        _ field: FieldReference,
        _ comparisonOperator: ComparisonOperator
    ) throws(FilterError) -> Comparison {
        guard field.allowsNullTests else {
            guard reader.subject.allowsNullTests else {
                throw FilterError("IS NULL / IS NOT NULL is not supported in this search; compare with a value.")
            }
            let entities = reader.subject.rules[.parameter] == nil ? "tags" : "tags and params"
            throw FilterError(
                "IS NULL / IS NOT NULL is only supported for \(entities), "
                    + "not for '\(field.entity.rawValue)' '\(field.key)'"
            )
        }
        return Comparison(entity: field.entity, key: field.key, comparisonOperator: comparisonOperator, value: .none)
    }

    func invalidClause(from start: Int) -> FilterError {
        FilterError("\(reader.subject.wording.invalidClause) '\(reader.source(from: start))'")
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
