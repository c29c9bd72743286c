/// The identity and the state of a run.
package struct RunInfo: Sendable, Equatable {
    /// The id; 32 lower-case hexadecimal digits if Apus has generated it.
    package var runID: String
    package var name: String
    package var experimentID: Int64
    package var userID: String
    package var status: RunStatus
    /// Unix milliseconds; 0 if the client sent no time.
    package var startTime: Int64
    /// Unix milliseconds; nil until the run has ended.
    package var endTime: Int64?
    package var artifactURI: String
    package var lifecycleStage: LifecycleStage

    package init(
        runID: String,
        name: String,
        experimentID: Int64,
        userID: String,
        status: RunStatus,
        startTime: Int64,
        endTime: Int64?,
        artifactURI: String,
        lifecycleStage: LifecycleStage
    ) {
        self.runID = runID
        self.name = name
        self.experimentID = experimentID
        self.userID = userID
        self.status = status
        self.startTime = startTime
        self.endTime = endTime
        self.artifactURI = artifactURI
        self.lifecycleStage = lifecycleStage
    }
}

/// A run with everything that `runs/get` and `runs/search` return.
package struct Run: Sendable, Equatable {
    package var info: RunInfo
    /// The latest point of each metric, in ascending order of the key's id in the database.
    package var metrics: [Metric] = []
    package var params: [Param] = []
    package var tags: [Tag] = []
    package var datasetInputs: [DatasetInput] = []
    package var modelInputs: [ModelInput] = []
    package var modelOutputs: [ModelOutput] = []

    package init(info: RunInfo) { self.info = info }
}
