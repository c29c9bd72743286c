/// The fields of a request that creates a logged model.
package struct NewLoggedModel: Sendable {
    package var experimentID: Int64
    /// The name; if empty, a name is generated.
    package var name: String
    package var modelType: String
    package var sourceRunID: String
    /// The params; each key occurs at most once.
    package var params: [Param]
    /// The tags; each key occurs at most once.
    package var tags: [Tag]

    package init(
        experimentID: Int64,
        name: String,
        modelType: String,
        sourceRunID: String,
        params: [Param],
        tags: [Tag]
    ) {
        self.experimentID = experimentID
        self.name = name
        self.modelType = modelType
        self.sourceRunID = sourceRunID
        self.params = params
        self.tags = tags
    }

    /// Returns the model to store, in status PENDING and with a generated id.
    ///
    /// - Parameters:
    ///   - experiment: the experiment of the model; must be active.
    ///   - time: the creation time in Unix milliseconds.
    package func model(in experiment: Experiment, at time: Int64) -> LoggedModel {
        let modelID = "m-" + makeRunID()
        let folder = ArtifactLocation(experiment.artifactLocation).appending("models/\(modelID)/artifacts")
        let info = LoggedModelInfo(
            modelID: modelID,
            experimentID: experimentID,
            name: name.isEmpty ? makeRunName() : name,
            artifactURI: folder.uri,
            status: .pending,
            statusMessage: nil,
            modelType: modelType,
            sourceRunID: sourceRunID,
            creationTime: time,
            lastUpdatedTime: time,
            lifecycleStage: .active
        )
        var model = LoggedModel(info: info)
        model.params = params
        model.tags = tags
        return model
    }
}
