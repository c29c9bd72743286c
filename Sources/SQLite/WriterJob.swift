internal import Budgets

/// One request to the writer, independent of its type of result; `@unchecked Sendable` because only the work of the writer's
/// `SerialThread` uses its outcome.
class WriterJob<Session: WriterSession>: @unchecked Sendable {
    /// The peer whose share of the queue the request uses while it waits.
    let peer: Peer
    /// Whether the request is so large that small requests should not wait for it.
    let isLarge: Bool
    /// The budget in which the request counts while it waits; nil after `leaveQueue()`.
    private var queue: Budget?

    /// The smallest size of a large request, in bytes: about 200 metrics, which take a millisecond.
    private static var largeBytes: Int { 16_384 }

    /// - Parameter bytes: the size of the request's data as the client has sent it.
    init(peer: Peer, bytes: Int, queue: Budget) {
        self.peer = peer
        isLarge = bytes >= Self.largeBytes
        self.queue = queue
    }

    /// Stops counting the request in the budget of waiting requests, because it runs now.
    final func leaveQueue() {
        queue?.giveBack(1, for: peer)
        queue = nil
    }

    /// Runs the work and keeps its result; called again if the transaction is rolled back.
    func execute(_ session: Session) throws {}

    /// Makes `error` the outcome.
    func fail(_ error: any Error) {}

    /// Passes the outcome to the completion; called once.
    func deliver() {}
}

/// A request whose work returns a `Value`; `@unchecked Sendable` for the same reason as `WriterJob`.
final class WriterRequest<Session: WriterSession, Value: Sendable>: WriterJob<Session>, @unchecked Sendable {
    private let work: @Sendable (Session) throws -> Value
    private let completion: @Sendable (Result<Value, any Error>) -> Void
    private var outcome: Result<Value, any Error> = .failure(SubmissionError.closed)

    init(
        peer: Peer,
        bytes: Int,
        queue: Budget,
        work: @escaping @Sendable (Session) throws -> Value,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        self.work = work
        self.completion = completion
        super.init(peer: peer, bytes: bytes, queue: queue)
    }

    override func execute(_ session: Session) throws { outcome = .success(try work(session)) }

    override func fail(_ error: any Error) { outcome = .failure(error) }

    override func deliver() { completion(outcome) }
}
