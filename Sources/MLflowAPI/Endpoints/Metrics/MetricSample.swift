internal import Tracking
internal import TrackingStore

/// A sample of one metric in several runs, as `metrics/get-history-bulk-interval` asks for it.
struct MetricSample: Sendable {
    let key: String
    private let runIDs: [String]
    /// nil for all.
    private let steps: ClosedRange<Int64>?
    private let maxResults: Int

    /// The largest sample of one run.
    private static let maximumPoints: Int64 = 2_500

    init(_ message: RequestMessage) throws {
        guard let runIDs = try message.strings("run_ids"), !runIDs.isEmpty else {
            throw RequestMessage.missing("run_ids")
        }
        guard runIDs.count <= 100 else {
            throw TrackingError.invalidParameter(
                "GetMetricHistoryBulkInterval request must specify at most 100 run_ids. "
                    + "Received \(runIDs.count) run_ids. See the API docs for more information about request parameters."
            )
        }
        self.runIDs = runIDs
        key = try message.requiredString("metric_key")
        let first = try message.integer("start_step")
        let last = try message.integer("end_step")
        let maxResults = try message.integer("max_results") ?? Self.maximumPoints
        guard (1...Self.maximumPoints).contains(maxResults) else {
            throw TrackingError.invalidParameter(
                "max_results must be between 1 and \(Self.maximumPoints). "
                    + "See the API docs for more information about request parameters."
            )
        }
        self.maxResults = Int(maxResults)
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
            throw .invalidParameter(
                "If either start step or end step are specified, both must be specified."
            )
        }
    }

    /// Hands on the points of one run after the other, each run's in ascending order.
    func read(in session: ReadSession, _ body: (_ runID: String, _ point: MetricPoint) throws -> Void) throws {
        for runID in runIDs {
            let history = MetricHistory(runID: runID, key: key)
            for point in try session.sampleMetric(history, steps: steps, maxResults: maxResults) {
                try body(runID, point)
            }
        }
    }
}
