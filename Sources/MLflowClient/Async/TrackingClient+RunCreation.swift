extension TrackingClient {
    /// Returns the experiment that a reference names.
    ///
    /// If the reference is a name that no experiment has, creates the experiment.
    ///
    /// - Throws: `.invalidState` for a deleted experiment.
    public func resolveExperiment(_ reference: ExperimentReference) async throws(MLflowError) -> Experiment {
        try await perform { client throws(MLflowError) in try client.resolveExperiment(reference) }
    }

    /// Creates a run in an experiment, optionally as the child of another run.
    ///
    /// - Parameters:
    ///   - parentRunID: the parent run, under which MLflow's pages show the new run.
    ///   - params: params to log at once, and to store as a hash in a tag by which `findRuns` finds the run.
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

    /// Sets the run that was started with this key to running again and returns it; creates the run if there is none.
    ///
    /// A program that was stopped continues its run if it is started again with the same key. If the creation of a run gets no
    /// answer, the run is not created twice.
    ///
    /// - Parameter key: a name for the work that is unique within the experiment, such as the id of a job.
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

    /// The runs that were started with exactly these params, the newest first.
    public func findRuns(_ experiment: ExperimentReference, params: [Param]) async throws(MLflowError) -> [Run] {
        try await perform { client throws(MLflowError) in try client.findRuns(experiment, params: params) }
    }

    /// The address of a run's page for a browser, on MLflow's server, Apus or Azure ML.
    public func runURL(_ run: RunInfo) -> String { blocking.runURL(run) }
}
