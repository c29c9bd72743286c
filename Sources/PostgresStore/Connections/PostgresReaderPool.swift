internal import Budgets
internal import Dispatch
internal import PostgreSQL
internal import Synchronization
internal import Threads
internal import Tracking

/// Runs reads on threads of its own, each with a connection.
///
/// Look-ups have connections that no search ever occupies. Clients have equal shares. A read whose connection is lost begins again on
/// another one, until `queueTimeout` has passed since its submission.
final class PostgresReaderPool: Sendable {
    private struct State {
        var idle: [PostgresReadSession.Box] = []
        var isClosed = false
        var statistics = ReaderStatistics()
        var running = 0
    }

    private let connector: Connector
    private let permissionChanges: PermissionChanges
    private let limits: BudgetLimits
    private let queue: Budget
    private let queueTimeout: Duration
    private let lookUps: ThreadPool
    private let searches: ThreadPool
    private let state = Mutex(State())
    private let ended = DispatchSemaphore(value: 0)

    init(
        _ connector: Connector,
        _ permissionChanges: PermissionChanges,
        count: Int,
        budgets: Budgets,
        queueTimeout: Duration
    ) {
        self.connector = connector
        self.permissionChanges = permissionChanges
        self.queueTimeout = queueTimeout
        limits = budgets.limits
        queue = budgets.queuedReads
        let lookUpCount = max(1, count / 3)
        lookUps = ThreadPool(name: "pg-lookup", width: lookUpCount, pace: .prompt)
        searches = ThreadPool(name: "pg-reader", width: max(1, count - lookUpCount))
    }

    var statistics: ReaderStatistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.waitingExpensive = queue.usage.held
            statistics.runningShort = state.running - statistics.waitingExpensive
            return statistics
        }
    }

    /// Runs a read on one of the threads; `deliver` gets the outcome there, or on the calling thread if the read is refused.
    func submit<Value: Sendable>(
        _ work: @escaping @Sendable (PostgresReadSession) throws -> Value,
        cost: ReadCost,
        for caller: Caller,
        effort: ReadEffort?,
        deliver: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        let isOpen = state.withLock { state in
            guard !state.isClosed else { return false }
            state.running += 1
            return true
        }
        guard isOpen, queue.take(1, for: caller.party) else {
            if isOpen { noteEnd() }
            return deliver(.failure(TrackingError.busy))
        }
        let retryEnd = ContinuousClock.now + queueTimeout
        let isContinued = cost == .continued || effort != nil
        let pool = cost == .cheap ? lookUps : searches
        pool.run(for: caller.turn) { [self] in
            queue.giveBack(1, for: caller.party)
            let result = Result {
                try perform(work, for: caller, effort: effort, isContinued: isContinued, until: retryEnd)
            }
            deliver(result)
            noteEnd()
        }
    }

    private func noteEnd() {
        let isLast = state.withLock { state in
            state.running -= 1
            return state.isClosed && state.running == 0
        }
        if isLast { ended.signal() }
    }

    /// Runs a read, again on another connection while its connection is lost.
    private func perform<Value>(
        _ work: (PostgresReadSession) throws -> Value,
        for caller: Caller,
        effort: ReadEffort?,
        isContinued: Bool,
        until retryEnd: ContinuousClock.Instant
    ) throws -> Value {
        var attempt = 0
        while true {
            guard !caller.hasLeft else { throw TrackingError.clientLeft }
            do {
                return try performOnce(work, for: caller, effort: effort, isContinued: isContinued)
            } catch let error as PostgresError
                where error.mayEndByReconnecting || error.isTransient || error.isOfPreparedStatement
            {
                guard .now < retryEnd, !state.withLock({ $0.isClosed }) else { throw error }
                attempt += 1
                if error.isOfPreparedStatement, attempt > maximumPreparations { throw error }
                // The other connections are probably lost too, or have the same outdated statements.
                if error.isDisconnection || error.isOfPreparedStatement { dropIdle() }
                pause(attempt: attempt)
            }
        }
    }

    private func performOnce<Value>(
        _ work: (PostgresReadSession) throws -> Value,
        for caller: Caller,
        effort: ReadEffort?,
        isContinued: Bool
    ) throws -> Value {
        let session = try takeSession()
        let start = ContinuousClock.now
        let spent = effort.map { Duration.nanoseconds(Int64(clamping: $0.nanoseconds)) } ?? .zero
        session.pipeline.watch = PostgresWatch(deadline: start + limits.readTime - spent) { caller.hasLeft }
        defer {
            let lasted = (ContinuousClock.now - start) / .nanoseconds(1)
            (effort ?? session.effort)?.add(nanoseconds: UInt64(max(0, lasted)))
        }
        do {
            try session.begin(for: caller, isContinued: isContinued)
            let value = try work(session)
            session.pipeline.watch = PostgresWatch()
            try session.end()
            putBack(session)
            return value
        } catch {
            let advice = session.advice()
            let failure = error as? PostgresError
            if failure?.isOfPreparedStatement == true { session.pipeline.close() }
            session.pipeline.rollBack()
            if !session.pipeline.isClosed { putBack(session) }
            guard let error = failure else { throw error }
            switch error.state {
            case .abandoned:
                state.withLock { $0.statistics.endedForCallers += 1 }
                throw TrackingError.clientLeft
            case .overdue, .cancelled:
                state.withLock { $0.statistics.endedForTime += 1 }
                throw TrackingError.invalidParameter(
                    "The read was stopped after \(limits.readTime.components.seconds) s. \(advice)"
                )
            default: throw error
            }
        }
    }

    private func takeSession() throws -> PostgresReadSession {
        while let session = state.withLock({ $0.idle.popLast() })?.session {
            if !session.pipeline.isClosed { return session }
        }
        guard !connector.writerTurn.isWaiting else {
            throw PostgresError(.tooManyConnections, "the next connection is reserved for the writer")
        }
        return PostgresReadSession(pipeline: try connector.open(.reader), permissionChanges: permissionChanges)
    }

    private func putBack(_ session: PostgresReadSession) {
        guard !connector.writerTurn.isWaiting else { return session.pipeline.close() }
        let box = PostgresReadSession.Box(session: session)
        state.withLock { state in
            if !state.isClosed { state.idle.append(box) }
        }
    }

    /// Closes the connections that no read uses.
    func dropIdle() {
        let dropped = state.withLock { state in
            defer { state.idle = [] }
            return state.idle
        }
        for box in dropped { box.session.pipeline.close() }
    }

    /// Refuses new reads, and waits for those that run.
    func close() {
        let mustWait = state.withLock { state in
            guard !state.isClosed else { return false }
            state.isClosed = true
            return state.running > 0
        }
        if mustWait { ended.wait() }
        dropIdle()
    }
}

extension PostgresReadSession {
    /// A session that no thread uses.
    ///
    /// `@unchecked Sendable` because the pool gives a session to one thread at a time.
    struct Box: @unchecked Sendable {
        let session: PostgresReadSession
    }
}
