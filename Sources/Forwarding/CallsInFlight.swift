internal import Synchronization

/// The calls that wait for an answer, by which the status tells of an upstream that hangs; may be used by several threads.
final class CallsInFlight: Sendable {
    private struct State {
        var next = 0
        var starts: [Int: ContinuousClock.Instant] = [:]
    }

    /// An answer may take as long before a person should know.
    private static let usualTime = Duration.seconds(5)

    private let state = Mutex(State())

    func begin() -> Int {
        state.withLock { state in
            state.next += 1
            state.starts[state.next] = .now
            return state.next
        }
    }

    func end(_ call: Int) {
        state.withLock { $0.starts[call] = nil }
    }

    /// What is to be said of the call that has waited longest; nil if none has waited long.
    var failure: UpstreamFailure? {
        guard let start = state.withLock({ $0.starts.values.min() }) else { return nil }
        let time = ContinuousClock.now - start
        guard time >= Self.usualTime else { return nil }
        return UpstreamFailure(.unclear, "it has not answered a call for \(time.components.seconds) s")
    }
}
