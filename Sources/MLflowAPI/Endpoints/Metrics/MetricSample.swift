internal import Tracking

/// The parameters of `metrics/get-history-bulk-interval`: a sample of one metric in several runs.
struct MetricSample: Sendable {
    let key: String
    private let runIDs: [String]
    /// The range of steps; nil for all steps.
    private let steps: ClosedRange<Int64>?
    private let maxResults: Int

    init(_ message: RequestMessage) throws {
        guard let runIDs = try message.strings("run_ids"), !runIDs.isEmpty else {
            throw RequestMessage.missing("run_ids")
        }
        guard runIDs.count <= 100 else {
            throw TrackingError.invalidParameter(
                "GetMetricHistoryBulkInterval request must specify at most 100 run_ids. "
                    + "Received \(runIDs.count) run_ids. "
                    + "See the API docs for more information about request parameters."
            )
        }
        self.runIDs = runIDs
        key = try message.requiredString("metric_key")
        let first = try message.integer("start_step")
        let last = try message.integer("end_step")
        maxResults = try message.checkedPageSize(message.pageSize())
        steps = try Self.stepRange(first, last)
    }

    private static func stepRange(_ first: Int64?, _ last: Int64?) throws(TrackingError) -> ClosedRange<Int64>? {
        switch (first, last) {
        case (nil, nil): return nil
        case (let first?, let last?):
            guard first <= last else {
                throw .invalidParameter(
                    "end_step must be greater than start_step. Found start_step=\(first) and end_step=\(last)."
                )
            }
            return first...last
        case (_?, nil), (nil, _?):
            throw .invalidParameter("If either start step or end step are specified, both must be specified.")
        }
    }

    /// Returns the sampled points of each run, in the order of the request's runs.
    func read(in session: any TrackingReading) throws -> [(runID: String, points: [MetricPoint])] {
        try runIDs.map { runID in
            let history = MetricHistory(runID: runID, key: key)
            return (runID, try session.sampleMetric(history, steps: steps, maxResults: maxResults))
        }
    }
}
