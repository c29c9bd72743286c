internal import Budgets
internal import Synchronization

/// Orders the requests that wait for the writer, so that clients have equal shares of its time.
///
/// A client with fast requests does not wait for all slow requests of another client, and a small request waits for at
/// most one large request, of whichever client, and is then stored with it.
///
/// `@unchecked Sendable` because everything but the atomic flags is used only by the work of the writer's `SerialThread`.
final class WriterTurns: @unchecked Sendable {
    /// The time after which a transaction accepts no more requests while several clients wait; it grows with the time
    /// of a commit, so that most of the writer's time goes to requests.
    static func longest(whenCommitsTake commit: Duration) -> Duration {
        max(.milliseconds(5), min(commit * 4, .milliseconds(40)))
    }

    /// Requests that share one estimate of their cost.
    private struct Kind: Hashable {
        let peer: Peer
        let isLarge: Bool

        init<Session>(_ job: WriterJob<Session>) {
            peer = job.peer
            isLarge = job.isLarge
        }
    }

    private static let usualCost = Duration.microseconds(50)
    private static let maximumKinds = 1_000
    private static let maximumJoining = 64

    /// The average time of the latest requests of each kind.
    private var costs: [Kind: Duration] = [:]
    /// Whether the next order begins with the large requests, because the last one began with the small ones.
    private var startsWithLarge = false
    private let isSharedFlag = Atomic<Bool>(false)
    /// Whether small requests wait while large ones are written.
    private let isSmallWaiting = Atomic<Bool>(false)

    /// Whether requests of several clients, or small and large requests, run or wait; usable from any thread.
    var isShared: Bool { isSharedFlag.load(ordering: .relaxed) }

    /// Whether small requests wait while large ones run or wait; usable from any thread.
    var hasWaitingSmall: Bool { isSmallWaiting.load(ordering: .relaxed) }

    /// Records that a request of another client has arrived, or a small request while large ones run; usable from any thread.
    func recordOthers(areSmall: Bool) {
        isSharedFlag.store(true, ordering: .relaxed)
        if areSmall { isSmallWaiting.store(true, ordering: .relaxed) }
    }

    /// Resets both flags; called before the waiting requests are removed from the queue.
    func reset() {
        isSharedFlag.store(false, ordering: .relaxed)
        isSmallWaiting.store(false, ordering: .relaxed)
    }

    /// Returns the waiting requests in the order in which they run.
    ///
    /// The small requests of one client keep their order, and so do its large ones.
    func ordered<Session: WriterSession>(_ jobs: [WriterJob<Session>]) -> [WriterJob<Session>] {
        guard let first = jobs.first, jobs.contains(where: { Kind($0) != Kind(first) }) else { return jobs }
        let small = interleaved(jobs.filter { !$0.isLarge })
        let large = interleaved(jobs.filter(\.isLarge))
        recordOthers(areSmall: !small.isEmpty)
        let order = startsWithLarge ? large.prefix(1) + small + large.dropFirst() : small + large
        startsWithLarge = !startsWithLarge && !small.isEmpty && !large.isEmpty
        return order
    }

    /// Sorts the requests by the estimated time of all requests of their client up to and including them (fair queuing).
    private func interleaved<Session: WriterSession>(_ jobs: [WriterJob<Session>]) -> [WriterJob<Session>] {
        var due: [Peer: Duration] = [:]
        let timed = jobs.enumerated().map { index, job in
            let time = due[job.peer, default: .zero] + costs[Kind(job), default: Self.usualCost]
            due[job.peer] = time
            return (time: time, index: index)
        }
        return timed.sorted { ($0.time, $0.index) < ($1.time, $1.index) }.map { jobs[$0.index] }
    }

    /// Divides the requests in the queue into small ones that join the transaction that runs, and those that go on waiting.
    ///
    /// As many join, in turn for each client, as are estimated to take `longest` together, and at most 64, so that the requests in
    /// the transaction do not wait long for them.
    func joining<Session: WriterSession>(
        _ jobs: [WriterJob<Session>],
        lastCommit: Duration
    ) -> (joining: [WriterJob<Session>], waiting: [WriterJob<Session>]) {
        let small = interleaved(jobs.filter { !$0.isLarge })
        var left = Self.longest(whenCommitsTake: lastCommit)
        let joining = small.prefix(Self.maximumJoining).prefix { job in
            left -= costs[Kind(job), default: Self.usualCost]
            return left > .zero
        }
        return (Array(joining), small.dropFirst(joining.count) + jobs.filter(\.isLarge))
    }

    /// Whether the transaction must be committed after this request, because others wait.
    ///
    /// A large request does not join the transaction of small ones. While small ones wait, a transaction has one large request at
    /// most, which the small ones join.
    /// - Parameters:
    ///   - next: the request that would run next, if there is one.
    ///   - lasted: the time since the transaction's start; for a small request, only since the last large one in it.
    func endsTransaction<Session: WriterSession>(
        after job: WriterJob<Session>,
        before next: WriterJob<Session>?,
        lasted: Duration,
        lastCommit: Duration
    ) -> Bool {
        guard isShared else { return false }
        if job.isLarge, hasWaitingSmall { return next?.isLarge != false }
        return lasted > Self.longest(whenCommitsTake: lastCommit) || !job.isLarge && next?.isLarge == true
    }

    /// Records the time that `count` requests of the kind of `job` took together.
    func recordTime<Session: WriterSession>(_ time: Duration, for count: Int, like job: WriterJob<Session>) {
        let (kind, cost) = (Kind(job), time / max(count, 1))
        if costs.count >= Self.maximumKinds, costs[kind] == nil { costs = [:] }
        costs[kind] = costs[kind].map { ($0 * 3 + cost) / 4 } ?? cost
    }
}
