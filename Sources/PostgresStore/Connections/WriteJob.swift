internal import Budgets
internal import Tracking

/// One request to the writer, independent of the type of its result.
///
/// `@unchecked Sendable` because its outcome is touched only on the writer's thread.
class WriteJob: @unchecked Sendable {
    /// The client whose share of the queue the request uses while it waits.
    let party: Peer
    /// The size of the request.
    let bytes: Int
    let arrival = ContinuousClock.now
    /// Whether all that the request has changed is in the logs of runs, which can be written twice without harm.
    var onlyLogs = true
    /// Whether an earlier transaction, of which nobody knows whether it was committed, has stored what the request changes.
    ///
    /// The request then runs again, and no failure can say that nothing was stored.
    fileprivate(set) var mayBeStored = false
    private var queue: Budget?

    init(party: Peer, bytes: Int, queue: Budget) {
        self.party = party
        self.bytes = bytes
        self.queue = queue
    }

    /// From how many bytes on others would notice if they waited for the request.
    var isLarge: Bool { bytes >= 16_384 }

    /// Stops counting the request in the budget of waiting requests.
    final func leaveQueue() {
        queue?.giveBack(1, for: party)
        queue = nil
    }

    /// Runs the work and keeps its result; called again if the transaction is undone.
    func execute(_ session: PostgresWriteSession) throws {}

    /// Makes `error` the outcome.
    func fail(_ error: any Error) {}

    /// Records that nobody knows whether the transaction was committed in which the request has run last.
    func noteUnknownCommit() {}

    /// Passes the outcome to the completion; called once.
    func deliver() {}
}

/// A request whose work returns a `Value`.
///
/// `@unchecked Sendable` because its outcome is touched only on the writer's thread.
final class WriteRequest<Value: Sendable>: WriteJob, @unchecked Sendable {
    private let caller: Caller
    private let work: @Sendable (PostgresWriteSession) throws -> Value
    private let completion: @Sendable (Result<Value, any Error>) -> Void
    private var outcome: Result<Value, any Error> = .failure(CancellationError())

    init(
        caller: Caller,
        bytes: Int,
        queue: Budget,
        work: @escaping @Sendable (PostgresWriteSession) throws -> Value,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        self.caller = caller
        self.work = work
        self.completion = completion
        super.init(party: caller.party, bytes: bytes, queue: queue)
    }

    override func execute(_ session: PostgresWriteSession) throws {
        try session.begin(self, for: caller)
        outcome = .success(try work(session))
    }

    override func fail(_ error: any Error) {
        outcome = .failure(mayBeStored ? TrackingError.outcomeUnknown : error)
    }

    override func noteUnknownCommit() {
        if case .success = outcome { mayBeStored = true }
    }

    override func deliver() {
        completion(outcome)
    }
}
