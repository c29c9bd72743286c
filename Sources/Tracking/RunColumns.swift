/// The metrics, params and tags of the runs that a search finds: the columns that a table of the runs can have.
package struct RunColumns: Sendable {
    /// A metric, and the number of runs that have it.
    package struct Metric: Sendable, Equatable {
        package var key: String
        package var runCount: Int

        package init(key: String, runCount: Int) {
            self.key = key
            self.runCount = runCount
        }
    }

    /// A param or a tag, and a summary of its values.
    package struct Text: Sendable {
        package var key: String
        /// The number of runs that have the param or tag.
        package private(set) var runCount = 0
        /// Up to 20 different values of at most 200 bytes, in the order in which they were added.
        package private(set) var samples: [String] = []
        /// Whether every value is a decimal number.
        package private(set) var isNumber = true
        private var hashes: Set<Int> = []

        private static let sampleCount = 20
        /// The maximum length of a sample in bytes of UTF-8.
        private static let sampleBytes = 200

        package init(key: String) { self.key = key }

        /// The number of different values.
        package var distinctValueCount: Int { hashes.count }

        /// Adds the value of one more run.
        package mutating func add(_ value: String) {
            runCount += 1
            // The equality of `String` would treat canonically equivalent texts as equal.
            var hasher = Hasher()
            for byte in value.utf8 { hasher.combine(byte) }
            guard hashes.insert(hasher.finalize()).inserted else { return }
            if isNumber { isNumber = value.isDecimalNumber }
            if samples.count < Self.sampleCount, value.utf8.count <= Self.sampleBytes { samples.append(value) }
        }
    }

    /// The number of runs that were read.
    package var runCount = 0
    /// Whether the search finds more runs than were read.
    package var hasMoreRuns = false
    package var metrics: [Metric] = []
    package var params: [Text] = []
    package var tags: [Text] = []

    package init() {}
}
