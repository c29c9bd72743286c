/// The keys that some runs have, each list in the order of the keys' bytes.
package struct RunKeys: Sendable, Equatable {
    package var metrics: [String]
    package var params: [String]
    package var tags: [String]

    package init(metrics: [String] = [], params: [String] = [], tags: [String] = []) {
        self.metrics = metrics
        self.params = params
        self.tags = tags
    }
}
