internal import Filter
internal import Tracking

extension SearchStatement {
    /// `column operator value` for an operator that compares with one value or a list.
    ///
    /// LIKE is case-sensitive by the reader's pragma; ILIKE folds ASCII as SQLite's `lower` does. Neither has an escape
    /// character.
    mutating func condition(_ column: String, _ comparison: Comparison) throws -> String {
        switch comparison.comparisonOperator {
        case .equal: "\(column) = \(try bindValue(of: comparison))"
        case .notEqual: "\(column) != \(try bindValue(of: comparison))"
        case .greater: "\(column) > \(try bindValue(of: comparison))"
        case .greaterOrEqual: "\(column) >= \(try bindValue(of: comparison))"
        case .less: "\(column) < \(try bindValue(of: comparison))"
        case .lessOrEqual: "\(column) <= \(try bindValue(of: comparison))"
        case .like: "\(column) LIKE \(try bindPattern(of: comparison))"
        case .ilike: "lower(\(column)) LIKE lower(\(try bindPattern(of: comparison)))"
        case .isIn: "\(column) IN (\(try bindList(of: comparison)))"
        case .notIn: "\(column) NOT IN (\(try bindList(of: comparison)))"
        case .isNull: "\(column) IS NULL"
        case .isNotNull: "\(column) IS NOT NULL"
        }
    }

    private mutating func bindValue(of comparison: Comparison) throws -> String {
        switch comparison.value {
        case .text(let text): bind(text)
        case .integer(let number): bind(number)
        case .number(let number): bind(number)
        case .none, .list, .integers: throw Self.unexpectedValue(of: comparison)
        }
    }

    /// The longest pattern that SQLite takes, in bytes (https://sqlite.org/limits.html §8).
    private static let maximumPatternBytes = 50_000

    /// What may follow a percent sign, in bytes, up to the next one.
    ///
    /// SQLite looks for it at every place of a text, in one step that nothing can stop.
    private static let maximumPieceBytes = 500

    private mutating func bindPattern(of comparison: Comparison) throws -> String {
        guard case .text(let text) = comparison.value else { throw Self.unexpectedValue(of: comparison) }
        guard text.utf8.count <= Self.maximumPatternBytes else {
            throw TrackingError.invalidParameter(
                "The pattern for '\(comparison.key)' has more than \(Self.maximumPatternBytes) bytes. Shorten it."
            )
        }
        let pieces = text.utf8.split(separator: UInt8(ascii: "%"), omittingEmptySubsequences: false)
        guard pieces.dropFirst().allSatisfy({ $0.count <= Self.maximumPieceBytes }) else {
            throw TrackingError.invalidParameter(
                "The pattern for '\(comparison.key)' has more than \(Self.maximumPieceBytes) bytes behind a '%'. Shorten it."
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

    /// The parser lets no such comparison pass; nothing a client sends leads here.
    private static func unexpectedValue(of comparison: Comparison) -> StoreCorruption {
        StoreCorruption("the parser delivered a value of the wrong kind for \(comparison.key)")
    }
}

extension QueryDigest {
    mutating func add(_ filter: [Comparison]) {
        for comparison in filter {
            add(comparison.entity.rawValue)
            add(comparison.key)
            add(comparison.comparisonOperator.rawValue)
            switch comparison.value {
            case .none: add("")
            case .text(let text): add(text)
            case .number(let number): add(String(number.bitPattern))
            case .integer(let number): add(String(number))
            case .list(let texts): for text in texts { add(text) }
            case .integers(let numbers): add(jsonArray(numbers))
            }
        }
    }

    mutating func add(_ orderings: [Ordering]) {
        for ordering in orderings {
            add(ordering.entity.rawValue)
            add(ordering.key)
            add(ordering.ascending ? "ASC" : "DESC")
        }
    }
}
