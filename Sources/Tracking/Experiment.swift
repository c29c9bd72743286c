/// A named collection of runs.
package struct Experiment: Sendable, Equatable {
    /// The id, which JSON contains as a text of decimal digits; 0 for the Default experiment, which each new database contains.
    package var id: Int64
    package var name: String
    /// The URI of the folder for the artifacts of the experiment's runs: as the client sent it, or the default.
    package var artifactLocation: String
    package var lifecycleStage: LifecycleStage
    /// Unix milliseconds.
    package var creationTime: Int64
    /// Unix milliseconds.
    package var lastUpdateTime: Int64
    /// The tags, in ascending order of key bytes.
    package var tags: [Tag]

    package init(
        id: Int64,
        name: String,
        artifactLocation: String,
        lifecycleStage: LifecycleStage,
        creationTime: Int64,
        lastUpdateTime: Int64,
        tags: [Tag] = []
    ) {
        self.id = id
        self.name = name
        self.artifactLocation = artifactLocation
        self.lifecycleStage = lifecycleStage
        self.creationTime = creationTime
        self.lastUpdateTime = lastUpdateTime
        self.tags = tags
    }
}
