/// The kind of data that a comparison tests, or that an ordering sorts by.
package enum Entity: String, Sendable, Hashable, CaseIterable {
    case attribute
    case metric
    case parameter
    case tag
    case dataset
}

/// The operator of a comparison; every operator except `like` and `ilike` compares texts byte for byte.
package enum ComparisonOperator: String, Sendable, Hashable, CaseIterable {
    case equal = "="
    case notEqual = "!="
    case greater = ">"
    case greaterOrEqual = ">="
    case less = "<"
    case lessOrEqual = "<="
    /// Compares with a pattern in which `%` and `_` are wildcards that cannot be escaped; distinguishes case.
    case like = "LIKE"
    /// Compares like `like`, but ignores the case of ASCII letters.
    case ilike = "ILIKE"
    case isIn = "IN"
    case notIn = "NOT IN"
    case isNull = "IS NULL"
    case isNotNull = "IS NOT NULL"
}

/// The right side of a comparison, whose case depends on the field on the left side.
package enum ComparisonValue: Sendable, Hashable {
    /// Used only with `isNull` and `isNotNull`.
    case none
    case text(String)
    /// A value for a metric, or a time that was written with a decimal point or an exponent; may be infinite, never NaN.
    case number(Double)
    /// A time in Unix milliseconds, an experiment id or the number of a model version.
    case integer(Int64)
    /// Used only with `isIn` and `notIn`; may be empty only for a field of a logged model.
    case list([String])
    /// Experiment ids; used only with `isIn` and `notIn`, never empty.
    case integers([Int64])
}

/// One condition of a filter.
///
/// The parser only returns conditions that are legal for the subject of the search, so the stores need not check them.
package struct Comparison: Sendable, Hashable {
    package let entity: Entity
    /// The key without quotes; for an attribute, its canonical name (`start_time` for `Created`).
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
    /// A parsed `order_by` clause always has `value`; requests for run tables use the other cases.
    package enum SortValue: Sendable, Hashable {
        /// The latest value of a metric, or the value of another entity.
        case value
        /// The number that a text represents; texts that are not decimal numbers come after all numbers.
        case number
        /// The least value of a metric.
        case minimum
        /// The greatest value of a metric.
        case maximum
        /// The value of a metric at a step.
        case step(Int64)
    }

    package let entity: Entity
    /// The key without quotes; for an attribute, its canonical name.
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

/// The reason why a filter or an `order_by` clause is refused; the client gets it as 400 INVALID_PARAMETER_VALUE.
package struct FilterError: Error, Sendable, Hashable {
    /// One line that shows the wrong clause, key or operator and, if there are few, the legal ones.
    package let message: String

    package init(_ message: String) { self.message = message }
}

/// Limits of one search; they exceed those of MLflow, which fails at 10,000 tokens in a filter and at 64 joined tables.
package enum FilterLimits {
    /// The maximum number of UTF-8 bytes in one filter.
    package static let filterBytes = 512 * 1024
    /// The maximum number of conditions in one filter.
    package static let comparisonCount = 200
    /// The maximum number of values in all lists of one filter together; well below SQLite's limit of 32,766 bound
    /// values in a statement.
    package static let listValueCount = 10_000
    /// The maximum number of clauses in one `order_by`.
    package static let orderingCount = 64
    /// The maximum number of UTF-8 bytes in one `order_by` clause.
    package static let orderingBytes = 4 * 1024
}
