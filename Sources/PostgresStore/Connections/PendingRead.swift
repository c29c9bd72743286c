internal import Synchronization

/// A read, from its submission until it is answered once: with its outcome, or with a refusal if it has waited too long.
final class PendingRead: Sendable {
    /// Carries out the read; a trial (see `PostgresReaderPool`) gives up after a short time.
    typealias Body = @Sendable (_ turn: PendingRead, _ isTrial: Bool) -> Void

    private enum Stage {
        /// No thread has begun the read, or a trial of it has ended.
        case queued
        /// A thread has begun the read, but has no connection for it yet.
        case taken
        /// The database works on the read.
        case running
        case answered
    }

    private struct State {
        var stage = Stage.queued
        /// Whether the read still counts as waiting: `leaveQueue` has not been called yet.
        var isCounted = true
        /// Whether a thread that should have run the read has skipped it, because a trial of the read was running.
        var wasSkipped = false
        /// Why the last attempt failed; nil while the database works on the read.
        var lastFailure: (any Error)?
        var body: Body?
    }

    enum Kind {
        /// A short read, which can be refused even while the database works on it.
        case lookUp
        /// A read that may take long, and is refused only while it waits.
        case search
        /// A read for the next part of an answer, which can no longer be refused, because the answer has begun.
        case continued
    }

    let kind: Kind
    /// When the read is refused, if its kind and stage allow that.
    let queueDeadline: ContinuousClock.Instant
    private let leaveQueue: @Sendable () -> Void
    private let refuse: @Sendable (_ lastFailure: (any Error)?) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - leaveQueue: called once, when the read no longer waits.
    ///   - refuse: answers the read if it has waited too long; gets the failure of its last attempt, if there was one.
    init(
        _ kind: Kind,
        queueDeadline: ContinuousClock.Instant,
        leaveQueue: @escaping @Sendable () -> Void,
        refuse: @escaping @Sendable (_ lastFailure: (any Error)?) -> Void
    ) {
        self.kind = kind
        self.queueDeadline = queueDeadline
        self.leaveQueue = leaveQueue
        self.refuse = refuse
    }

    var isAnswered: Bool { state.withLock { $0.stage == .answered } }

    /// Sets the closure that carries out the read; called before any thread takes the read.
    func setBody(_ body: @escaping Body) { state.withLock { $0.body = body } }

    /// Begins the read on the calling thread, unless it was refused or another thread has begun it.
    func run(isTrial: Bool) {
        let (body, wasCounted): (Body?, Bool) = state.withLock { state in
            guard state.stage == .queued else {
                state.wasSkipped = true
                return (nil, false)
            }
            state.stage = .taken
            defer { state.isCounted = false }
            return (state.body, state.isCounted)
        }
        if wasCounted { leaveQueue() }
        body?(self, isTrial)
    }

    /// Marks the read as running in the database.
    ///
    /// - Returns: false if the read was refused.
    func markRunning() -> Bool {
        state.withLock { state in
            guard state.stage != .answered else { return false }
            (state.stage, state.lastFailure) = (.running, nil)
            return true
        }
    }

    /// Records that an attempt has failed; the read may be refused until it is tried again.
    func recordFailure(_ failure: any Error) {
        state.withLock { state in
            state.lastFailure = failure
            if state.stage == .running { state.stage = .taken }
        }
    }

    /// Puts the read back into the queue after a trial.
    ///
    /// - Returns: whether the read must be submitted to a thread again, because the thread that should have run it has skipped
    ///   it.
    func requeue() -> Bool {
        state.withLock { state in
            guard state.stage != .answered else { return false }
            state.stage = .queued
            defer { state.wasSkipped = false }
            return state.wasSkipped
        }
    }

    /// Marks the read as answered.
    ///
    /// - Returns: false if the read was answered already.
    func markAnswered() -> Bool {
        state.withLock { state in
            guard state.stage != .answered else { return false }
            (state.stage, state.body) = (.answered, nil)
            return true
        }
    }

    /// Refuses the read, because it has waited too long, and thereby answers it.
    ///
    /// - Returns: false if the read was answered already, or if the database works on it and it is not a look-up.
    func refuseOverdue() -> Bool {
        let ended: (wasCounted: Bool, lastFailure: (any Error)?)? = state.withLock { state in
            guard state.stage != .answered, state.stage != .running || kind == .lookUp else { return nil }
            (state.stage, state.body) = (.answered, nil)
            defer { state.isCounted = false }
            return (state.isCounted, state.lastFailure)
        }
        guard let ended else { return false }
        if ended.wasCounted { leaveQueue() }
        refuse(ended.lastFailure)
        return true
    }
}
