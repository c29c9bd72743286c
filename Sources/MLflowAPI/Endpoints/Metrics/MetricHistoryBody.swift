internal import Budgets
internal import HTTPWire
internal import JSON
internal import Synchronization
internal import Tracking
internal import TrackingStore

/// The answer to `metrics/get-history`, piece by piece.
///
/// Each piece is read by itself, from where the last one ended, so that no read transaction is open while points are
/// written or bytes wait for the peer. Points that are logged meanwhile show when they lie behind that place.
final class MetricHistoryBody: HTTPBodyProducer {
    /// Points of one piece, about 80 bytes each.
    private static let pieceLength: Int64 = 2_000

    private struct State {
        /// Read and not yet written.
        var page: MetricHistoryPage?
        /// Where the next piece begins.
        var pageToken: String?
        /// Points that the client still wants.
        var remaining: Int64
        var isFirst = true
    }

    private let history: MetricHistory
    private let store: TrackingStore
    private let caller: Caller
    private let effort: ReadEffort
    private let state: Mutex<State>

    /// Reads the first piece.
    init(
        _ history: MetricHistory,
        pageToken: String?,
        limit: Int64,
        store: TrackingStore,
        in session: ReadSession
    ) throws {
        self.history = history
        self.store = store
        caller = session.caller
        effort = session.sharedEffort()
        let length = Int(min(Self.pieceLength, limit))
        let page = try session.metricHistory(history, pageToken: pageToken, limit: length)
        state = Mutex(State(page: page, remaining: limit))
    }

    func next(into buffer: inout [UInt8]) throws -> Bool {
        var now = state.withLock { $0 }
        let page = try now.page ?? nextPage(after: now)
        let remaining = now.remaining - Int64(page.points.count)
        let hasMore = page.nextPageToken != nil && remaining > 0
        write(page, isFirst: now.isFirst, isLast: !hasMore, to: &buffer)
        now = State(pageToken: page.nextPageToken, remaining: remaining, isFirst: false)
        state.withLock { [now] in $0 = now }
        return hasMore
    }

    private func nextPage(after state: State) throws -> MetricHistoryPage {
        let length = Int(min(Self.pieceLength, state.remaining))
        return try store.readNow(.continued, for: caller, effort: effort) { [history] in
            try $0.metricHistory(history, pageToken: state.pageToken, limit: length)
        }
    }

    private func write(_ page: MetricHistoryPage, isFirst: Bool, isLast: Bool, to bytes: inout [UInt8]) {
        var writer = JSONWriter(capacity: 96 * page.points.count + 64)
        writer.beginArray()
        for point in page.points {
            writer.write(
                Metric(key: history.key, value: point.shownValue, timestamp: point.timestamp, step: point.step)
            )
        }
        writer.endArray()
        let points = writer.takeBytes().dropFirst().dropLast()
        if isFirst {
            bytes.append(contentsOf: (points.isEmpty ? "{" : "{\"metrics\":[").utf8)
        } else if !points.isEmpty {
            bytes.append(UInt8(ascii: ","))
        }
        bytes.append(contentsOf: points)
        guard isLast else { return }
        if !isFirst || !points.isEmpty { bytes.append(UInt8(ascii: "]")) }
        if let token = page.nextPageToken {
            bytes.append(contentsOf: ",\"next_page_token\":\(quotedJSON(token))".utf8)
        }
        bytes.append(UInt8(ascii: "}"))
    }
}
