internal import Budgets
internal import Dispatch
internal import Synchronization

/// Who tries a password for whom.
struct PasswordAttempt: Hashable, Sendable {
    let peer: Peer
    /// The bytes of the name.
    let name: [UInt8]
}

/// Runs checks of passwords one after the other on a thread of its own, because each needs a tenth of a second of a processor.
///
/// Somebody who tries many passwords keeps neither the server's threads busy nor others waiting for long. An address has few
/// checks in the queue. After some failures a name can be tried from there only every few seconds; after many with whatever
/// names, so can all names whose password has not been right from there before. So one who forgets a password, or tries those
/// of others, does not keep the colleagues behind the same address out.
final class PasswordChecks: Sendable {
    fileprivate struct State {
        var waiting = 0
        var peers: [Peer: Tries] = [:]
        var attempts: [PasswordAttempt: Tries] = [:]
    }

    fileprivate struct Tries {
        var waiting = 0
        /// Failures that still count, and when they were counted last.
        var failures: Double = 0
        var time = ContinuousClock.now
        /// Whether a password was right.
        var hasSucceeded = false
    }

    /// How often a thing may be tried.
    fileprivate struct Pace {
        let mostWaiting: Int
        let mostFailures: Double
        let secondsToForgetFailure: Double

        func allows(_ tries: Tries) -> Bool {
            tries.waiting < mostWaiting && failures(of: tries) + Double(tries.waiting) <= mostFailures
        }

        func failures(of tries: Tries) -> Double {
            max(0, tries.failures - Double((.now - tries.time).components.seconds) / secondsToForgetFailure)
        }

        func noteFailure(_ tries: inout Tries) {
            tries.failures = failures(of: tries) + 1
            tries.time = .now
        }

        /// Whether it makes a difference that these are remembered.
        func needs(_ tries: Tries) -> Bool { tries.waiting > 0 || failures(of: tries) > 0 }
    }

    fileprivate static let paceOfName = Pace(mostWaiting: 8, mostFailures: 20, secondsToForgetFailure: 3)
    fileprivate static let paceOfPeer = Pace(mostWaiting: 32, mostFailures: 60, secondsToForgetFailure: 1)
    private static let mostWaiting = 128
    fileprivate static let mostRemembered = 10_000

    private let queue = DispatchQueue(label: "passwords")
    private let state = Mutex(State())

    /// Whether a check may be made now; if not, too many wait or have failed.
    func mayRun(for attempt: PasswordAttempt) -> Bool {
        state.withLock { state in
            guard state.waiting < Self.mostWaiting else { return false }
            let own = state.attempts[attempt]
            guard own.map(Self.paceOfName.allows) ?? true else { return false }
            return own?.hasSucceeded == true || state.peers[attempt.peer].map(Self.paceOfPeer.allows) ?? true
        }
    }

    /// - Parameter check: blocks; tells whether the password was right, or nil if that could not be found out.
    func run(
        for attempt: PasswordAttempt,
        _ check: @escaping @Sendable () -> Bool?,
        _ done: @escaping @Sendable () -> Void
    ) {
        state.withLock { state in
            state.makeRoom()
            state.waiting += 1
            state.peers[attempt.peer, default: Tries()].waiting += 1
            state.attempts[attempt, default: Tries()].waiting += 1
        }
        queue.async { [self] in
            let result = check()
            state.withLock { $0.note(result, of: attempt) }
            done()
        }
    }
}

extension PasswordChecks.State {
    /// Forgets what makes no difference and, if that is too little, whose password was right.
    mutating func makeRoom() {
        if peers.count >= PasswordChecks.mostRemembered {
            peers = peers.filter { PasswordChecks.paceOfPeer.needs($0.value) }
        }
        guard attempts.count >= PasswordChecks.mostRemembered else { return }
        attempts = attempts.filter { PasswordChecks.paceOfName.needs($0.value) || $0.value.hasSucceeded }
        guard attempts.count >= PasswordChecks.mostRemembered else { return }
        attempts = attempts.filter { PasswordChecks.paceOfName.needs($0.value) }
    }

    mutating func note(_ isRight: Bool?, of attempt: PasswordAttempt) {
        waiting -= 1
        var peer = peers[attempt.peer] ?? PasswordChecks.Tries()
        var own = attempts[attempt] ?? PasswordChecks.Tries()
        peer.waiting -= 1
        own.waiting -= 1
        if isRight == true { own.hasSucceeded = true }
        if isRight == false {
            PasswordChecks.paceOfPeer.noteFailure(&peer)
            PasswordChecks.paceOfName.noteFailure(&own)
        }
        peers[attempt.peer] = peer
        attempts[attempt] = own
    }
}
