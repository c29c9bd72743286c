internal import Filter
internal import Tracking

/// A column, or another expression, that a filter compares or an order sorts by.
struct SearchColumn {
    var sql: String
    var kind: SortTerm.Kind

    init(_ sql: String, _ kind: SortTerm.Kind) {
        self.sql = sql
        self.kind = kind
    }
}

extension SearchStatement {
    /// Returns the SQL for a comparison of a column, and binds its value or list.
    ///
    /// LIKE and ILIKE are those of PostgreSQL, as in MLflow over PostgreSQL: a backslash makes the character after it an
    /// ordinary one, and ILIKE ignores the case of all letters that the collation of the database knows.
    /// - Throws: `.invalidParameterValue` for a pattern of more than 50,000 bytes, or one that ends with a backslash.
    mutating func condition(_ column: SearchColumn, _ comparison: Comparison) throws -> String {
        switch comparison.comparisonOperator {
        case .isNull: return "\(column.sql) IS NULL"
        case .isNotNull: return "\(column.sql) IS NOT NULL"
        case .like, .ilike: return try likeCondition(column, comparison)
        case .isIn, .notIn: return try listCondition(column, comparison)
        case .equal, .notEqual, .greater, .greaterOrEqual, .less, .lessOrEqual: break
        }
        switch (comparison.value, column.kind) {
        case (.text(let text), .text):
            // No stored text contains NUL.
            guard !text.utf8.contains(0) else { return Self.resultForImpossibleValue(comparison, column) }
            return "\(column.sql) \(comparison.comparisonOperator.rawValue) \(bind(text))"
        case (.text(let text), .integer):
            guard let number = Self.integer(text) else { return Self.resultForImpossibleValue(comparison, column) }
            return "\(column.sql) \(comparison.comparisonOperator.rawValue) \(bind(number))"
        case (.integer(let number), .integer):
            return "\(column.sql) \(comparison.comparisonOperator.rawValue) \(bind(number))"
        case (.number(let number), .integer): return integerCondition(column, comparison, number)
        case (.number(let number), .real):
            return "\(column.sql) \(comparison.comparisonOperator.rawValue) \(bind(number))"
        case (.integer(let number), .real):
            return "\(column.sql) \(comparison.comparisonOperator.rawValue) \(bind(Double(number)))"
        case (.none, _), (.list, _), (.integers, _), (.text, .real), (.integer, .text), (.number, .text):
            throw Self.unexpectedValue(of: comparison)
        }
    }

    /// Returns the result of a comparison with a value that no row can have.
    private static func resultForImpossibleValue(_ comparison: Comparison, _ column: SearchColumn) -> String {
        comparison.comparisonOperator == .notEqual ? "\(column.sql) IS NOT NULL" : "FALSE"
    }

    /// Returns the whole number that a text represents; nil if it represents none.
    private static func integer(_ text: String) -> Int64? {
        let digits = text.drop(while: \.isWhitespace)
        let trimmed = digits.prefix(digits.count - digits.reversed().prefix(while: \.isWhitespace).count)
        return Int64(trimmed) ?? (trimmed.isDecimalNumber ? Double(trimmed).flatMap { Int64(exactly: $0) } : nil)
    }

    /// Compares whole numbers with a floating-point number exactly, because PostgreSQL would round large whole numbers.
    private mutating func integerCondition(
        _ column: SearchColumn,
        _ comparison: Comparison,
        _ number: Double
    ) -> String {
        let comparisonOperator = comparison.comparisonOperator
        if let whole = Int64(exactly: number) { return "\(column.sql) \(comparisonOperator.rawValue) \(bind(whole))" }
        switch comparisonOperator {
        case .greater, .greaterOrEqual:
            guard let above = Int64(exactly: number.rounded(.up)) else {
                return number < 0 ? "\(column.sql) IS NOT NULL" : "FALSE"
            }
            return "\(column.sql) >= \(bind(above))"
        case .less, .lessOrEqual:
            guard let below = Int64(exactly: number.rounded(.down)) else {
                return number > 0 ? "\(column.sql) IS NOT NULL" : "FALSE"
            }
            return "\(column.sql) <= \(bind(below))"
        default: return Self.resultForImpossibleValue(comparison, column)
        }
    }

    /// The maximum length of a pattern in bytes, as in the SQLite store.
    private static let maximumPatternBytes = 50_000

    private mutating func likeCondition(_ column: SearchColumn, _ comparison: Comparison) throws -> String {
        guard case .text(let pattern) = comparison.value else { throw Self.unexpectedValue(of: comparison) }
        guard pattern.utf8.count <= Self.maximumPatternBytes else {
            throw TrackingError.invalidParameter(
                "The pattern for '\(comparison.key)' has more than \(Self.maximumPatternBytes) bytes. Shorten it."
            )
        }
        guard pattern.utf8.reversed().prefix(while: { $0 == UInt8(ascii: "\\") }).count.isMultiple(of: 2) else {
            throw TrackingError.invalidParameter(
                "The pattern for '\(comparison.key)' ends with a backslash that escapes nothing. Write two backslashes "
                    + "to search for one."
            )
        }
        guard !pattern.utf8.contains(0) else { return "FALSE" }
        let text = column.kind == .text ? column.sql : "(\(column.sql))::text"
        return "\(text) \(comparison.comparisonOperator.rawValue) \(bind(pattern))"
    }

    private mutating func listCondition(_ column: SearchColumn, _ comparison: Comparison) throws -> String {
        let list: String
        switch (comparison.value, column.kind) {
        case (.list(let texts), .text): list = bind(texts)
        case (.list(let texts), .integer): list = bind(texts.compactMap(Self.integer))
        case (.integers(let numbers), .integer): list = bind(numbers)
        default: throw Self.unexpectedValue(of: comparison)
        }
        return comparison.comparisonOperator == .isIn
            ? "\(column.sql) = ANY(\(list))" : "\(column.sql) <> ALL(\(list))"
    }

    /// Returns the error for a comparison whose value does not fit its operator, which the parser never returns.
    private static func unexpectedValue(of comparison: Comparison) -> StoreCorruption {
        StoreCorruption("the parser returned a value of the wrong kind for \(comparison.key)")
    }
}
