/// The kind of value that a comparison tests or an ordering sorts by.
package enum Entity: String, Sendable, Hashable, CaseIterable {
    case attribute
    case metric
    case parameter
    case tag
    case dataset
}

/// The operator of a comparison.
///
/// Every operator except `like` and `ilike` compares texts byte for byte.
package enum ComparisonOperator: String, Sendable, Hashable, CaseIterable {
    case equal = "="
    case notEqual = "!="
    case greater = ">"
    case greaterOrEqual = ">="
    case less = "<"
    case lessOrEqual = "<="
    /// `%` and `_` are wildcards. Case counts, and there is no escape character.
    case like = "LIKE"
    /// Works as `like`, but ignores the case of ASCII letters.
    case ilike = "ILIKE"
    case isIn = "IN"
    case notIn = "NOT IN"
    case isNull = "IS NULL"
    case isNotNull = "IS NOT NULL"
}

/// The right side of a comparison.
///
/// The field on the left side decides which case it has.
package enum ComparisonValue: Sendable, Hashable {
    /// Used only with `isNull` and `isNotNull`.
    case none
    case text(String)
    /// A metric's value, or a time that was written with a decimal point or an exponent. May be infinite, never NaN.
    case number(Double)
    /// A time in Unix milliseconds, an experiment id or the number of a model version.
    case integer(Int64)
    /// Used only with `isIn` and `notIn`. Empty only for a logged model's field.
    case list([String])
    /// Experiment ids; used only with `isIn` and `notIn`, never empty.
    case integers([Int64])
}

/// One condition of a filter.
///
/// The parser only returns conditions that are legal for the subject of the search, so the store need not check them.
package struct Comparison: Sendable, Hashable {
    package let entity: Entity
    /// The key without quotes.
    ///
    /// For an attribute it is the canonical name (`start_time` for `Created`).
    package let key: String
    package let comparisonOperator: ComparisonOperator
    package let value: ComparisonValue

    package init(entity: Entity, key: String, comparisonOperator: ComparisonOperator, value: ComparisonValue) {
        self.entity = entity
        self.key = key
        self.comparisonOperator = comparisonOperator
        self.value = value
    }
}

/// One clause of an `order_by` list.
package struct Ordering: Sendable, Hashable {
    /// The value by which an ordering sorts.
    ///
    /// A clause of the language always means `value`; requests for run tables use the other cases.
    package enum SortValue: Sendable, Hashable {
        /// The latest number of a metric; the text of everything else.
        case value
        /// The numbers of texts that are decimal numbers; all other texts come after them.
        case number
        /// The least number that a metric ever had.
        case minimum
        /// The greatest number that a metric ever had.
        case maximum
        /// The value of a metric at a step.
        case step(Int64)
    }

    package let entity: Entity
    /// The key without quotes.
    ///
    /// For an attribute it is the canonical name.
    package let key: String
    package let ascending: Bool
    package let sortValue: SortValue

    package init(entity: Entity, key: String, ascending: Bool, sortValue: SortValue = .value) {
        self.entity = entity
        self.key = key
        self.ascending = ascending
        self.sortValue = sortValue
    }
}

/// The reason why a filter or an `order_by` clause is refused.
///
/// The client gets it as 400 INVALID_PARAMETER_VALUE.
package struct FilterError: Error, Sendable, Hashable {
    /// One line that names the wrong clause, key or operator and, where there are few, the legal ones.
    package let message: String

    package init(_ message: String) {
        self.message = message
    }
}

/// Bounds on one search.
///
/// They are higher than what MLflow can carry out: MLflow fails at 10,000 tokens in a filter and at 64 joined tables.
package enum FilterLimits {
    /// Maximum number of UTF-8 bytes in one filter.
    package static let filterBytes = 512 * 1024
    /// Maximum number of conditions in one filter.
    package static let comparisons = 200
    /// Maximum number of values in all lists of one filter together; well below SQLite's 32,766 bound values per
    /// statement.
    package static let listValues = 10_000
    /// Maximum number of clauses in one `order_by`.
    package static let orderings = 64
    /// Maximum number of UTF-8 bytes in one `order_by` clause.
    package static let orderingBytes = 4 * 1024
}
