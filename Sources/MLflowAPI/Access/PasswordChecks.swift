internal import Budgets
internal import Dispatch
internal import Synchronization

/// Runs checks of passwords one after the other on a thread of its own, because each needs a tenth of a second of a processor.
///
/// Somebody who tries many passwords keeps neither the server's threads busy nor others waiting for long: an address has few
/// checks in the queue, and after some failures only one every few seconds.
final class PasswordChecks: Sendable {
    fileprivate struct State {
        var waiting = 0
        var peers: [Peer: PeerState] = [:]
    }

    fileprivate struct PeerState {
        var waiting = 0
        /// Failures that still count, and when they were counted last.
        var failures: Double = 0
        var time = ContinuousClock.now
    }

    private static let mostWaiting = 128
    private static let mostWaitingOfPeer = 32
    private static let mostFailures: Double = 20
    fileprivate static let secondsToForgetFailure: Double = 3
    private static let mostPeers = 10_000

    private let queue = DispatchQueue(label: "passwords")
    private let state = Mutex(State())

    /// Whether a check for an address may be made now; if not, too many wait or have failed.
    func mayRun(for peer: Peer) -> Bool {
        state.withLock { state in
            var own = state.peers[peer] ?? PeerState()
            own.forget()
            return state.waiting < Self.mostWaiting && own.waiting < Self.mostWaitingOfPeer
                && own.failures + Double(own.waiting) <= Self.mostFailures
        }
    }

    /// - Parameter check: blocks; tells whether the password was right, or nil if that could not be found out.
    func run(
        for peer: Peer,
        _ check: @escaping @Sendable () -> Bool?,
        _ done: @escaping @Sendable () -> Void
    ) {
        state.withLock { state in
            var own = state.peers[peer] ?? PeerState()
            own.forget()
            if state.peers.count >= Self.mostPeers {
                state.peers = state.peers.filter { $0.value.waiting > 0 || $0.value.isRemembered }
            }
            own.waiting += 1
            state.waiting += 1
            state.peers[peer] = own
        }
        queue.async { [self] in
            let result = check()
            state.withLock { state in
                state.waiting -= 1
                state.peers[peer]?.waiting -= 1
                if result == false { state.peers[peer]?.failures += 1 }
            }
            done()
        }
    }
}

extension PasswordChecks.PeerState {
    fileprivate mutating func forget() {
        let now = ContinuousClock.now
        let seconds = Double((now - time).components.seconds)
        guard seconds > 0 else { return }
        failures = max(0, failures - seconds / PasswordChecks.secondsToForgetFailure)
        time = now
    }

    fileprivate var isRemembered: Bool {
        var later = self
        later.forget()
        return later.failures > 0
    }
}
