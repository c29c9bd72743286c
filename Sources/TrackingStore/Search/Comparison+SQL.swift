internal import Filter
internal import Tracking

extension SearchStatement {
    /// Returns the SQL for a comparison of a column, and binds its value or list.
    ///
    /// LIKE and ILIKE have no escape character, and ILIKE ignores the case of ASCII letters only.
    /// - Throws: `.invalidParameterValue` for a pattern of more than 50,000 bytes.
    mutating func condition(_ column: String, _ comparison: Comparison) throws -> String {
        switch comparison.comparisonOperator {
        case .equal: "\(column) = \(try bindValue(of: comparison))"
        case .notEqual: "\(column) != \(try bindValue(of: comparison))"
        case .greater: "\(column) > \(try bindValue(of: comparison))"
        case .greaterOrEqual: "\(column) >= \(try bindValue(of: comparison))"
        case .less: "\(column) < \(try bindValue(of: comparison))"
        case .lessOrEqual: "\(column) <= \(try bindValue(of: comparison))"
        case .like: "is_like(\(column), \(try bindPattern(of: comparison)))"
        case .ilike: "is_ilike(\(column), \(try bindPattern(of: comparison)))"
        case .isIn: "\(column) IN (\(try bindList(of: comparison)))"
        case .notIn: "\(column) NOT IN (\(try bindList(of: comparison)))"
        case .isNull: "\(column) IS NULL"
        case .isNotNull: "\(column) IS NOT NULL"
        }
    }

    /// Returns the SQL for a comparison of an attribute.
    ///
    /// A LIKE pattern gets an additional range for its text before the first wildcard, so that SQLite can use an index
    /// of the column, as it does for its own LIKE.
    mutating func condition(
        _ attribute: (column: String, kind: SortTerm.Kind),
        _ comparison: Comparison
    ) throws -> String {
        let condition = try condition(attribute.column, comparison)
        guard attribute.kind == .text, Self.isColumn(attribute.column), comparison.comparisonOperator == .like,
            case .text(let pattern) = comparison.value
        else { return condition }
        let wildcards: [UInt8] = [UInt8(ascii: "%"), UInt8(ascii: "_"), 0]
        let beginning = Array(pattern.utf8.prefix { !wildcards.contains($0) })
        guard let last = beginning.last else { return condition }
        let first = bind(TextBytes(bytes: beginning))
        let beyond = bind(TextBytes(bytes: beginning.dropLast() + [last + 1]))
        return "\(attribute.column) >= \(first) AND \(attribute.column) < \(beyond) AND \(condition)"
    }

    /// Whether the text is the name of a column and not an expression.
    private static func isColumn(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") || $0 | 0x20 >= UInt8(ascii: "a") }
    }

    private mutating func bindValue(of comparison: Comparison) throws -> String {
        switch comparison.value {
        case .text(let text): bind(text)
        case .integer(let number): bind(number)
        case .number(let number): bind(number)
        case .none, .list, .integers: throw Self.unexpectedValue(of: comparison)
        }
    }

    /// The maximum length of a pattern in bytes, the same as in SQLite's own LIKE (https://sqlite.org/limits.html §8).
    private static let maximumPatternBytes = 50_000

    private mutating func bindPattern(of comparison: Comparison) throws -> String {
        guard case .text(let text) = comparison.value else { throw Self.unexpectedValue(of: comparison) }
        guard text.utf8.count <= Self.maximumPatternBytes else {
            throw TrackingError.invalidParameter(
                "The pattern for '\(comparison.key)' has more than \(Self.maximumPatternBytes) bytes. Shorten it."
            )
        }
        return try bindValue(of: comparison)
    }

    private mutating func bindList(of comparison: Comparison) throws -> String {
        switch comparison.value {
        case .list(let texts): texts.map { bind($0) }.joined(separator: ", ")
        case .integers(let numbers): numbers.map { bind($0) }.joined(separator: ", ")
        case .none, .text, .integer, .number: throw Self.unexpectedValue(of: comparison)
        }
    }

    /// Returns the error for a comparison whose value does not fit its operator, which the parser never returns.
    private static func unexpectedValue(of comparison: Comparison) -> StoreCorruption {
        StoreCorruption("the parser returned a value of the wrong kind for \(comparison.key)")
    }
}
