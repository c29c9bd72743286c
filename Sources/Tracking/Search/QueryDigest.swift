package import Filter

/// A 64-bit FNV-1a hash of a query, which distinguishes the page tokens of different queries.
///
/// The hash is the same in every process, so that tokens stay valid after a restart.
package struct QueryDigest {
    package private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    package init() {}

    package mutating func add(_ text: String) {
        for byte in text.utf8 { mix(byte) }
        // Separates the texts with a byte that UTF-8 never contains: ("ab", "c") and ("a", "bc") get different digests.
        mix(0xFF)
    }

    private mutating func mix(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
}

extension QueryDigest {
    package mutating func add(_ filter: [Comparison]) {
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
            case .integers(let numbers): add(numbers)
            }
        }
    }

    package mutating func add(_ orderings: [Ordering]) {
        for ordering in orderings {
            add(ordering.entity.rawValue)
            add(ordering.key)
            add(ordering.ascending ? "ASC" : "DESC")
            if ordering.sortValue != .value { add("\(ordering.sortValue)") }
        }
    }

    /// Adds numbers as the text of a JSON list.
    package mutating func add(_ numbers: [Int64]) { add("[" + numbers.map(String.init).joined(separator: ",") + "]") }
}

extension MetricHistory {
    /// Distinguishes the page tokens of different histories.
    package var digest: UInt64 { digest(of: "history") }

    /// Distinguishes the positions in different curves.
    package var curveDigest: UInt64 { digest(of: "curve") }

    private func digest(of kind: String) -> UInt64 {
        var digest = QueryDigest()
        digest.add(kind)
        digest.add(runID)
        digest.add(key)
        return digest.value
    }
}

extension MetricPoint {
    /// The values by which the points of a history are ordered.
    package var sortValues: [SortValue] {
        [.integer(timestamp), .integer(step), .real(value), .integer(isNaN ? 1 : 0)]
    }
}
