/// The keys of metrics, params and tags that a set of runs has, each list in ascending order of key bytes.
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
