/// Tracks one training: a run that is created or taken up again, its metrics by epoch, its checkpoints and its end.
///
/// What is logged while the training goes on never throws: a server that is away costs points, not the training. The
/// results say what is missing.
///
/// ```swift
/// let training = try await TrainingTracker.start(client, .name("digits"), key: "job-17", params: [Param("lr", 0.1)])
/// for epoch in 1...3 {
///     await training.log(epoch: epoch, [Metric("loss", 1 / Double(epoch))])
/// }
/// try await training.end()
/// ```
public struct TrainingTracker: Sendable {
    /// Makes the calls.
    public let client: TrackingClient
    /// The run of the training.
    public let run: Run
    /// Whether the run was there before, so that the training goes on.
    public let isResumed: Bool

    /// Creates the run, or takes up the one that was started with this key.
    ///
    /// - Parameter key: nil for a new run in any case.
    public static func start(
        _ client: TrackingClient,
        _ experiment: ExperimentReference,
        key: String? = nil,
        runName: String? = nil,
        parentRunID: String? = nil,
        params: [Param] = [],
        tags: [Tag] = []
    ) async throws(MLflowError) -> TrainingTracker {
        try await client.perform { calls throws(MLflowError) in
            guard let key else {
                let run = try calls.startRun(
                    experiment,
                    runName: runName,
                    parentRunID: parentRunID,
                    params: params,
                    tags: tags
                )
                return TrainingTracker(client: client, run: run, isResumed: false)
            }
            let started = try calls.createOrResumeRun(
                experiment,
                key: key,
                runName: runName,
                parentRunID: parentRunID,
                tags: tags + RunTag.tags(parentRunID: nil, params: params)
            )
            try calls.logBatch(runID: started.run.info.runID, params: params)
            return TrainingTracker(client: client, run: started.run, isResumed: started.isResumed)
        }
    }

    /// The last step of a metric, from which a resumed training goes on; nil if it was never logged.
    public func lastStep(_ key: String) -> Int64? {
        run.data.metrics.first { $0.key.isSame(as: key) }?.step
    }

    /// Logs the metrics of an epoch, which becomes their step.
    ///
    /// - Returns: why they could not be logged; nil if they were.
    @discardableResult
    public func log(epoch: Int, _ metrics: [Metric]) async -> MLflowError? {
        let stepped = metrics.map { metric in
            Metric(metric.key, metric.value, step: Int64(epoch), timestamp: metric.timestamp)
        }
        do throws(MLflowError) {
            try await client.logBatch(runID: run.info.runID, metrics: stepped)
            return nil
        } catch {
            return error
        }
    }

    /// Keeps the files of an epoch with their metadata and a summary.
    public func logEpoch(_ record: EpochRecord) async -> UploadReport {
        await client.logEpoch(record, to: .run(run.info.runID))
    }

    /// Ends the run, if it still runs; tags are set first.
    public func end(_ status: RunStatus = .finished, tags: [Tag] = []) async throws(MLflowError) {
        try await client.endRun(runID: run.info.runID, status: status, tags: tags)
    }
}
