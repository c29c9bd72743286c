internal import JSON
internal import Tracking

/// The answer to `metrics/get-history`.
///
/// Each part begins after the last point of the previous part. A point that is logged while the answer is sent is
/// included if its position in the history has not been read yet.
struct MetricHistoryInParts: AnswerInParts {
    /// The maximum number of points in a part; each takes about 80 bytes of text.
    private static let partLength: Int64 = 2_000

    private let history: MetricHistory
    private var points: [MetricPoint] = []
    /// The page token of the next part; nil for the first part if the request has none, and at the end.
    private var pageToken: String?
    /// The number of points that the answer may still contain.
    private var remaining: Int64
    private var list = ListInParts("metrics")

    /// - Parameter limit: the maximum number of points in the answer, at least 1.
    init(_ history: MetricHistory, pageToken: String?, limit: Int64) {
        self.history = history
        self.pageToken = pageToken
        remaining = limit
    }

    var memoryBytes: Int { 256 * 1_024 }

    mutating func readPart(in session: any TrackingReading) throws {
        let length = Int(min(Self.partLength, remaining))
        let page = try session.metricHistory(history, pageToken: pageToken, limit: length)
        points = page.points
        pageToken = page.nextPageToken
        remaining -= Int64(points.count)
    }

    mutating func writePart(to bytes: inout [UInt8]) -> Bool {
        list.append(capacity: 96 * points.count + 64, to: &bytes) { writer in
            for point in points {
                writer.write(
                    Metric(key: history.key, value: point.shownValue, timestamp: point.timestamp, step: point.step)
                )
            }
        }
        points = []
        guard pageToken == nil || remaining == 0 else { return true }
        list.end(to: &bytes) { $0.member("next_page_token", ifPresent: pageToken) }
        return false
    }
}
