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
/// Somebody who tries many passwords keeps neither the server's threads busy nor others waiting for long. Of the addresses that
/// wait, the one comes next whose last check is the longest ago, and of the names at an address likewise: who tries one password
/// waits for one check of somebody who tries many, and no longer. Names whose password was right within a day from the same
/// address have a line of their own; each line has every second turn, and theirs is the first. What would come after too many
/// other checks is refused, so that nobody waits for longer than these take. After some failures a name can be tried
/// from an address only every few seconds; after many with whatever names, so can all names whose password has not been right
/// from there. So one who forgets a password, or tries those of others, does not keep colleagues at the same address out.
package final class PasswordChecks: Sendable {
    fileprivate struct Job {
        let attempt: PasswordAttempt
        /// Grows with each check that comes.
        let number: Int
        /// How many checks had had their turn when this one came.
        let arrival: Int
        let check: @Sendable () -> Bool?
        let done: @Sendable () -> Void
    }

    /// Checks that wait, one of each address in turn.
    fileprivate struct Turns {
        private var lines: [Peer: [Job]] = [:]

        var isEmpty: Bool { lines.isEmpty }

        mutating func append(_ job: Job) { lines[job.attempt.peer, default: []].append(job) }

        /// Takes the check whose turn it is.
        ///
        /// An address or a name that is new counts as if its last check had been when it came, so that no number of new ones
        /// overtakes one that waits.
        ///
        /// - Parameters:
        ///   - peerTurn: the number of the last check of an address; 0 if it has had none lately.
        ///   - nameTurn: the same of a name at an address.
        mutating func take(_ peerTurn: (Peer) -> Int, _ nameTurn: (PasswordAttempt) -> Int) -> Job? {
            func comesBefore(_ one: [Job], _ other: [Job]) -> Bool {
                guard let one = one.first, let other = other.first else { return false }
                return order(one, peerTurn(one.attempt.peer)) < order(other, peerTurn(other.attempt.peer))
            }
            func order(_ job: Job, _ turn: Int) -> (Int, Int, Int) { (max(turn, job.arrival), turn, job.number) }
            guard let (peer, line) = lines.min(by: { comesBefore($0.value, $1.value) }),
                let index = line.indices.min(by: {
                    order(line[$0], nameTurn(line[$0].attempt)) < order(line[$1], nameTurn(line[$1].attempt))
                })
            else { return nil }
            let job = lines[peer]?.remove(at: index)
            if lines[peer]?.isEmpty == true { lines[peer] = nil }
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
        /// Whether the last check was one of `known`.
        var wasKnown = false
        var peers: [Peer: Tries] = [:]
        var attempts: [PasswordAttempt: Tries] = [:]
        /// How many checks have come, and how many have had their turn.
        var count = 0
        var turn = 0
    }

    fileprivate struct Tries {
        var waiting = 0
        /// The number of the last check; 0 before the first.
        var turn = 0
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
            state.count += 1
            let job = Job(
                attempt: attempt,
                number: state.count,
                arrival: state.turn,
                check: check,
                done: done
            )
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
        let peerTurn = { [peers] (peer: Peer) in peers[peer]?.turn ?? 0 }
        let nameTurn = { [attempts] (attempt: PasswordAttempt) in attempts[attempt]?.turn ?? 0 }
        wasKnown = !known.isEmpty && (others.isEmpty || !wasKnown)
        guard let job = wasKnown ? known.take(peerTurn, nameTurn) : others.take(peerTurn, nameTurn) else {
            isRunning = false
            return nil
        }
        turn += 1
        peers[job.attempt.peer]?.turn = turn
        attempts[job.attempt]?.turn = turn
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
