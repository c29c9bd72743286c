/// The metrics, params and tags that the runs of a search have, from which a table can take its columns.
package struct RunColumns: Sendable {
    /// A metric, and how many of the runs have it.
    package struct Metric: Sendable, Equatable {
        package var key: String
        package var runs: Int

        package init(key: String, runs: Int) {
            self.key = key
            self.runs = runs
        }
    }

    /// A param or a tag, and what the runs have there.
    package struct Text: Sendable {
        package var key: String
        /// How many of the runs have it.
        package private(set) var runs = 0
        /// Some of its values, those of the newest runs first; long ones are left out.
        package private(set) var samples: [String] = []
        /// Whether every value is a decimal number.
        package private(set) var isNumber = true
        private var hashes: Set<Int> = []

        /// The maximum number of samples, and the maximum length of each in bytes of UTF-8.
        private static let sampleCount = 20
        private static let sampleBytes = 200

        package init(key: String) {
            self.key = key
        }

        /// How many different values the runs have.
        package var distinct: Int { hashes.count }

        /// Counts the value of another run.
        package mutating func add(_ value: String) {
            runs += 1
            // The equality of `String` would treat canonically equivalent texts as equal.
            var hasher = Hasher()
            for byte in value.utf8 { hasher.combine(byte) }
            guard hashes.insert(hasher.finalize()).inserted else { return }
            if isNumber { isNumber = value.isDecimalNumber }
            if samples.count < Self.sampleCount, value.utf8.count <= Self.sampleBytes { samples.append(value) }
        }
    }

    /// How many runs were read.
    package var runs = 0
    /// Whether the search finds more runs than these.
    package var hasMoreRuns = false
    package var metrics: [Metric] = []
    package var params: [Text] = []
    package var tags: [Text] = []

    package init() {}
}
