internal import Synchronization

/// A read from its submission to its answer, which comes once: its outcome, or a refusal if it has waited too long.
final class ReadTurn: Sendable {
    /// Carries the read out; a trial ends early.
    typealias Body = @Sendable (_ turn: ReadTurn, _ isTrial: Bool) -> Void

    private enum Stage {
        /// No thread has begun the read, or a trial of it has ended.
        case queued
        /// A thread has begun the read, and has no connection for it.
        case taken
        /// The database works on the read.
        case running
        case answered
    }

    private struct State {
        var stage = Stage.queued
        var isCounted = true
        /// Whether a thread has left the read to another one, which tries it.
        var isPassedOver = false
        /// Why the last attempt has failed, after which the read is tried again; nil while the database works on it.
        var lastFailure: (any Error)?
        var body: Body?
    }

    enum Kind {
        /// A read that is refused also while the database works on it.
        case lookUp
        /// A read that may last, and is refused only while it waits.
        case search
        /// A read for the next part of an answer, which cannot be refused any more.
        case continued
    }

    let kind: Kind
    /// When the read is refused if the database does not work on it.
    let patienceEnd: ContinuousClock.Instant
    private let leaveQueue: @Sendable () -> Void
    private let refuse: @Sendable (_ lastFailure: (any Error)?) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - leaveQueue: called once, when the read does not wait any more.
    ///   - refuse: answers the read if it has waited too long; gets the failure after which it should have been tried again, if there
    ///     is one.
    init(
        _ kind: Kind,
        patienceEnd: ContinuousClock.Instant,
        leaveQueue: @escaping @Sendable () -> Void,
        refuse: @escaping @Sendable (_ lastFailure: (any Error)?) -> Void
    ) {
        self.kind = kind
        self.patienceEnd = patienceEnd
        self.leaveQueue = leaveQueue
        self.refuse = refuse
    }

    var isAnswered: Bool { state.withLock { $0.stage == .answered } }

    /// Sets what carries the read out; called before any thread takes it.
    func setBody(_ body: @escaping Body) { state.withLock { $0.body = body } }

    /// Begins the read on the calling thread, unless it is refused or another thread has begun it.
    func run(isTrial: Bool) {
        let (body, wasCounted): (Body?, Bool) = state.withLock { state in
            guard state.stage == .queued else {
                state.isPassedOver = true
                return (nil, false)
            }
            state.stage = .taken
            defer { state.isCounted = false }
            return (state.body, state.isCounted)
        }
        if wasCounted { leaveQueue() }
        body?(self, isTrial)
    }

    /// Notes that the database works on the read from now on.
    ///
    /// - Returns: false if the read is refused.
    func start() -> Bool {
        state.withLock { state in
            guard state.stage != .answered else { return false }
            (state.stage, state.lastFailure) = (.running, nil)
            return true
        }
    }

    /// Notes that the database does not work on the read any more, which will be tried again after the failure.
    func pause(after failure: any Error) {
        state.withLock { state in
            state.lastFailure = failure
            if state.stage == .running { state.stage = .taken }
        }
    }

    /// Puts the read back after a trial.
    ///
    /// - Returns: whether it needs another thread, because the one that should have taken it has passed it over.
    func goBack() -> Bool {
        state.withLock { state in
            guard state.stage != .answered else { return false }
            state.stage = .queued
            defer { state.isPassedOver = false }
            return state.isPassedOver
        }
    }

    /// Notes that the outcome is the answer.
    ///
    /// - Returns: false if the read is answered already.
    func finish() -> Bool {
        state.withLock { state in
            guard state.stage != .answered else { return false }
            (state.stage, state.body) = (.answered, nil)
            return true
        }
    }

    /// Answers the read with a refusal.
    ///
    /// - Returns: false if the read is answered already, or goes on.
    func refuseLate() -> Bool {
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
