internal import Synchronization

/// Shares the server's time between clients: while several clients use the server, each may use half of the processors.
///
/// The work for a client consists of steps: the handling of a request, or the making of the next piece of a long answer.
/// A client that has used more than its share waits before its next step, so that others find a processor, an event loop,
/// a reader and the writer free. A client that is alone never waits, and its time is not measured.
///
/// Usable from any thread. While a client is alone, a step costs some atomic loads.
package final class TimeShares: Sendable {
    private struct State {
        var shares: [Peer: TimeShare] = [:]
        /// The number of clients above which those with an unused share are removed.
        var pruningCount = 1_024
    }

    private let contention = Contention()
    private let processors: Int
    private let state = Mutex(State())

    /// - Parameter processors: the number of processors, at least 1.
    package init(processors: Int) {
        precondition(processors > 0, "a machine has at least 1 processor, got \(processors)")
        self.processors = processors
    }

    /// Whether several clients use the server, so that the time that each uses must be added to its share.
    package var areMeasured: Bool { contention.isPresent }

    /// The share of a client.
    package func share(of party: Peer, at now: ContinuousClock.Instant = .now) -> TimeShare {
        state.withLock { state in
            if let share = state.shares[party] { return share }
            if state.shares.count > state.pruningCount {
                state.shares = state.shares.filter { !$0.value.isUnused(at: now) }
                state.pruningCount = max(1_024, 2 * state.shares.count)
            }
            let share = TimeShare(number: party.hashValue, processors: processors, contention)
            state.shares[party] = share
            return share
        }
    }
}

/// Tells whether several clients begin steps at about the same time.
private final class Contention: Sendable {
    /// How long a step of one client counts while only another client begins steps.
    private static let memory = Duration.seconds(1)

    /// The number of the client that began the latest step; 0 before the first one.
    private let latest = Atomic<Int>(0)
    private let isPresentFlag = Atomic<Bool>(false)
    /// When a client last began a step after a step of another one.
    private let alternation = Mutex<ContinuousClock.Instant?>(nil)

    var isPresent: Bool { isPresentFlag.load(ordering: .relaxed) }

    /// Records that the client with this number wants to begin a step.
    func recordStep(of number: Int, at now: () -> ContinuousClock.Instant) {
        let previous = latest.load(ordering: .relaxed)
        if previous != number { latest.store(number, ordering: .relaxed) }
        let isOther = previous != number && previous != 0
        guard isOther || isPresent else { return }
        let now = now()
        let isPresent = alternation.withLock { alternation in
            if isOther { alternation = now }
            return alternation.map { now - $0 <= Self.memory } ?? false
        }
        isPresentFlag.store(isPresent, ordering: .relaxed)
    }
}

/// How much of the server's time one client uses.
package final class TimeShare: Sendable {
    /// A step of work that has begun; `end` must be called once.
    package struct Step: Sendable {
        /// Nil if the client was alone.
        fileprivate let share: TimeShare?

        package func end() { share?.end() }
    }

    private struct State {
        /// When the client would have used its time if it had always used exactly its share; nil before the first use.
        var due: ContinuousClock.Instant?
        var stepsInProgress = 0
        var latestBegin: ContinuousClock.Instant?
        /// The average time of the latest steps; nil before the end of the first.
        var average: Duration?
        /// The time that was used since the last step ended.
        var latest = Duration.zero
    }

    /// The part of its share that a client may save up, as the time in which it would be used.
    package static let savings = Duration.milliseconds(25)
    /// The longest time for which a client waits for what it has used, or for a step in progress.
    package static let longestWait = Duration.milliseconds(100)
    /// How long the steps in progress of a client without savings may be, if it has several.
    private static let shortSteps = Duration.milliseconds(2)

    private let number: Int
    private let processors: Int
    private let contention: Contention
    private let state = Mutex(State())

    fileprivate init(number: Int, processors: Int, _ contention: Contention) {
        self.number = number
        self.processors = processors
        self.contention = contention
    }

    /// Whether time that is used for the client must be added.
    package var isMeasured: Bool { contention.isPresent }

    /// Begins a step; returns nil, and begins nothing, if the client must wait, because others use the server and it has
    /// used more than its share, or has expensive steps in progress on as many processors.
    package func begin(at now: @autoclosure () -> ContinuousClock.Instant = .now) -> Step? {
        contention.recordStep(of: number, at: now)
        guard isMeasured else { return Step(share: nil) }
        let now = now()
        return state.withLock { state in
            guard mayBegin(state, at: now) else { return nil }
            state.stepsInProgress += 1
            state.latestBegin = now
            return Step(share: self)
        }
    }

    private func mayBegin(_ state: State, at now: ContinuousClock.Instant) -> Bool {
        let saved = min(state.due.map { now - $0 } ?? Self.savings, Self.savings)
        if saved < .zero { return false }
        if state.stepsInProgress < max(1, processors / 2) { return true }
        // What the steps in progress use is known only when they end.
        let expected = (state.average ?? Self.longestWait) * (state.stepsInProgress + 1)
        if shareTime(expected) <= max(saved, Self.shortSteps) { return true }
        // A long step must not stop all other connections of the same client.
        return state.latestBegin.map { now - $0 >= Self.longestWait } ?? true
    }

    private func end() {
        state.withLock { state in
            state.stepsInProgress -= 1
            state.average = state.average.map { ($0 * 7 + state.latest) / 8 } ?? state.latest
            state.latest = .zero
        }
    }

    /// Adds time that a processor has worked for the client.
    package func add(_ time: Duration, at now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            state.latest += time
            let start = max(state.due ?? now - Self.savings, now - Self.savings)
            state.due = min(start + shareTime(time), now + Self.longestWait)
        }
    }

    /// The time in which a client that uses exactly its share uses this processor time.
    private func shareTime(_ time: Duration) -> Duration { time * 2 / processors }

    /// Whether the client has saved up as much as a new one.
    fileprivate func isUnused(at now: ContinuousClock.Instant) -> Bool {
        state.withLock { state in
            state.stepsInProgress == 0 && (state.due.map { $0 + Self.savings <= now } ?? true)
        }
    }
}
