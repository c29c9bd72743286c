package import Budgets
internal import Synchronization
internal import Threads

/// The one writer of a database, with group commit.
///
/// Requests queue up while a transaction runs. The next transaction runs all of them, commits once, and only then
/// delivers their results, so that a thousand clients share one sync. An idle writer starts at once and does not wait
/// for more requests. If a request throws, only this request gets the error, and only its changes are undone.
package final class Writer<Session: WriterSession>: Sendable {
    private struct State {
        var pending: [WriterJob<Session>] = []
        /// Background work; each piece runs only while no request is pending.
        var background: [@Sendable () -> Void] = []
        /// The peer of the first of the requests that run; nil while none runs.
        var writingPeer: Peer?
        /// Whether one of the requests that run is large.
        var writesLarge = false
        /// Whether `drain` runs or is about to run.
        var isScheduled = false
        var isClosed = false
        var statistics = WriterStatistics()
    }

    private let state = Mutex(State())
    private let thread = SerialThread(name: "writer", pace: .prompt)
    /// Orders the waiting requests, so that clients have equal shares.
    private let turns = WriterTurns()
    private let limits: WriterLimits
    /// Used only by the work of `thread`, one piece at a time.
    private let transactions: WriterTransactions<Session>

    /// Calls `openSession`, which may also run migrations, on the calling thread.
    ///
    /// - Parameter gate: the readers of the same database, which the writer can pause.
    /// - Throws: the errors of `openSession`.
    package init(limits: WriterLimits = .init(), gate: (any ReadGate)? = nil, openSession: () throws -> Session) throws
    {
        precondition(limits.requestsPerCommit > 0, "a commit holds at least 1 request, got \(limits.requestsPerCommit)")
        self.limits = limits
        transactions = WriterTransactions(session: try openSession(), limits: limits, gate: gate, turns: turns)
    }

    /// Queues one request; `completion` gets its result once the transaction is durable.
    ///
    /// Returns at once, and calls `completion` on the writer's thread, unless `mayBlock` is true.
    /// - Parameters:
    ///   - work: changes the database through the session. It may run again, if another request's failure undoes their
    ///     common transaction, so it must have no other effects. It must not begin or end transactions, and must
    ///     rethrow SQLite's errors, because an error may have ended the transaction.
    ///   - peer: the peer whose share of the queue the request uses.
    ///   - bytes: the size of the request's data as the client has sent it; small requests may run before large ones.
    ///   - mayBlock: whether an idle writer may run the request on the calling thread, which saves a lone client two
    ///     thread switches. `submit` then blocks for one commit. When it returns, `completion` has been called, unless
    ///     other clients write at the same time.
    ///   - lane: `.background` for work that runs only while no request waits, with a commit of its own.
    ///   - completion: gets the result or the error; must be quick and must not wait for the writer.
    /// - Throws: `.overloaded` if the queue is full, `.closed` after `shutdown()`; then neither closure is called.
    package func submit<Value: Sendable>(
        _ work: @escaping @Sendable (Session) throws -> Value,
        for peer: Peer = .server,
        bytes: Int = 0,
        mayBlock: Bool = false,
        lane: WriterLane = .requests,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) throws(SubmissionError) {
        let job = WriterRequest<Session, Value>(
            peer: peer,
            bytes: bytes,
            queue: limits.queue,
            work: work,
            completion: completion
        )
        let mustStart: Result<Bool, SubmissionError> = state.withLock { state in
            guard !state.isClosed else { return .failure(.closed) }
            guard limits.queue.take(1, for: peer) else { return .failure(.overloaded) }
            switch lane {
            case .requests:
                state.pending.append(job)
                let isAhead = state.writesLarge && !job.isLarge
                if let writing = state.writingPeer, isAhead || writing != peer { turns.recordOthers(areSmall: isAhead) }
            case .background: state.background.append { [self] in _ = process([job]) }
            }
            defer { state.isScheduled = true }
            return .success(!state.isScheduled)
        }
        guard try mustStart.get() else { return }
        if mayBlock, lane == .requests {
            // An idle `SerialThread` lets the calling thread run this block.
            let isCheckpointDue = thread.sync { [self] in
                processPending()
                return transactions.isCheckpointDue
            }
            // Requests that have arrived during this commit, and a checkpoint that is due, run on the writer's thread, so that
            // they do not delay the caller.
            guard updateSchedule() || isCheckpointDue else { return }
        }
        thread.async { self.drain() }
    }

    /// The current numbers about the writer's work.
    package var statistics: WriterStatistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.queueDepth = limits.queue.usage.held
            return statistics
        }
    }

    /// Refuses new requests, runs the queued ones, empties the write-ahead log (WAL) and closes the connection.
    ///
    /// Background requests that have not begun fail with `.closed`, and so may a request that is submitted at the same
    /// time. Blocks until the connection is closed; never call it from a completion. Close the readers first, because
    /// open reads keep the WAL from being emptied. Safe to call twice.
    package func shutdown() {
        let notStarted = state.withLock { state in
            state.isClosed = true
            defer { state.background = [] }
            return state.background
        }
        // A running drain continues until the queue is empty, and a scheduled one runs before this block.
        thread.sync { [transactions] in
            transactions.close()
            // Requests among this work fail with `.closed` now; they are run only so that their completions are called.
            for work in notStarted { work() }
        }
    }

    /// Truncates a large WAL and frees cached pages, as background work; for an idle server.
    ///
    /// Returns at once; `completion` is called on the writer's thread afterwards.
    package func releaseIdleResources(completion: @escaping @Sendable () -> Void = {}) {
        let mustStart = state.withLock { state in
            state.background.append { [self] in
                transactions.releaseIdleResources()
                publishStatistics()
                completion()
            }
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if mustStart { thread.async { self.drain() } }
    }

    private func drain() {
        checkpoint()
        while updateSchedule() {
            if let work = nextInBackground() { work() } else { processPending() }
            checkpoint()
        }
    }

    /// Updates `isScheduled`: if no work is left, the next request must start `drain` again.
    ///
    /// - Returns: whether work is left.
    private func updateSchedule() -> Bool {
        state.withLock { state in
            state.isScheduled = !state.pending.isEmpty || !state.background.isEmpty
            return state.isScheduled
        }
    }

    /// The next background work; nil while requests are pending.
    private func nextInBackground() -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard state.pending.isEmpty, !state.background.isEmpty else { return nil }
            return state.background.removeFirst()
        }
    }

    private func processPending() {
        turns.reset()
        let jobs: [WriterJob<Session>] = state.withLock { state in
            defer { state.pending = [] }
            state.writingPeer = state.pending.first?.peer
            state.writesLarge = state.pending.contains(where: \.isLarge)
            return state.pending
        }
        var waiting = turns.ordered(jobs)[...]
        while !waiting.isEmpty {
            waiting = waiting.dropFirst(process(waiting.prefix(limits.requestsPerCommit)))
            if turns.isShared { break }
        }
        state.withLock { state in
            state.writingPeer = nil
            state.writesLarge = false
            // The requests that still wait are ordered again, together with those that have arrived in the meantime.
            if !waiting.isEmpty { state.pending.insert(contentsOf: waiting, at: 0) }
        }
    }

    /// - Returns: how many of the requests, from the first on, are finished; all of them unless several clients wait.
    @discardableResult
    private func process(_ jobs: ArraySlice<WriterJob<Session>>) -> Int {
        let clock = ContinuousClock()
        let start = clock.now
        let count = transactions.commit(jobs, joinedBy: takeSmall)
        let duration = clock.now - start
        transactions.statistics.requests += count
        transactions.statistics.longestBatch = max(transactions.statistics.longestBatch, duration)
        publishStatistics()
        return count
    }

    /// Removes small requests from the queue, which are to join the transaction that runs.
    private func takeSmall() -> [WriterJob<Session>] {
        let lastCommit = transactions.statistics.lastCommit
        return state.withLock { state in
            let (joining, waiting) = turns.joining(state.pending, lastCommit: lastCommit)
            state.pending = waiting
            return joining
        }
    }

    private func checkpoint() {
        guard transactions.isCheckpointDue else { return }
        transactions.checkpoint()
        publishStatistics()
    }

    private func publishStatistics() {
        let statistics = transactions.statistics
        state.withLock { $0.statistics = statistics }
    }
}

/// The priority of the writer's work.
package enum WriterLane: Sendable {
    /// Requests of clients: all that have queued up share one commit.
    case requests
    /// Background work, which starts only while no request waits.
    case background
}
