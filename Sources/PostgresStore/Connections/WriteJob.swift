internal import Budgets
internal import Tracking

/// One request to the writer, independent of the type of its result.
///
/// `@unchecked Sendable` because only one thread at a time uses the outcome: the one that carries out the request or, if the
/// request was removed from the queue before it began, the one that removed it.
class WriteJob: @unchecked Sendable {
    /// The client whose share of the queue the request uses while it waits.
    let peer: Peer
    /// The size of the request.
    let bytes: Int
    /// Whether the request only adds metrics, params and tags to runs.
    let logsOnly: Bool
    let arrival = ContinuousClock.now
    /// Whether the request has changed only metrics, params and tags of runs; writing these twice changes nothing.
    var isRepeatable = true
    /// The run that the request logs to, or the last one of several; another program may have locked its rows.
    var loggedRun: String?
    /// The last run or experiment that the request changes, if that is known; another program may have locked it.
    var changedEntity: KnownLocks.Entity?
    /// Whether transactions that wait the full time for locks leave the request out, because it would change something locked.
    var isPostponed = false
    /// Whether the request may be stored although that is not confirmed, because the answer to COMMIT was lost.
    fileprivate(set) var isUncertain = false
    /// The budget of waiting requests; nil after `leaveQueue`.
    private var queue: Budget?

    init(peer: Peer, bytes: Int, logsOnly: Bool, queue: Budget) {
        self.peer = peer
        self.bytes = bytes
        self.logsOnly = logsOnly
        self.queue = queue
    }

    /// Whether the request is so large that other requests would notice if they waited for it.
    var isLarge: Bool { bytes >= 16_384 }

    /// Stops counting the request in the budget of waiting requests.
    final func leaveQueue() {
        queue?.giveBack(1, for: peer)
        queue = nil
    }

    /// Runs the work and keeps its result; called again if the transaction is rolled back.
    func execute(_ session: PostgresWriteSession) throws {}

    /// Makes `error` the outcome.
    func fail(_ error: any Error) {}

    /// Notes that a transaction in which the request succeeded may be committed.
    ///
    /// If a later attempt fails, the outcome is then unknown.
    func noteUncertainOutcome() {}

    /// Passes the outcome to the completion; called once.
    func deliver() {}
}

/// A request whose work returns a `Value`.
///
/// `@unchecked Sendable` for the same reason as `WriteJob`.
final class WriteRequest<Value: Sendable>: WriteJob, @unchecked Sendable {
    private let caller: Caller
    private let work: @Sendable (PostgresWriteSession) throws -> Value
    private let completion: @Sendable (Result<Value, any Error>) -> Void
    private var outcome: Result<Value, any Error> = .failure(CancellationError())

    init(
        caller: Caller,
        bytes: Int,
        logsOnly: Bool,
        queue: Budget,
        work: @escaping @Sendable (PostgresWriteSession) throws -> Value,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        self.caller = caller
        self.work = work
        self.completion = completion
        super.init(peer: caller.client, bytes: bytes, logsOnly: logsOnly, queue: queue)
    }

    override func execute(_ session: PostgresWriteSession) throws {
        try session.begin(self, for: caller)
        outcome = .success(try work(session))
    }

    override func fail(_ error: any Error) { outcome = .failure(error) }

    override func noteUncertainOutcome() {
        if case .success = outcome { isUncertain = true }
    }

    override func deliver() {
        if isUncertain, case .failure = outcome { outcome = .failure(TrackingError.outcomeUnknown) }
        completion(outcome)
    }
}
