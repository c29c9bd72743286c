/// Tracks a benchmark: logs the count, minimum, median, 95th percentile, maximum and mean of each case's samples.
///
/// ```swift
/// let benchmark = try await BenchmarkTracker.start(client, .name("speed"), params: [Param("batch", 32)])
/// try await benchmark.log("forward_ms", samples: [1.5, 1.25, 1.75])
/// try await benchmark.end()
/// ```
public struct BenchmarkTracker: Sendable {
    /// The client that makes the calls.
    public let client: TrackingClient
    /// The run of the benchmark.
    public let run: Run

    /// Creates the run.
    ///
    /// - Parameter params: what was measured, such as the machine and the sizes.
    public static func start(
        _ client: TrackingClient,
        _ experiment: ExperimentReference,
        runName: String? = nil,
        params: [Param] = [],
        tags: [Tag] = []
    ) async throws(MLflowError) -> BenchmarkTracker {
        let run = try await client.startRun(experiment, runName: runName, params: params, tags: tags)
        return BenchmarkTracker(client: client, run: run)
    }

    /// Logs statistics of the samples of one case as metrics, such as `forward_ms/median`; logs nothing if there are no samples.
    public func log(_ name: String, samples: [Double], step: Int64 = 0) async throws(MLflowError) {
        let sorted = samples.sorted()
        guard let first = sorted.first, let last = sorted.last else { return }
        let statistics = [
            ("count", Double(sorted.count)), ("min", first), ("median", Self.percentile(50, of: sorted)),
            ("p95", Self.percentile(95, of: sorted)), ("max", last),
            ("mean", sorted.reduce(0, +) / Double(sorted.count)),
        ]
        let metrics = statistics.map { Metric("\(name)/\($0.0)", $0.1, step: step) }
        try await client.logBatch(runID: run.info.runID, metrics: metrics)
    }

    /// The percentile of sorted values, interpolated linearly between two neighbouring values.
    ///
    /// - Parameter sorted: the values in ascending order; at least one.
    static func percentile(_ percent: Double, of sorted: [Double]) -> Double {
        let position = percent / 100 * Double(sorted.count - 1)
        let lower = Int(position)
        let upper = min(lower + 1, sorted.count - 1)
        return sorted[lower] + (sorted[upper] - sorted[lower]) * (position - Double(lower))
    }

    /// Ends the run, if it is still running.
    public func end(_ status: RunStatus = .finished, tags: [Tag] = []) async throws(MLflowError) {
        try await client.endRun(runID: run.info.runID, status: status, tags: tags)
    }
}
