import Filter
import Tracking

/// The search language over plain values, written from its specification and not from the SQL.
enum SearchModel {
    /// `left operator right` for texts; a missing left side matches nothing.
    static func matches(_ left: String?, _ comparison: Comparison) -> Bool {
        guard let left else { return false }
        switch (comparison.comparisonOperator, comparison.value) {
        case (.equal, .text(let right)): return left.isExactly(right)
        case (.notEqual, .text(let right)): return !left.isExactly(right)
        case (.like, .text(let right)): return isLike(left, right)
        case (.ilike, .text(let right)): return isLike(asciiLowercased(left), asciiLowercased(right))
        case (.isIn, .list(let right)): return right.contains { left.isExactly($0) }
        case (.notIn, .list(let right)): return !right.contains { left.isExactly($0) }
        default: return false
        }
    }

    /// `left operator right` for numbers; a missing left side matches nothing.
    static func matches(_ left: Double?, _ comparison: Comparison) -> Bool {
        guard let left else { return false }
        switch comparison.value {
        case .number(let right): return matches(left, comparison.comparisonOperator, right)
        case .integer(let right): return matches(left, comparison.comparisonOperator, Double(right))
        case .integers(let right):
            return right.map { Double($0) }.contains(left) == (comparison.comparisonOperator == .isIn)
        case .none, .text, .list: return false
        }
    }

    static func matches(_ left: Double, _ comparisonOperator: ComparisonOperator, _ right: Double) -> Bool {
        switch comparisonOperator {
        case .equal: left == right
        case .notEqual: left != right
        case .less: left < right
        case .lessOrEqual: left <= right
        case .greater: left > right
        case .greaterOrEqual: left >= right
        case .like, .ilike, .isIn, .notIn, .isNull, .isNotNull: false
        }
    }

    /// NaN matches only `!=`; the infinities count as the largest finite numbers.
    static func matchesMetric(_ value: Double?, _ comparison: Comparison) -> Bool {
        guard let value else { return false }
        if value.isNaN { return comparison.comparisonOperator == .notEqual }
        return matches(stored(value), comparison)
    }

    static func stored(_ value: Double) -> Double {
        guard value.isInfinite else { return value }
        return value > 0 ? .greatestFiniteMagnitude : -.greatestFiniteMagnitude
    }

    private static func isLike(_ text: String, _ pattern: String) -> Bool {
        isLike(Array(text.unicodeScalars)[...], Array(pattern.unicodeScalars)[...])
    }

    private static func isLike(_ text: ArraySlice<Unicode.Scalar>, _ pattern: ArraySlice<Unicode.Scalar>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        let rest = pattern.dropFirst()
        switch first {
        case "%": return (0...text.count).contains { isLike(text.dropFirst($0), rest) }
        case "_": return !text.isEmpty && isLike(text.dropFirst(), rest)
        default: return text.first == first && isLike(text.dropFirst(), rest)
        }
    }

    private static func asciiLowercased(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.isASCII ? $0.properties.lowercaseMapping.unicodeScalars.first ?? $0 : $0 }
            )
        )
    }
}

/// One sort value of a row, with a class: rows of lower classes come first in both directions.
struct SortKey {
    enum Value {
        case none
        case text(String)
        case number(Double)
    }

    var rank = 0
    var value = Value.none
    var ascending = true

    /// Negative if the left key comes first.
    static func order(_ left: SortKey, _ right: SortKey) -> Int {
        if left.rank != right.rank { return left.rank - right.rank }
        let order =
            switch (left.value, right.value) {
            case (.text(let left), .text(let right)):
                left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : left.isExactly(right) ? 0 : 1
            case (.number(let left), .number(let right)): left < right ? -1 : left == right ? 0 : 1
            default: 0
            }
        return left.ascending ? order : -order
    }

    /// Whether the left row comes before the right one.
    static func precedes(_ left: [SortKey], _ right: [SortKey]) -> Bool {
        for (left, right) in zip(left, right) {
            let order = order(left, right)
            if order != 0 { return order < 0 }
        }
        return false
    }
}
