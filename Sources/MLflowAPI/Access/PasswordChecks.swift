package import Budgets
internal import Coding
internal import Dispatch
internal import HTTPServer
internal import Synchronization

/// Who tries a password for whom.
package struct PasswordAttempt: Hashable, Sendable {
    /// The address, or the first half of an IPv6 one: whoever has one address of that network has all of them.
    let peer: Peer
    /// The bytes of the name.
    let name: [UInt8]

    package init(peer: Peer, name: [UInt8]) {
        let network = IPAddress(peer.name)?.network
        self.peer = network.map { Peer(address: Hexadecimal.text($0) + "::/64") } ?? peer
        self.name = name
    }
}

/// Runs checks of passwords one after the other on a thread of its own, because each needs a tenth of a second of a processor.
///
/// Somebody who tries many passwords keeps neither the server's threads busy nor others waiting for long. Addresses take turns,
/// and a name whose password was right within a day from the same address comes before all others. What would come after
/// too many other checks is refused, so that nobody waits for longer than these take. After some failures a name can be tried
/// from an address only every few seconds; after many with whatever names, so can all names whose password has not been right
/// from there. So one who forgets a password, or tries those of others, does not keep colleagues at the same address out.
package final class PasswordChecks: Sendable {
    fileprivate struct Job {
        let attempt: PasswordAttempt
        let check: @Sendable () -> Bool?
        let done: @Sendable () -> Void
    }

    /// Checks that wait, one of each address in turn.
    fileprivate struct Turns {
        private var lines: [Peer: [Job]] = [:]
        private var order: [Peer] = []

        mutating func append(_ job: Job) {
            let peer = job.attempt.peer
            if lines[peer] == nil { order.append(peer) }
            lines[peer, default: []].append(job)
        }

        mutating func take() -> Job? {
            guard !order.isEmpty else { return nil }
            let peer = order.removeFirst()
            let job = lines[peer]?.removeFirst()
            if lines[peer]?.isEmpty == true { lines[peer] = nil } else { order.append(peer) }
            return job
        }

        /// How many checks come before one more of an address.
        func count(before peer: Peer) -> Int {
            let own = lines[peer]?.count ?? 0
            return lines.reduce(0) { $0 + ($1.key == peer ? own : min($1.value.count, own + 1)) }
        }
    }

    fileprivate struct State {
        var isRunning = false
        /// The checks of names whose password was right from the same address.
        var known = Turns()
        var others = Turns()
        var peers: [Peer: Tries] = [:]
        var attempts: [PasswordAttempt: Tries] = [:]
    }

    fileprivate struct Tries {
        var waiting = 0
        /// Failures that still count, and when they were counted last.
        var failures: Double = 0
        var time = ContinuousClock.now
        /// When a password was right.
        var success: ContinuousClock.Instant?

        var isKnown: Bool { success.map { ContinuousClock.now - $0 < PasswordChecks.knownFor } ?? false }
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
    /// The most checks that come before one that may wait; they take about ten seconds.
    package static let mostBefore = 48
    /// After how many seconds one that is refused is to come again.
    package static let secondsUntilRetry = 5
    fileprivate static let knownFor = Duration.seconds(86_400)
    fileprivate static let mostRemembered = 10_000

    private let queue = DispatchQueue(label: "passwords")
    private let state = Mutex(State())

    package init() {}

    /// Whether a check may be made now; if not, too many wait or have failed.
    package func mayRun(for attempt: PasswordAttempt) -> Bool {
        state.withLock { state in
            let own = state.attempts[attempt]
            guard own.map(Self.paceOfName.allows) ?? true else { return false }
            guard own?.isKnown != true else { return state.known.count(before: attempt.peer) < Self.mostBefore }
            return state.peers[attempt.peer].map(Self.paceOfPeer.allows) ?? true
                && state.others.count(before: attempt.peer) < Self.mostBefore
        }
    }

    /// - Parameter check: blocks; tells whether the password was right, or nil if that could not be found out.
    package func run(
        for attempt: PasswordAttempt,
        _ check: @escaping @Sendable () -> Bool?,
        _ done: @escaping @Sendable () -> Void
    ) {
        let isFirst = state.withLock { state in
            state.makeRoom()
            state.peers[attempt.peer, default: Tries()].waiting += 1
            state.attempts[attempt, default: Tries()].waiting += 1
            let job = Job(attempt: attempt, check: check, done: done)
            if state.attempts[attempt]?.isKnown == true { state.known.append(job) } else { state.others.append(job) }
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if isFirst { queue.async { [self] in runAll() } }
    }

    private func runAll() {
        while let job = state.withLock({ $0.next() }) {
            let result = job.check()
            state.withLock { $0.note(result, of: job.attempt) }
            job.done()
        }
    }
}

extension PasswordChecks.State {
    fileprivate mutating func next() -> PasswordChecks.Job? {
        let job = known.take() ?? others.take()
        if job == nil { isRunning = false }
        return job
    }

    /// Forgets what makes no difference and, if that is too little, whose password was right.
    mutating func makeRoom() {
        if peers.count >= PasswordChecks.mostRemembered {
            peers = peers.filter { PasswordChecks.paceOfPeer.needs($0.value) }
        }
        guard attempts.count >= PasswordChecks.mostRemembered else { return }
        attempts = attempts.filter { PasswordChecks.paceOfName.needs($0.value) || $0.value.isKnown }
        guard attempts.count >= PasswordChecks.mostRemembered else { return }
        attempts = attempts.filter { PasswordChecks.paceOfName.needs($0.value) }
    }

    mutating func note(_ isRight: Bool?, of attempt: PasswordAttempt) {
        var peer = peers[attempt.peer] ?? PasswordChecks.Tries()
        var own = attempts[attempt] ?? PasswordChecks.Tries()
        peer.waiting -= 1
        own.waiting -= 1
        if isRight == true { own.success = .now }
        if isRight == false {
            PasswordChecks.paceOfPeer.noteFailure(&peer)
            PasswordChecks.paceOfName.noteFailure(&own)
        }
        peers[attempt.peer] = peer
        attempts[attempt] = own
    }
}
