extension TrackingClient {
    /// The experiment that is meant; one that is named and absent is created.
    ///
    /// - Throws: `.invalidState` for a deleted experiment.
    public func resolveExperiment(_ reference: ExperimentReference) async throws(MLflowError) -> Experiment {
        try await perform { client throws(MLflowError) in try client.resolveExperiment(reference) }
    }

    /// Creates a run in an experiment, as the child of another run where one is named.
    ///
    /// - Parameters:
    ///   - parentRunID: the run under which MLflow's pages show this one.
    ///   - params: logged at once, with a tag that holds their hash, by which `findRuns` finds the run again.
    public func startRun(
        _ experiment: ExperimentReference,
        runName: String? = nil,
        parentRunID: String? = nil,
        params: [Param] = [],
        tags: [Tag] = []
    ) async throws(MLflowError) -> Run {
        try await perform { client throws(MLflowError) in
            try client.startRun(experiment, runName: runName, parentRunID: parentRunID, params: params, tags: tags)
        }
    }

    /// The run that was started under a key, or a new one.
    ///
    /// A run that is found is running again. So a program that is started again after it was stopped goes on with its run,
    /// and a run whose creation got no answer is not created twice.
    ///
    /// - Parameter key: names the work, such as the id of a job; unique within the experiment.
    public func createOrResumeRun(
        _ experiment: ExperimentReference,
        key: String,
        runName: String? = nil,
        parentRunID: String? = nil,
        tags: [Tag] = []
    ) async throws(MLflowError) -> StartedRun {
        try await perform { client throws(MLflowError) in
            try client.createOrResumeRun(experiment, key: key, runName: runName, parentRunID: parentRunID, tags: tags)
        }
    }

    /// The runs that were started with exactly these params, the latest first.
    public func findRuns(_ experiment: ExperimentReference, params: [Param]) async throws(MLflowError) -> [Run] {
        try await perform { client throws(MLflowError) in try client.findRuns(experiment, params: params) }
    }

    /// The page of a run in the browser, on a stock server, on Apus or in Azure ML.
    public func runURL(_ run: RunInfo) -> String { blocking.runURL(run) }
}
