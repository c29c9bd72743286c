internal import Synchronization

/// A bound on how many requests come in a second, for each client and for all together.
///
/// It is kept on average over ten seconds: who has been quiet may send what was saved at once. Safe from any thread; a
/// request costs one short lock.
package final class RequestRate: Sendable {
    /// A bound that refuses a request, and when to send it again.
    package struct Refusal: Sendable, Equatable {
        /// Requests in a second.
        package let limit: Int
        /// Whether the bound is that of all clients together.
        package let isOfServer: Bool
        /// 1 to 30.
        package let seconds: Int
    }

    /// The state of one bound, by the generic cell rate algorithm: `due` is when all that was admitted will have been
    /// paid for.
    private struct Meter {
        var due: ContinuousClock.Instant
        /// Until when the rate is promised to requests that were refused and will come again.
        var promised: ContinuousClock.Instant

        /// Nil if one more request is admitted, else after how many seconds it is to come again.
        mutating func take(_ interval: Duration, at now: ContinuousClock.Instant) -> Int? {
            due = max(due, now)
            guard due + interval - now > RequestRate.saved else {
                due += interval
                return nil
            }
            // Those who are refused together must not come again together.
            promised = max(promised, now) + interval
            return Int(min(max((promised - now).components.seconds + 1, 1), Int64(Overload.longestWait)))
        }
    }

    private struct State {
        var server: Meter
        var clients: [Peer: Meter] = [:]
        /// At how many clients those are forgotten who have been quiet.
        var pruning = 1_024
    }

    /// For how long a client may save up its requests.
    private static let saved = Duration.seconds(10)

    private let client: Int?
    private let server: Int?
    private let state: Mutex<State>

    /// - Parameters:
    ///   - client: requests of one client in a second, at least 1; nil for any number.
    ///   - server: of all clients together.
    /// - Returns: nil if neither is bounded.
    package init?(client: Int?, server: Int?) {
        guard client != nil || server != nil else { return nil }
        precondition(client ?? 1 > 0 && server ?? 1 > 0, "a rate must be at least 1")
        self.client = client
        self.server = server
        let now = ContinuousClock.now
        state = Mutex(State(server: Meter(due: now, promised: now)))
    }

    /// Counts a request; nil if it is admitted.
    package func take(for party: Peer, at now: ContinuousClock.Instant = .now) -> Refusal? {
        state.withLock { state in
            if let client {
                let interval = Duration.seconds(1) / client
                let new = Meter(due: now, promised: now)
                if let seconds = state.clients[party, default: new].take(interval, at: now) {
                    return Refusal(limit: client, isOfServer: false, seconds: seconds)
                }
                if state.clients.count > state.pruning { Self.prune(&state, at: now) }
            }
            guard let server, let seconds = state.server.take(Duration.seconds(1) / server, at: now) else { return nil }
            return Refusal(limit: server, isOfServer: true, seconds: seconds)
        }
    }

    /// Forgets clients whose rate is whole again, so that many addresses do not fill the memory.
    private static func prune(_ state: inout State, at now: ContinuousClock.Instant) {
        state.clients = state.clients.filter { $0.value.due > now }
        state.pruning = max(1_024, 2 * state.clients.count)
    }
}
