/// What a comparison or an ordering looks at.
package enum Entity: String, Sendable, Hashable, CaseIterable {
    case attribute
    case metric
    case parameter
    case tag
    case dataset
}

/// How a comparison compares; all but `like` and `ilike` compare texts byte for byte.
package enum ComparisonOperator: String, Sendable, Hashable, CaseIterable {
    case equal = "="
    case notEqual = "!="
    case greater = ">"
    case greaterOrEqual = ">="
    case less = "<"
    case lessOrEqual = "<="
    /// `%` and `_` as wildcards, case-sensitive, without an escape character.
    case like = "LIKE"
    /// As `like`, with ASCII letters folded.
    case ilike = "ILIKE"
    case isIn = "IN"
    case notIn = "NOT IN"
    case isNull = "IS NULL"
    case isNotNull = "IS NOT NULL"
}

/// The right side of a comparison, typed by the field on its left.
package enum ComparisonValue: Sendable, Hashable {
    /// With `isNull` and `isNotNull` only.
    case none
    case text(String)
    /// A metric, or a time that was written with a point or an exponent; may be infinite, is never NaN.
    case number(Double)
    /// A time in milliseconds or an experiment id.
    case integer(Int64)
    /// With `isIn` and `notIn` only; never empty.
    case list([String])
    /// Experiment ids, with `isIn` and `notIn` only; never empty.
    case integers([Int64])
}

/// One condition of a filter; what the parser hands out is legal for its subject and needs no second check.
package struct Comparison: Sendable, Hashable {
    package let entity: Entity
    /// Without quotes; an attribute has its canonical name (`start_time` for `Created`).
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
    /// What of the entity decides.
    ///
    /// No clause can say so: the language knows values alone.
    package enum Aspect: Sendable, Hashable {
        /// The latest number of a metric; the text of everything else.
        case value
        /// Texts that are decimal numbers by their numbers, before all other texts.
        case number
        /// The least number that a metric ever had.
        case minimum
        /// The greatest number that a metric ever had.
        case maximum
        /// What a metric was at a step.
        case step(Int64)
    }

    package let entity: Entity
    /// Without quotes; an attribute has its canonical name.
    package let key: String
    package let ascending: Bool
    package let aspect: Aspect

    package init(entity: Entity, key: String, ascending: Bool, aspect: Aspect = .value) {
        self.entity = entity
        self.key = key
        self.ascending = ascending
        self.aspect = aspect
    }
}

/// Why a filter or an `order_by` clause was refused; becomes 400 INVALID_PARAMETER_VALUE.
package struct FilterError: Error, Sendable, Hashable {
    /// One line that names the offending clause, key or operator, and the legal ones.
    package let message: String

    package init(_ message: String) {
        self.message = message
    }
}

/// Bounds on what one search may ask for.
///
/// They lie above what the reference can carry out: it gives up at 10,000 tokens in a filter and at 64 joined tables.
package enum FilterLimits {
    /// Bytes of UTF-8 in one filter.
    package static let filterBytes = 512 * 1024
    /// Conditions in one filter.
    package static let comparisons = 200
    /// Values in all lists of one filter together; well below the 32,766 variables of an SQLite statement.
    package static let listValues = 10_000
    /// Clauses in one `order_by`.
    package static let orderings = 64
    /// Bytes of UTF-8 in one `order_by` clause.
    package static let orderingBytes = 4 * 1024
}
