internal import Synchronization

/// The calls that wait for an answer, so that the status can report an upstream that does not answer; several threads may use it.
final class CallsInFlight: Sendable {
    private struct State {
        var next = 0
        var starts: [Int: ContinuousClock.Instant] = [:]
    }

    /// The status reports a call that has waited longer than this.
    private static let longestNormalWait = Duration.seconds(5)

    private let state = Mutex(State())

    func begin() -> Int {
        state.withLock { state in
            state.next += 1
            state.starts[state.next] = .now
            return state.next
        }
    }

    func end(_ call: Int) { state.withLock { $0.starts[call] = nil } }

    /// The failure that the status reports if the oldest call has waited longer than `longestNormalWait`; otherwise nil.
    var failure: UpstreamFailure? {
        guard let start = state.withLock({ $0.starts.values.min() }) else { return nil }
        let time = ContinuousClock.now - start
        guard time >= Self.longestNormalWait else { return nil }
        return UpstreamFailure(.unclear, "it has not answered a call for \(time.components.seconds) s")
    }
}
