internal import Budgets

/// One request to the writer, independent of the type of its result.
///
/// `@unchecked Sendable` because its outcome is touched only on the writer's queue.
class WriterJob<Session: WriterSession>: @unchecked Sendable {
    /// The peer whose share of the queue the request uses while it waits.
    let peer: Peer
    /// The budget in which the request counts while it waits; nil after `leaveQueue()`.
    private var queue: Budget?

    init(peer: Peer, queue: Budget) {
        self.peer = peer
        self.queue = queue
    }

    /// Stops counting the request in the budget of waiting requests, because it runs now.
    final func leaveQueue() {
        queue?.giveBack(1, for: peer)
        queue = nil
    }

    /// Runs the work and keeps its result; called again if the transaction is undone.
    func execute(_ session: Session) throws {}

    /// Makes `error` the outcome.
    func fail(_ error: any Error) {}

    /// Passes the outcome to the completion; called once.
    func deliver() {}
}

/// A request whose work returns a `Value`.
///
/// `@unchecked Sendable` because its outcome is touched only on the writer's queue.
final class WriterRequest<Session: WriterSession, Value: Sendable>: WriterJob<Session>, @unchecked Sendable {
    private let work: @Sendable (Session) throws -> Value
    private let completion: @Sendable (Result<Value, any Error>) -> Void
    private var outcome: Result<Value, any Error> = .failure(SubmissionError.closed)

    init(
        peer: Peer,
        queue: Budget,
        work: @escaping @Sendable (Session) throws -> Value,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        self.work = work
        self.completion = completion
        super.init(peer: peer, queue: queue)
    }

    override func execute(_ session: Session) throws {
        outcome = .success(try work(session))
    }

    override func fail(_ error: any Error) {
        outcome = .failure(error)
    }

    override func deliver() {
        completion(outcome)
    }
}
