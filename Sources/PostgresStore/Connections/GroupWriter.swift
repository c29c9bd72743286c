internal import Budgets
internal import Dispatch
internal import PostgreSQL
internal import Synchronization
internal import Threads
internal import Tracking

/// Changes the database on threads of its own, each with one connection; requests that wait at the same time share a transaction.
///
/// Requests queue up while a transaction runs. The next transaction runs all of them, commits once, and only then delivers their
/// results. If a request fails, only this request gets the error, and only its changes are undone.
///
/// The first thread carries out all kinds of requests, the other threads only those that log to runs. Such requests lock rows in
/// the same order in each transaction, so two transactions that only log hardly ever wait for each other. If two transactions
/// do wait for each other, PostgreSQL ends one of them, and that transaction is repeated.
final class GroupWriter: Sendable {
    private struct State {
        var pending: [WriteJob] = []
        var isClosed = false
        /// Whether a call of `refuseOverdue` is scheduled.
        var isRefusalScheduled = false
        var threads: [ThreadState]
    }

    private struct ThreadState {
        /// Whether the thread waits for requests.
        var isIdle = false
        /// Whether the thread should close its connection when no request waits.
        var mayDisconnect = false
        var statistics = WriterStatistics()
    }

    private let state: Mutex<State>
    /// Each of these wakes one thread.
    private let wakeSignals: [DispatchSemaphore]
    private let threadEnds = DispatchSemaphore(value: 0)
    /// Limits how many requests wait, in total and for each client.
    private let queue: Budget
    private let queueTimeout: Duration
    private let refusalQueue = DispatchQueue(label: "pg-writer-watch")

    /// The maximum number of requests in a transaction; limits how long the first of them waits.
    static let maximumRequests = 1_024
    /// The maximum number of bytes of requests in a transaction; one large request may exceed it.
    static let maximumBytes = 1_048_576
    /// How long a thread other than the first waits at most before it tries again to open a connection.
    private static let pauseWithoutConnection = DispatchTimeInterval.seconds(10)

    /// - Parameters:
    ///   - groups: the group of each thread; not empty.
    ///   - queueTimeout: how long a request waits for its turn before it is refused.
    /// - Throws: `CannotStartThread`.
    init(_ groups: [WriteGroup], queue: Budget, queueTimeout: Duration) throws {
        self.queue = queue
        self.queueTimeout = queueTimeout
        state = Mutex(State(threads: groups.map { _ in ThreadState() }))
        wakeSignals = groups.map { _ in DispatchSemaphore(value: 0) }
        // `@unchecked Sendable` because only the thread of the group uses it.
        struct Box: @unchecked Sendable { let group: WriteGroup }
        for (index, box) in groups.map({ Box(group: $0) }).enumerated() {
            let isStarted = SystemThread.start(name: "pg-writer", pace: .prompt) { [self] in
                serve(box.group, index)
                threadEnds.signal()
            }
            guard isStarted else {
                end(threads: index)
                throw CannotStartThread()
            }
        }
    }

    /// Queues one request; returns at once.
    ///
    /// - Parameters:
    ///   - work: changes the database through the session. It may run several times, so it must have no other effects.
    ///   - logsOnly: whether the work only adds metrics, params and tags to runs.
    ///   - completion: called with the result after the commit, on a thread of the writer, or with an error if the request is
    ///     refused, on any thread. Must return quickly.
    func submit<Value: Sendable>(
        _ work: @escaping @Sendable (PostgresWriteSession) throws -> Value,
        for caller: Caller,
        bytes: Int,
        logsOnly: Bool = false,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        let job = WriteRequest(
            caller: caller,
            bytes: bytes,
            logsOnly: logsOnly,
            queue: queue,
            work: work,
            completion: completion
        )
        let next: (idleThread: Int?, mustScheduleRefusal: Bool)? = state.withLock { state in
            guard !state.isClosed, queue.take(1, for: caller.client) else { return nil }
            state.pending.append(job)
            defer { state.isRefusalScheduled = true }
            // Other threads help only after the first one has run requests, because the database may allow only one connection.
            let canHelp = logsOnly && state.threads[0].statistics.requests > 0
            let thread = state.threads.indices.first { state.threads[$0].isIdle && ($0 == 0 || canHelp) }
            if let thread { state.threads[thread].isIdle = false }
            return (thread, !state.isRefusalScheduled)
        }
        guard let next else { return completion(.failure(TrackingError.busy)) }
        if let thread = next.idleThread { wakeSignals[thread].signal() }
        if next.mustScheduleRefusal { scheduleRefusal(at: job.arrival + queueTimeout) }
    }

    private func scheduleRefusal(at end: ContinuousClock.Instant) {
        let left = max(.zero, end - .now)
        refusalQueue.asyncAfter(deadline: .now() + .milliseconds(Int(left / .milliseconds(1)) + 1)) { [weak self] in
            self?.refuseOverdue()
        }
    }

    /// Refuses the requests that have waited too long, because the writer hangs or is overloaded.
    private func refuseOverdue() {
        let now = ContinuousClock.now
        let (late, oldest) = state.withLock { state in
            let late = state.pending.filter { $0.arrival + queueTimeout <= now }
            state.pending.removeAll { $0.arrival + queueTimeout <= now }
            let oldest = state.pending.map(\.arrival).min()
            state.isRefusalScheduled = oldest != nil
            return (late, oldest)
        }
        for job in late {
            job.leaveQueue()
            job.fail(TrackingError.waitedTooLongToWrite)
            job.deliver()
        }
        if let oldest { scheduleRefusal(at: oldest + queueTimeout) }
    }

    var statistics: WriterStatistics {
        state.withLock { state in
            var statistics = state.threads.map(\.statistics).reduce(into: WriterStatistics()) { $0.add($1) }
            statistics.queueDepth = queue.usage.held
            return statistics
        }
    }

    /// Closes the connections of all threads but the first, each as soon as no request uses it.
    func releaseIdleResources() {
        let idle = state.withLock { state in
            state.threads.indices.dropFirst().filter { index in
                state.threads[index].mayDisconnect = true
                defer { state.threads[index].isIdle = false }
                return state.threads[index].isIdle
            }
        }
        for thread in idle { wakeSignals[thread].signal() }
    }

    /// Refuses new requests, runs those that wait and ends the threads; blocks until the threads have ended.
    func close() { end(threads: wakeSignals.count) }

    private func end(threads count: Int) {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard isFirst else { return }
        for wake in wakeSignals { wake.signal() }
        for _ in 0..<count { threadEnds.wait() }
    }

    private func serve(_ group: WriteGroup, _ thread: Int) {
        let logsOnly = thread > 0
        group.publish = { [self] statistics in state.withLock { $0.threads[thread].statistics = statistics } }
        while true {
            // Threads other than the first take requests only when they are connected, so that no request waits for their
            // connection.
            if logsOnly, hasLogs, !group.connectToHelp() {
                _ = wakeSignals[thread].wait(timeout: .now() + Self.pauseWithoutConnection)
                if state.withLock({ $0.isClosed }) { break }
                continue
            }
            let (jobs, isClosed, disconnects) = state.withLock { state in
                let jobs = Self.removeNext(from: &state.pending, logsOnly: logsOnly)
                state.threads[thread].isIdle = jobs.isEmpty && !state.isClosed
                defer { state.threads[thread].mayDisconnect = false }
                return (jobs, state.isClosed, jobs.isEmpty && state.threads[thread].mayDisconnect)
            }
            guard !jobs.isEmpty else {
                if isClosed { break }
                if disconnects { group.close() }
                wakeSignals[thread].wait()
                continue
            }
            group.carryOut(jobs[...])
            state.withLock { $0.threads[thread].statistics = group.statistics }
        }
        group.close()
    }

    private var hasLogs: Bool { state.withLock { $0.pending.contains(where: \.logsOnly) } }

    /// Removes and returns the requests for the next transaction: the first request of each client, then the second of each, etc.
    ///
    /// If requests of several clients wait, and some of them are small, the transaction has at most one large request, so that
    /// the small requests do not wait for several large ones.
    ///
    /// - Parameter logsOnly: whether to remove only requests that log to runs.
    private static func removeNext(from pending: inout [WriteJob], logsOnly: Bool) -> [WriteJob] {
        let others = logsOnly ? pending.filter { !$0.logsOnly } : []
        if logsOnly { pending.removeAll { !$0.logsOnly } }
        defer { if logsOnly { pending = others + pending } }
        guard pending.count > 1 else {
            defer { pending = [] }
            return pending
        }
        var requestCounts: [Peer: Int] = [:]
        let ranked = pending.map { job -> (rank: Int, job: WriteJob) in
            let rank = requestCounts[job.peer, default: 0]
            requestCounts[job.peer] = rank + 1
            return (rank, job)
        }
        let hasSeveralClients = requestCounts.count > 1
        let hasSmall = pending.contains { !$0.isLarge }
        let ordered = hasSeveralClients ? ranked.sorted { $0.rank < $1.rank }.map(\.job) : pending
        var (chosen, remaining): ([WriteJob], [WriteJob]) = ([], [])
        var bytes = 0
        for job in ordered {
            let fits = chosen.count < maximumRequests && (bytes == 0 || bytes + job.bytes <= maximumBytes)
            guard fits, !(hasSmall && job.isLarge && hasSeveralClients) else {
                remaining.append(job)
                continue
            }
            bytes += job.bytes
            chosen.append(job)
        }
        // One large request is added; otherwise a steady flow of small requests would delay the large ones for ever.
        if hasSmall, hasSeveralClients, let large = remaining.firstIndex(where: \.isLarge) {
            chosen.append(remaining.remove(at: large))
        }
        pending = remaining
        return chosen
    }
}

struct CannotStartThread: Error, CustomStringConvertible {
    var description: String { "The system allows no further thread." }
}
