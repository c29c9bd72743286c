internal import Budgets

/// One request to the writer without its result type.
///
/// `@unchecked Sendable` because its outcome is touched only on the writer's queue.
class WriterJob<Session: WriterSession>: @unchecked Sendable {
    /// The peer whose share of the queue the request uses while it waits.
    let peer: Peer
    /// The queue in which it waits; nil once it has left it.
    private var queue: Budget?

    init(peer: Peer, queue: Budget) {
        self.peer = peer
        self.queue = queue
    }

    /// Gives back its place in the queue, because its turn has come.
    final func leaveQueue() {
        queue?.giveBack(1, for: peer)
        queue = nil
    }

    /// Runs the work and keeps its value; called again if the transaction is undone.
    func execute(_ session: Session) throws {}

    /// Makes `error` the outcome.
    func fail(_ error: any Error) {}

    /// Passes the outcome to the completion; called once.
    func deliver() {}
}

/// A request whose work yields a `Value`.
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
