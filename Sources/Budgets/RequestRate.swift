internal import Synchronization

/// Limits the requests per second, of each client and of all clients together.
///
/// A limit holds on average over ten seconds: a client that has sent nothing for ten seconds may send the requests of
/// ten seconds at once. Usable from any thread; a request costs one short lock.
package final class RequestRate: Sendable {
    /// The limit that refuses a request, and when to send the request again.
    package struct Refusal: Sendable, Equatable {
        /// The most requests per second.
        package let limit: Int
        /// Whether the limit is that of all clients together.
        package let isOfServer: Bool
        /// The seconds after which the client should send the request again, 1 to 30.
        package let seconds: Int
    }

    /// The state of one limit (generic cell rate algorithm).
    private struct Meter {
        /// The time by which all admitted requests would have arrived if they had arrived at exactly the limit's rate.
        var due: ContinuousClock.Instant
        /// The time until which the rate is reserved for refused requests that will be sent again.
        var promised: ContinuousClock.Instant

        /// Returns nil if one more request may be admitted now, or the seconds after which it should be sent again.
        mutating func refusal(_ interval: Duration, at now: ContinuousClock.Instant) -> Int? {
            due = max(due, now)
            guard due + interval - now > RequestRate.averagingTime else { return nil }
            // Requests that are refused at the same time must not be sent again at the same time.
            promised = max(promised, now) + interval
            return Int(min(max((promised - now).components.seconds + 1, 1), Int64(Overload.longestWait)))
        }

        mutating func countAdmitted(_ interval: Duration) { due += interval }
    }

    private struct State {
        var server: Meter
        var clients: [Peer: Meter] = [:]
        /// The number of clients above which inactive clients are removed.
        var pruningCount = 1_024
    }

    /// The time over which a limit holds on average.
    private static let averagingTime = Duration.seconds(10)

    private let clientLimit: Int?
    private let serverLimit: Int?
    private let state: Mutex<State>

    /// - Parameters:
    ///   - client: the most requests of one client per second, at least 1; nil for no limit.
    ///   - server: the most requests of all clients together per second, at least 1; nil for no limit.
    /// - Returns: nil if there is no limit.
    package init?(client: Int?, server: Int?) {
        guard client != nil || server != nil else { return nil }
        precondition(client ?? 1 > 0 && server ?? 1 > 0, "a rate must be at least 1")
        clientLimit = client
        serverLimit = server
        let now = ContinuousClock.now
        state = Mutex(State(server: Meter(due: now, promised: now)))
    }

    /// Counts a request and returns nil if it is admitted; otherwise returns the refusal, and the request counts for none of
    /// the limits.
    package func admit(for peer: Peer, at now: ContinuousClock.Instant = .now) -> Refusal? {
        state.withLock { state in
            let clientInterval = clientLimit.map { Duration.seconds(1) / $0 }
            let serverInterval = serverLimit.map { Duration.seconds(1) / $0 }
            if let clientLimit, let clientInterval {
                let new = Meter(due: now, promised: now)
                if state.clients.count > state.pruningCount { Self.prune(&state, at: now) }
                if let seconds = state.clients[peer, default: new].refusal(clientInterval, at: now) {
                    return Refusal(limit: clientLimit, isOfServer: false, seconds: seconds)
                }
            }
            if let serverLimit, let serverInterval, let seconds = state.server.refusal(serverInterval, at: now) {
                return Refusal(limit: serverLimit, isOfServer: true, seconds: seconds)
            }
            if let clientInterval { state.clients[peer]?.countAdmitted(clientInterval) }
            if let serverInterval { state.server.countAdmitted(serverInterval) }
            return nil
        }
    }

    /// Removes clients that may again send the requests of ten seconds at once, so that many addresses do not fill the memory.
    private static func prune(_ state: inout State, at now: ContinuousClock.Instant) {
        state.clients = state.clients.filter { $0.value.due > now }
        state.pruningCount = max(1_024, 2 * state.clients.count)
    }
}
