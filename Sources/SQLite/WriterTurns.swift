internal import Budgets
internal import Synchronization

/// Shares the writer's time among clients whose requests wait together: who sends cheap ones does not wait for all the
/// dear ones of another.
///
/// `@unchecked Sendable` because everything but the flag is used only on the writer's serial thread.
final class WriterTurns: @unchecked Sendable {
    /// For how long a transaction takes requests while several clients wait: for longer where commits are slow, so that
    /// most of the time goes to requests.
    static func longest(whenCommitsTake commit: Duration) -> Duration {
        max(.milliseconds(5), min(commit * 4, .milliseconds(40)))
    }

    private static let usualCost = Duration.microseconds(50)
    private static let mostClients = 1_000

    /// What one request of a client took lately.
    private var costs: [Peer: Duration] = [:]
    private let isSharedFlag = Atomic<Bool>(false)

    /// Whether requests of several clients are being written, or wait for it.
    ///
    /// Safe from any thread.
    var isShared: Bool { isSharedFlag.load(ordering: .relaxed) }

    /// Notes that a request of another client has come meanwhile; safe from any thread.
    func noteOthers() { isSharedFlag.store(true, ordering: .relaxed) }

    /// Forgets that others waited; called before waiting requests are taken.
    func end() { isSharedFlag.store(false, ordering: .relaxed) }

    /// Puts requests that wait together in their order, and begins to write them.
    ///
    /// Those of one client keep theirs.
    func begin<Session: WriterSession>(_ jobs: [WriterJob<Session>]) -> [WriterJob<Session>] {
        guard let first = jobs.first?.peer, jobs.contains(where: { $0.peer != first }) else { return jobs }
        isSharedFlag.store(true, ordering: .relaxed)
        // As if all clients were served at once: each request is due when its client has had the time for it.
        var due: [Peer: Duration] = [:]
        let timed = jobs.enumerated().map { index, job in
            let time = due[job.peer, default: .zero] + costs[job.peer, default: Self.usualCost]
            due[job.peer] = time
            return (time: time, index: index)
        }
        return timed.sorted { ($0.time, $0.index) < ($1.time, $1.index) }.map { jobs[$0.index] }
    }

    /// Notes what requests of a client took together.
    func note(_ time: Duration, for count: Int, of peer: Peer) {
        let cost = time / max(count, 1)
        if costs.count >= Self.mostClients, costs[peer] == nil { costs = [:] }
        costs[peer] = costs[peer].map { ($0 * 3 + cost) / 4 } ?? cost
    }
}
