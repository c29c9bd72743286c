internal import Budgets
internal import JSON
internal import Synchronization
internal import Tracking
internal import TrackingStore

/// Writes the answer to `metrics/get-history` piece by piece.
///
/// Each piece is read by itself, from where the last one ended, so that no read transaction is open while bytes wait
/// for the peer. Points that are logged meanwhile show when they lie behind that place.
struct MetricHistoryWriter: Sendable {
    /// Points of one piece, about 80 bytes each.
    private static let pieceLength: Int64 = 2_000

    private let history: MetricHistory
    private let state: HistoryState

    init(_ history: MetricHistory, pageToken: String?, limit: Int64) {
        self.history = history
        state = HistoryState(pageToken: pageToken, remaining: limit)
    }

    /// Appends the next piece.
    ///
    /// - Returns: whether there is more.
    func next(
        into bytes: inout [UInt8],
        read: (MetricHistory, String?, Int) throws -> MetricHistoryPage
    ) throws -> Bool {
        let now = state.value
        let page = try read(history, now.pageToken, Int(min(Self.pieceLength, now.remaining)))
        var writer = JSONWriter(capacity: 96 * page.points.count + 64)
        writer.beginArray()
        for point in page.points {
            writer.write(
                Metric(key: history.key, value: point.shownValue, timestamp: point.timestamp, step: point.step)
            )
        }
        writer.endArray()
        let remaining = now.remaining - Int64(page.points.count)
        state.value = (page.nextPageToken, remaining, false)
        append(writer.takeBytes().dropFirst().dropLast(), isFirst: now.isFirst, to: &bytes)
        let hasMore = page.nextPageToken != nil && remaining > 0
        if !hasMore {
            if !now.isFirst || !page.points.isEmpty { bytes.append(UInt8(ascii: "]")) }
            if let token = page.nextPageToken {
                bytes.append(contentsOf: ",\"next_page_token\":\(quotedJSON(token))".utf8)
            }
            bytes.append(UInt8(ascii: "}"))
        }
        return hasMore
    }

    private func append(_ points: ArraySlice<UInt8>, isFirst: Bool, to bytes: inout [UInt8]) {
        if isFirst {
            bytes.append(contentsOf: (points.isEmpty ? "{" : "{\"metrics\":[").utf8)
        } else if !points.isEmpty {
            bytes.append(UInt8(ascii: ","))
        }
        bytes.append(contentsOf: points)
    }
}

/// Where a history that is being written stands.
private final class HistoryState: Sendable {
    private let state: Mutex<(pageToken: String?, remaining: Int64, isFirst: Bool)>

    init(pageToken: String?, remaining: Int64) {
        state = Mutex((pageToken, remaining, true))
    }

    var value: (pageToken: String?, remaining: Int64, isFirst: Bool) {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}

/// What follows the piece that is there already: one read for each further piece.
final class MetricHistoryBody: APIBodyProducer {
    private let writer: MetricHistoryWriter
    private let store: TrackingStore
    private let caller: Caller
    private let effort: ReadEffort

    /// - Parameter session: has read the first piece.
    init(_ writer: MetricHistoryWriter, store: TrackingStore, after session: ReadSession) {
        self.writer = writer
        self.store = store
        caller = session.caller
        effort = session.sharedEffort()
    }

    func next(into buffer: inout [UInt8]) throws -> Bool {
        try writer.next(into: &buffer) { history, token, limit in
            try store.readNow(.continued, for: caller, effort: effort) {
                try $0.metricHistory(history, pageToken: token, limit: limit)
            }
        }
    }
}
