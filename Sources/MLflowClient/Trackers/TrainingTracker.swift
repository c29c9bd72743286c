/// Tracks one training: creates or resumes its run, logs its metrics by epoch and its checkpoints, and ends the run.
///
/// The methods that log during the training never throw, so that a server that does not answer cannot stop the
/// training. Their results say what could not be logged.
///
/// ```swift
/// let training = try await TrainingTracker.start(client, .name("digits"), key: "job-17", params: [Param("lr", 0.1)])
/// for epoch in 1...3 {
///     await training.log(epoch: epoch, [Metric("loss", 1 / Double(epoch))])
/// }
/// try await training.end()
/// ```
public struct TrainingTracker: Sendable {
    /// The client that makes the calls.
    public let client: TrackingClient
    /// The run of the training.
    public let run: Run
    /// Whether the run existed before and was resumed.
    public let isResumed: Bool

    /// Creates the run, or resumes the run that was started with the same key.
    ///
    /// - Parameter key: names the training within the experiment; nil to create a new run always.
    public static func start(
        _ client: TrackingClient,
        _ experiment: ExperimentReference,
        key: String? = nil,
        runName: String? = nil,
        parentRunID: String? = nil,
        params: [Param] = [],
        tags: [Tag] = []
    ) async throws(MLflowError) -> TrainingTracker {
        try await client.perform { blocking throws(MLflowError) in
            guard let key else {
                let run = try blocking.startRun(
                    experiment,
                    runName: runName,
                    parentRunID: parentRunID,
                    params: params,
                    tags: tags
                )
                return TrainingTracker(client: client, run: run, isResumed: false)
            }
            let started = try blocking.createOrResumeRun(
                experiment,
                key: key,
                runName: runName,
                parentRunID: parentRunID,
                tags: tags + RunTag.tags(parentRunID: nil, params: params)
            )
            try blocking.logBatch(runID: started.run.info.runID, params: params)
            return TrainingTracker(client: client, run: started.run, isResumed: started.isResumed)
        }
    }

    /// The last step of a metric when the run was started or resumed; nil if the metric was never logged.
    public func lastStep(_ key: String) -> Int64? { run.data.metrics.first { $0.key.isSame(as: key) }?.step }

    /// Logs the metrics of an epoch, with the epoch as their step.
    ///
    /// - Returns: why the metrics could not be logged; nil if they were logged.
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

    /// Uploads the files of an epoch with `metadata.json` and `summary.md`; never throws.
    public func logEpoch(_ record: EpochRecord) async -> UploadReport {
        await client.logEpoch(record, to: .run(run.info.runID))
    }

    /// Sets the tags and ends the run, if it is still running.
    public func end(_ status: RunStatus = .finished, tags: [Tag] = []) async throws(MLflowError) {
        try await client.endRun(runID: run.info.runID, status: status, tags: tags)
    }
}
