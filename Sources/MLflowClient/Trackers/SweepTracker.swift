/// Tracks a search for the best params: a parent run, a child run for each trial, and the best value so far.
///
/// A sweep that is started again with the same name continues: for params that were tried before, `trial` returns the earlier
/// value.
///
/// ```swift
/// let sweep = try await SweepTracker.start(client, .name("digits"), name: "grid", metric: "loss", goal: .minimize)
/// for rate in [0.1, 0.2] {
///     let trial = try await sweep.trial([Param("lr", rate)])
///     if trial.value == nil { try await sweep.end(trial, value: rate * 2) }
/// }
/// let best = try await sweep.best()
/// try await sweep.end()
/// ```
public struct SweepTracker: Sendable {
    /// The goal of the search: the smallest or the largest value.
    public enum Goal: Sendable, Hashable {
        /// The smallest value is the best.
        case minimize
        /// The largest value is the best.
        case maximize
    }

    /// A trial of one set of params.
    public struct Trial: Sendable {
        /// The run of the trial, a child of the sweep's run.
        public let run: Run
        /// The value that an earlier trial found for these params; nil if the trial still has to be made.
        public let value: Double?
    }

    /// The client that makes the calls.
    public let client: TrackingClient
    /// The parent run of all trials.
    public let run: Run
    /// The metric that is compared.
    public let metric: String
    /// Whether the smallest or the largest value is the best.
    public let goal: Goal

    /// Creates the parent run, or resumes the sweep with the same name.
    public static func start(
        _ client: TrackingClient,
        _ experiment: ExperimentReference,
        name: String,
        metric: String,
        goal: Goal,
        tags: [Tag] = []
    ) async throws(MLflowError) -> SweepTracker {
        let started = try await client.createOrResumeRun(experiment, key: "sweep:\(name)", runName: name, tags: tags)
        return SweepTracker(client: client, run: started.run, metric: metric, goal: goal)
    }

    /// Begins a trial, or finds a finished or interrupted trial with the same params.
    ///
    /// - Parameter tags: the tags of a new trial, such as the folder of its checkpoints.
    public func trial(_ params: [Param], name: String? = nil, tags: [Tag] = []) async throws(MLflowError) -> Trial {
        let (parent, metric) = (run.info, metric)
        return try await client.perform { client throws(MLflowError) in
            // The key has the parent and the params' hash, so it finds finished and interrupted trials.
            let key = "\(parent.runID):\(Param.hash(of: params))"
            let filter = "tags.\(RunTag.key) = \(try FilterText.quoted(key))"
            let done = try client.searchRuns(
                experimentIDs: [parent.experimentID],
                filter: "\(filter) AND attributes.status = 'FINISHED'",
                maxResults: 1
            )
            if let run = done.items.first, let value = run.data.metric(metric) { return Trial(run: run, value: value) }
            let started = try client.createOrResumeRun(
                .id(parent.experimentID),
                key: key,
                runName: name,
                parentRunID: parent.runID,
                tags: tags + RunTag.tags(parentRunID: nil, params: params)
            )
            try client.logBatch(runID: started.run.info.runID, params: params)
            return Trial(run: started.run, value: nil)
        }
    }

    /// Ends a trial with its value, and sets the tags `best_run_id` and `best_value` of the parent.
    ///
    /// - Parameter tags: tags for the trial, such as the path and the step of its checkpoint.
    public func end(_ trial: Trial, value: Double, tags: [Tag] = []) async throws(MLflowError) {
        let id = trial.run.info.runID
        try await client.logBatch(runID: id, metrics: [Metric(metric, value)])
        try await client.endRun(runID: id, tags: tags)
        guard let best = try await best() else { return }
        let bestTags = [Tag("best_run_id", best.run.info.runID), Tag("best_value", best.value)]
        try await client.logBatch(runID: run.info.runID, tags: bestTags)
    }

    /// Ends a trial that found no value.
    ///
    /// The params of the trial can be tried again if the sweep is started again.
    public func fail(_ trial: Trial, tags: [Tag] = []) async throws(MLflowError) {
        try await client.endRun(runID: trial.run.info.runID, status: .failed, tags: tags)
    }

    /// The finished trial with the best value; nil if there is none.
    public func best() async throws(MLflowError) -> (run: Run, value: Double)? {
        let (info, metric, goal) = (run.info, metric, goal)
        // The client compares the values, because not every server sorts by metrics, and because a NaN must not be the
        // best value.
        let runs = try await client.perform { client throws(MLflowError) in
            try client.allItems { token throws(MLflowError) in
                try client.searchRuns(
                    experimentIDs: [info.experimentID],
                    filter: "tags.`\(RunTag.parent)` = '\(info.runID)' AND attributes.status = 'FINISHED'",
                    pageToken: token
                )
            }
        }
        let values = runs.compactMap { run in run.data.metric(metric).map { (run: run, value: $0) } }
            .filter { !$0.value.isNaN }
        return goal == .minimize ? values.min { $0.value < $1.value } : values.max { $0.value < $1.value }
    }

    /// Ends the parent run, if it is still running.
    public func end(_ status: RunStatus = .finished, tags: [Tag] = []) async throws(MLflowError) {
        try await client.endRun(runID: run.info.runID, status: status, tags: tags)
    }
}
