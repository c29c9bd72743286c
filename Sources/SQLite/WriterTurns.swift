internal import Budgets
internal import Synchronization

/// Shares the writer's time among requests that wait together: who sends cheap ones does not wait for all the dear ones of
/// another client, and a small request waits for one large one at most, whoever has sent that.
///
/// `@unchecked Sendable` because everything but the flags is used only on the writer's serial thread.
final class WriterTurns: @unchecked Sendable {
    /// For how long a transaction takes requests while several clients wait: for longer where commits are slow, so that
    /// most of the time goes to requests.
    static func longest(whenCommitsTake commit: Duration) -> Duration {
        max(.milliseconds(5), min(commit * 4, .milliseconds(40)))
    }

    /// Requests whose cost is told apart.
    private struct Kind: Hashable {
        let peer: Peer
        let isLarge: Bool

        init<Session>(_ job: WriterJob<Session>) {
            peer = job.peer
            isLarge = job.isLarge
        }
    }

    private static let usualCost = Duration.microseconds(50)
    private static let mostKinds = 1_000

    /// What one request of a kind took lately.
    private var costs: [Kind: Duration] = [:]
    /// Whether large requests have let small ones go first, so that it is their turn.
    private var isTurnOfLarge = false
    private let isSharedFlag = Atomic<Bool>(false)
    /// Whether small requests wait while large ones are written.
    private let isSmallWaiting = Atomic<Bool>(false)

    /// Whether requests of several clients, or small and large ones, are being written or wait for it.
    ///
    /// Safe from any thread.
    var isShared: Bool { isSharedFlag.load(ordering: .relaxed) }

    /// Notes that a request of another client, or a small one behind large ones, has come meanwhile; safe from any thread.
    func noteOthers(areSmall: Bool) {
        isSharedFlag.store(true, ordering: .relaxed)
        if areSmall { isSmallWaiting.store(true, ordering: .relaxed) }
    }

    /// Forgets that others waited; called before waiting requests are taken.
    func end() {
        isSharedFlag.store(false, ordering: .relaxed)
        isSmallWaiting.store(false, ordering: .relaxed)
    }

    /// Puts requests that wait together in their order, and begins to write them.
    ///
    /// The small ones and the large ones of one client keep theirs among each other.
    func begin<Session: WriterSession>(_ jobs: [WriterJob<Session>]) -> [WriterJob<Session>] {
        guard let first = jobs.first, jobs.contains(where: { Kind($0) != Kind(first) }) else { return jobs }
        let small = inTurn(jobs.filter { !$0.isLarge })
        let large = inTurn(jobs.filter(\.isLarge))
        noteOthers(areSmall: !small.isEmpty)
        let order = isTurnOfLarge ? large + small : small + large
        isTurnOfLarge = !isTurnOfLarge && !small.isEmpty && !large.isEmpty
        return order
    }

    /// As if all clients were served at once: each request is due when its client has had the time for it.
    private func inTurn<Session: WriterSession>(_ jobs: [WriterJob<Session>]) -> [WriterJob<Session>] {
        var due: [Peer: Duration] = [:]
        let timed = jobs.enumerated().map { index, job in
            let time = due[job.peer, default: .zero] + costs[Kind(job), default: Self.usualCost]
            due[job.peer] = time
            return (time: time, index: index)
        }
        return timed.sorted { ($0.time, $0.index) < ($1.time, $1.index) }.map { jobs[$0.index] }
    }

    /// Whether the transaction takes no request after this one, because others wait.
    ///
    /// Small requests do not wait for large ones in their own transaction, and a large one is the last before small ones.
    /// - Parameters:
    ///   - next: the request that would be the next one, if one is there.
    ///   - lasted: the time since the transaction's start.
    func endsTransaction<Session: WriterSession>(
        after job: WriterJob<Session>,
        before next: WriterJob<Session>?,
        lasted: Duration,
        lastCommit: Duration
    ) -> Bool {
        guard isShared else { return false }
        if lasted > Self.longest(whenCommitsTake: lastCommit) { return true }
        if job.isLarge { return isSmallWaiting.load(ordering: .relaxed) }
        return next?.isLarge == true
    }

    /// Notes what requests like this one took together.
    func note<Session: WriterSession>(_ time: Duration, for count: Int, like job: WriterJob<Session>) {
        let (kind, cost) = (Kind(job), time / max(count, 1))
        if costs.count >= Self.mostKinds, costs[kind] == nil { costs = [:] }
        costs[kind] = costs[kind].map { ($0 * 3 + cost) / 4 } ?? cost
    }
}
