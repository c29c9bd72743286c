extension BlockingTrackingClient {
    /// The blocking form of ``TrackingClient/resolveExperiment(_:)``.
    public func resolveExperiment(_ reference: ExperimentReference) throws(MLflowError) -> Experiment {
        let experiment: Experiment
        switch reference {
        case .id(let id): experiment = try getExperiment(experimentID: id)
        case .ofRun(let id): experiment = try getExperiment(experimentID: getRun(runID: id).info.experimentID)
        case .name(let name):
            if let found = try getExperimentByName(name) {
                experiment = found
            } else {
                experiment = try createOrFindExperiment(name)
            }
        }
        guard experiment.lifecycleStage == .active else {
            let message = "the experiment '\(experiment.name)' (\(experiment.experimentID)) is deleted: restore it"
            throw MLflowError(.invalidState, message, outcome: .notCarriedOut)
        }
        return experiment
    }

    private func createOrFindExperiment(_ name: String) throws(MLflowError) -> Experiment {
        do throws(MLflowError) {
            return try getExperiment(experimentID: createExperiment(name: name))
        } catch {
            // Another program may have created the experiment meanwhile, or the answer to this call was lost.
            guard error.code == .resourceAlreadyExists || error.outcome == .unclear else { throw error }
            guard let found = try getExperimentByName(name) else { throw error }
            return found
        }
    }

    /// The blocking form of ``TrackingClient/startRun(_:runName:parentRunID:params:tags:)``.
    public func startRun(
        _ experiment: ExperimentReference,
        runName: String? = nil,
        parentRunID: String? = nil,
        params: [Param] = [],
        tags: [Tag] = []
    ) throws(MLflowError) -> Run {
        let experimentID = try resolveExperiment(experiment).experimentID
        let allTags = RunTag.withOrigin(tags + RunTag.tags(parentRunID: parentRunID, params: params))
        let run = try createRun(experimentID: experimentID, runName: runName, tags: allTags)
        guard !params.isEmpty else { return run }
        try logBatch(runID: run.info.runID, params: params)
        return try getRun(runID: run.info.runID)
    }

    /// The blocking form of ``TrackingClient/createOrResumeRun(_:key:runName:parentRunID:tags:)``.
    public func createOrResumeRun(
        _ experiment: ExperimentReference,
        key: String,
        runName: String? = nil,
        parentRunID: String? = nil,
        tags: [Tag] = []
    ) throws(MLflowError) -> StartedRun {
        let experimentID = try resolveExperiment(experiment).experimentID
        if let run = try run(experimentID, key: key) { return StartedRun(run: try setRunning(run), isResumed: true) }
        let keyTags = [Tag(RunTag.key, key)] + RunTag.tags(parentRunID: parentRunID, params: [])
        let allTags = RunTag.withOrigin(tags + keyTags)
        do throws(MLflowError) {
            let run = try createRun(experimentID: experimentID, runName: runName, tags: allTags)
            return StartedRun(run: run, isResumed: false)
        } catch {
            guard error.outcome == .unclear, error.code != .cancelled,
                let run = try run(experimentID, key: key)
            else { throw error }
            return StartedRun(run: run, isResumed: false)
        }
    }

    private func run(_ experimentID: String, key: String) throws(MLflowError) -> Run? {
        let filter = "tags.\(RunTag.key) = \(try FilterText.quoted(key))"
        let page = try searchRuns(experimentIDs: [experimentID], filter: filter, maxResults: 10)
        // The tags are compared again by bytes, because a server's search may ignore case.
        return page.items.first { $0.data.tag(RunTag.key)?.isSame(as: key) == true }
    }

    private func setRunning(_ run: Run) throws(MLflowError) -> Run {
        guard run.info.status != .running else { return run }
        try updateRun(runID: run.info.runID, status: .running)
        return try getRun(runID: run.info.runID)
    }

    /// The blocking form of ``TrackingClient/findRuns(_:params:)``.
    public func findRuns(_ experiment: ExperimentReference, params: [Param]) throws(MLflowError) -> [Run] {
        let experimentID = try resolveExperiment(experiment).experimentID
        let filter = "tags.\(RunTag.paramsHash) = '\(Param.hash(of: params))'"
        return try allItems { token throws(MLflowError) in
            try searchRuns(experimentIDs: [experimentID], filter: filter, pageToken: token)
        }
    }

    /// The address of a run's page for a browser, on MLflow's server, Apus or Azure ML.
    public func runURL(_ run: RunInfo) -> String { RunPage.url(of: run, at: caller.connection.uri) }
}
