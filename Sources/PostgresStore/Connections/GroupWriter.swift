internal import Budgets
internal import Dispatch
internal import PostgreSQL
internal import Synchronization
internal import Threads
internal import Tracking

/// Changes the database on a thread of its own, with one connection: requests that wait together share a transaction.
///
/// Requests queue up while a transaction runs. The next transaction runs all of them, commits once, and only then delivers their
/// results. If a request fails, only this request gets the error, and only its changes are undone.
final class GroupWriter: Sendable {
    private struct State {
        var pending: [WriteJob] = []
        var isClosed = false
        /// Whether a call of `refuseLate` is scheduled.
        var isWatched = false
        var statistics = WriterStatistics()
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private let queue: Budget
    private let queueTimeout: Duration
    private let watching = DispatchQueue(label: "pg-writer-watch")

    /// How many requests share a transaction at most, which limits how long the first of them waits.
    static let maximumRequests = 1_024
    /// How many bytes of requests share a transaction at most, unless a single request has more.
    static let maximumBytes = 1_048_576

    /// Starts the thread.
    ///
    /// - Parameter queueTimeout: how long a request waits for its turn before it is refused.
    /// - Throws: `CannotStartThread`.
    init(_ group: WriteGroup, queue: Budget, queueTimeout: Duration) throws {
        self.queue = queue
        self.queueTimeout = queueTimeout
        // `@unchecked Sendable` because only the thread of the writer uses the group.
        struct Box: @unchecked Sendable { let group: WriteGroup }
        let box = Box(group: group)
        let isStarted = SystemThread.start(name: "pg-writer", pace: .prompt) { [self] in
            serve(box.group)
            ended.signal()
        }
        guard isStarted else { throw CannotStartThread() }
    }

    /// Queues one request; returns at once.
    ///
    /// - Parameters:
    ///   - work: changes the database through the session. It may run several times, so it must have no other effects.
    ///   - completion: gets the result, once the transaction is committed, on the writer's thread, or on another one if the
    ///     request is refused; must be quick.
    func submit<Value: Sendable>(
        _ work: @escaping @Sendable (PostgresWriteSession) throws -> Value,
        for caller: Caller,
        bytes: Int,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        let job = WriteRequest(caller: caller, bytes: bytes, queue: queue, work: work, completion: completion)
        let next: (mustWake: Bool, mustWatch: Bool)? = state.withLock { state in
            guard !state.isClosed, queue.take(1, for: caller.party) else { return nil }
            state.pending.append(job)
            defer { state.isWatched = true }
            return (state.pending.count == 1, !state.isWatched)
        }
        guard let next else { return completion(.failure(TrackingError.busy)) }
        if next.mustWake { wake.signal() }
        if next.mustWatch { watch(until: job.arrival + queueTimeout) }
    }

    private func watch(until end: ContinuousClock.Instant) {
        let left = max(.zero, end - .now)
        watching.asyncAfter(deadline: .now() + .milliseconds(Int(left / .milliseconds(1)) + 1)) { [weak self] in
            self?.refuseLate()
        }
    }

    /// Refuses the requests that have waited too long for the writer, which hangs or is overloaded.
    private func refuseLate() {
        let now = ContinuousClock.now
        let (late, oldest) = state.withLock { state in
            let late = state.pending.filter { $0.arrival + queueTimeout <= now }
            state.pending.removeAll { $0.arrival + queueTimeout <= now }
            let oldest = state.pending.map(\.arrival).min()
            state.isWatched = oldest != nil
            return (late, oldest)
        }
        for job in late {
            job.leaveQueue()
            job.fail(TrackingError.noTurn)
            job.deliver()
        }
        if let oldest { watch(until: oldest + queueTimeout) }
    }

    var statistics: WriterStatistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.queueDepth = queue.usage.held
            return statistics
        }
    }

    /// Refuses new requests, runs those that wait and ends the thread; blocks until it has ended.
    func close() {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard isFirst else { return }
        wake.signal()
        ended.wait()
    }

    private func serve(_ group: WriteGroup) {
        group.publish = { [self] statistics in state.withLock { $0.statistics = statistics } }
        while true {
            let (jobs, isClosed) = state.withLock { state in (Self.removeNext(from: &state.pending), state.isClosed) }
            guard !jobs.isEmpty else {
                if isClosed { break }
                wake.wait()
                continue
            }
            group.carryOut(jobs[...])
            state.withLock { $0.statistics = group.statistics }
        }
        group.close()
    }

    /// Removes and returns the requests for the next transaction: the first request of each client, then the second of each, and so on.
    ///
    /// If small requests wait, the transaction has at most one large request, so that they wait for no more than one.
    private static func removeNext(from pending: inout [WriteJob]) -> [WriteJob] {
        guard pending.count > 1 else {
            defer { pending = [] }
            return pending
        }
        var turns: [Peer: Int] = [:]
        let ranked = pending.map { job -> (rank: Int, job: WriteJob) in
            let turn = turns[job.peer, default: 0]
            turns[job.peer] = turn + 1
            return (turn, job)
        }
        let isShared = turns.count > 1
        let hasSmall = pending.contains { !$0.isLarge }
        let ordered = isShared ? ranked.sorted { $0.rank < $1.rank }.map(\.job) : pending
        var (chosen, left): ([WriteJob], [WriteJob]) = ([], [])
        var bytes = 0
        for job in ordered {
            let fits = chosen.count < maximumRequests && (bytes == 0 || bytes + job.bytes <= maximumBytes)
            guard fits, !(hasSmall && job.isLarge && isShared) else {
                left.append(job)
                continue
            }
            bytes += job.bytes
            chosen.append(job)
        }
        // One large request is added, so that a steady flow of small ones does not hold the large ones back for ever.
        if hasSmall, isShared, let large = left.firstIndex(where: \.isLarge) { chosen.append(left.remove(at: large)) }
        pending = left
        return chosen
    }
}

struct CannotStartThread: Error, CustomStringConvertible {
    var description: String { "The system allows no further thread." }
}
