package import Budgets
internal import Coding
internal import Dispatch
internal import HTTPServer
internal import Synchronization

/// An address from which a password is tried, and the name of the user.
package struct PasswordAttempt: Hashable, Sendable {
    /// The address or, for IPv6, its network of 64 bits, because one client usually has all addresses of such a network.
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
/// A client that tries many passwords must delay neither other requests nor other clients for long. Addresses take turns: the
/// next check is that of the waiting address whose last check is the longest ago; the same rule applies to names at one address.
/// Names whose password was right within a day from the same address have a queue of their own, and the two queues take turns. A
/// check that would have to wait for too many others is refused. After some failures, a name can be tried from an address only
/// every few seconds. After many failures with any names, this also holds for all names whose password has not been right from
/// the address. So a user who forgets a password, or tries those of others, does not lock out colleagues at the same address.
package final class PasswordChecks: Sendable {
    fileprivate struct Job {
        let attempt: PasswordAttempt
        /// The number of checks that had arrived, including this one.
        let number: Int
        /// The number of checks that had begun when this one arrived.
        let arrival: Int
        let check: @Sendable () -> Bool?
        let done: @Sendable () -> Void
    }

    /// Waiting checks; their addresses take turns.
    fileprivate struct FairQueue {
        private var jobs: [Peer: [Job]] = [:]

        var isEmpty: Bool { jobs.isEmpty }

        mutating func append(_ job: Job) { jobs[job.attempt.peer, default: []].append(job) }

        /// Removes and returns the check that is to run next.
        ///
        /// For a new address or name, the arrival of its first check counts as its last check, so none of them overtakes others.
        ///
        /// - Parameters:
        ///   - peerCheck: the number of the last check of an address; 0 if it had no recent one.
        ///   - nameCheck: the same for a name at an address.
        mutating func removeNext(_ peerCheck: (Peer) -> Int, _ nameCheck: (PasswordAttempt) -> Int) -> Job? {
            func precedes(_ one: [Job], _ other: [Job]) -> Bool {
                guard let one = one.first, let other = other.first else { return false }
                return order(one, peerCheck(one.attempt.peer)) < order(other, peerCheck(other.attempt.peer))
            }
            func order(_ job: Job, _ lastCheck: Int) -> (Int, Int, Int) {
                (max(lastCheck, job.arrival), lastCheck, job.number)
            }
            guard let (peer, jobsOfPeer) = jobs.min(by: { precedes($0.value, $1.value) }),
                let index = jobsOfPeer.indices.min(by: {
                    order(jobsOfPeer[$0], nameCheck(jobsOfPeer[$0].attempt))
                        < order(jobsOfPeer[$1], nameCheck(jobsOfPeer[$1].attempt))
                })
            else { return nil }
            let job = jobs[peer]?.remove(at: index)
            if jobs[peer]?.isEmpty == true { jobs[peer] = nil }
            return job
        }

        /// The number of waiting checks that would run before a new check of an address.
        func count(before peer: Peer) -> Int {
            let own = jobs[peer]?.count ?? 0
            return jobs.reduce(0) { $0 + ($1.key == peer ? own : min($1.value.count, own + 1)) }
        }
    }

    fileprivate struct State {
        var isRunning = false
        /// The checks of names whose password was right from the same address.
        var trusted = FairQueue()
        /// The checks of all other names.
        var others = FairQueue()
        /// Whether the last check was one of `trusted`.
        var wasTrusted = false
        var peers: [Peer: AttemptHistory] = [:]
        var attempts: [PasswordAttempt: AttemptHistory] = [:]
        /// The number of checks that have arrived.
        var arrivedCount = 0
        /// The number of checks that have begun.
        var begunCount = 0
    }

    fileprivate struct AttemptHistory {
        var waiting = 0
        /// The number of the last check; 0 before the first.
        var lastCheck = 0
        /// The number of failures at `time`, which is the time of the last one; the number decreases with time.
        var failures: Double = 0
        var time = ContinuousClock.now
        /// The last time at which a password was right.
        var success: ContinuousClock.Instant?

        var isTrusted: Bool { success.map { ContinuousClock.now - $0 < PasswordChecks.trustDuration } ?? false }
    }

    /// A limit of attempts for a name or an address.
    fileprivate struct AttemptLimit {
        let maximumWaiting: Int
        let maximumFailures: Double
        let secondsToForgetFailure: Double

        func allows(_ history: AttemptHistory) -> Bool {
            history.waiting < maximumWaiting && failures(of: history) + Double(history.waiting) <= maximumFailures
        }

        func failures(of history: AttemptHistory) -> Double {
            max(0, history.failures - Double((.now - history.time).components.seconds) / secondsToForgetFailure)
        }

        func addFailure(to history: inout AttemptHistory) {
            history.failures = failures(of: history) + 1
            history.time = .now
        }

        /// Whether this limit can refuse an attempt because of the earlier ones.
        func canRefuse(after history: AttemptHistory) -> Bool { history.waiting > 0 || failures(of: history) > 0 }
    }

    fileprivate static let limitOfName = AttemptLimit(maximumWaiting: 8, maximumFailures: 20, secondsToForgetFailure: 3)
    fileprivate static let limitOfPeer = AttemptLimit(
        maximumWaiting: 32,
        maximumFailures: 60,
        secondsToForgetFailure: 1
    )
    /// A check is refused if this many of its queue would run before it; with those of the other queue, they take about 10 s.
    package static let queueLimit = 48
    /// The seconds after which a client should repeat a refused check.
    package static let secondsUntilRetry = 5
    /// How long a name counts as trusted at an address after its password was right there.
    fileprivate static let trustDuration = Duration.seconds(86_400)
    fileprivate static let maximumHistories = 10_000

    private let queue = DispatchQueue(label: "passwords")
    private let state = Mutex(State())

    package init() {}

    /// Whether a check is accepted; false if too many checks are waiting or have failed.
    package func mayRun(for attempt: PasswordAttempt) -> Bool {
        state.withLock { state in
            let own = state.attempts[attempt]
            guard own.map(Self.limitOfName.allows) ?? true else { return false }
            guard own?.isTrusted != true else { return state.trusted.count(before: attempt.peer) < Self.queueLimit }
            return state.peers[attempt.peer].map(Self.limitOfPeer.allows) ?? true
                && state.others.count(before: attempt.peer) < Self.queueLimit
        }
    }

    /// Runs `check` when it is its turn, and then calls `done`, both on another thread.
    ///
    /// - Parameter check: may block; returns whether the password is right, or nil if it could not be checked.
    package func run(
        for attempt: PasswordAttempt,
        _ check: @escaping @Sendable () -> Bool?,
        _ done: @escaping @Sendable () -> Void
    ) {
        let isFirst = state.withLock { state in
            state.removeOldHistories()
            state.peers[attempt.peer, default: AttemptHistory()].waiting += 1
            state.attempts[attempt, default: AttemptHistory()].waiting += 1
            state.arrivedCount += 1
            let job = Job(
                attempt: attempt,
                number: state.arrivedCount,
                arrival: state.begunCount,
                check: check,
                done: done
            )
            let isTrusted = state.attempts[attempt]?.isTrusted == true
            if isTrusted { state.trusted.append(job) } else { state.others.append(job) }
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if isFirst { queue.async { [self] in runAll() } }
    }

    private func runAll() {
        while let job = state.withLock({ $0.next() }) {
            let result = job.check()
            state.withLock { $0.record(result, of: job.attempt) }
            job.done()
        }
    }
}

extension PasswordChecks.State {
    fileprivate mutating func next() -> PasswordChecks.Job? {
        let peerCheck = { [peers] (peer: Peer) in peers[peer]?.lastCheck ?? 0 }
        let nameCheck = { [attempts] (attempt: PasswordAttempt) in attempts[attempt]?.lastCheck ?? 0 }
        wasTrusted = !trusted.isEmpty && (others.isEmpty || !wasTrusted)
        guard let job = wasTrusted ? trusted.removeNext(peerCheck, nameCheck) : others.removeNext(peerCheck, nameCheck)
        else {
            isRunning = false
            return nil
        }
        begunCount += 1
        peers[job.attempt.peer]?.lastCheck = begunCount
        attempts[job.attempt]?.lastCheck = begunCount
        return job
    }

    /// Removes histories that cannot cause a refusal any more.
    ///
    /// Histories of names whose password was right are removed only if removing the others does not suffice.
    mutating func removeOldHistories() {
        if peers.count >= PasswordChecks.maximumHistories {
            peers = peers.filter { PasswordChecks.limitOfPeer.canRefuse(after: $0.value) }
        }
        guard attempts.count >= PasswordChecks.maximumHistories else { return }
        attempts = attempts.filter { PasswordChecks.limitOfName.canRefuse(after: $0.value) || $0.value.isTrusted }
        guard attempts.count >= PasswordChecks.maximumHistories else { return }
        attempts = attempts.filter { PasswordChecks.limitOfName.canRefuse(after: $0.value) }
    }

    mutating func record(_ isRight: Bool?, of attempt: PasswordAttempt) {
        var peer = peers[attempt.peer] ?? PasswordChecks.AttemptHistory()
        var own = attempts[attempt] ?? PasswordChecks.AttemptHistory()
        peer.waiting -= 1
        own.waiting -= 1
        if isRight == true { own.success = .now }
        if isRight == false {
            PasswordChecks.limitOfPeer.addFailure(to: &peer)
            PasswordChecks.limitOfName.addFailure(to: &own)
        }
        peers[attempt.peer] = peer
        attempts[attempt] = own
    }
}
