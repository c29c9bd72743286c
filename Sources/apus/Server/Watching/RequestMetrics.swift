internal import HTTPServer
internal import HTTPWire
internal import Synchronization

/// Counts exchanges, each a request with its answer, by route and status, and measures their durations.
final class RequestMetrics: Sendable {
    struct Route: Hashable, Sendable {
        var method: String
        var pattern: String
        var status: Int
    }

    struct Snapshot: Sendable {
        var counts: [Route: Int] = [:]
        /// The number of exchanges in each bucket; the last bucket is for those above every bound.
        var latencies = [Int](repeating: 0, count: RequestMetrics.bounds.count + 1)
        var totalSeconds = 0.0
    }

    /// Upper bounds of the latency buckets, in microseconds.
    static let bounds: [UInt64] = [
        100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    ]

    private let state = Mutex(Snapshot())

    var snapshot: Snapshot { state.withLock { $0 } }

    /// Counts one exchange; called on an event loop.
    func record(_ exchange: HTTPExchange) {
        let pattern = exchange.routePattern.isEmpty ? "none" : exchange.routePattern
        let route = Route(method: exchange.method?.rawValue ?? "none", pattern: pattern, status: exchange.status)
        let microseconds = exchange.durationNanoseconds / 1_000
        let bucket = Self.bounds.firstIndex { microseconds <= $0 } ?? Self.bounds.count
        state.withLock { state in
            state.counts[route, default: 0] += 1
            state.latencies[bucket] += 1
            state.totalSeconds += Double(exchange.durationNanoseconds) / 1e9
        }
    }
}
