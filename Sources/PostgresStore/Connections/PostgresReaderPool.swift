internal import Budgets
internal import Dispatch
internal import PostgreSQL
internal import Synchronization
internal import Threads
internal import Tracking

/// Runs reads on threads of its own, each with a connection.
///
/// Some threads are reserved for look-ups, so that searches never occupy all of them. Clients have equal shares of the threads. A
/// read whose connection is lost begins again on another one. When `queueTimeout` has passed since the submission of a read, it
/// is refused if no thread has begun it or if it has no connection.
///
/// While searches occupy their threads, each further search is also tried, for at most a second, on a separate thread. So a quick
/// search does not wait for long ones.
final class PostgresReaderPool: Sendable {
    private struct State {
        var idle: [PostgresReadSession.Box] = []
        var isClosed = false
        var statistics = ReaderStatistics()
        /// The unanswered reads; the keys are numbers in the order of submission.
        var turns: [Int: ReadTurn] = [:]
        var lastNumber = 0
        /// How many unanswered reads are not look-ups.
        var searchCount = 0
        /// Whether a call of `refuseLate` is scheduled.
        var isWatched = false
        /// Until then, reads wait only some milliseconds for a lock, because a read has waited in vain for one.
        var shortLockWaitsEnd = ContinuousClock.now
    }

    private let connector: Connector
    private let permissionChanges: PermissionChanges
    private let limits: BudgetLimits
    private let queue: Budget
    private let queueTimeout: Duration
    private let lookUps: ThreadPool
    private let searches: ThreadPool
    /// While so many searches are in progress, further ones are also tried, because one client gets no more threads than this.
    private let searchShare: Int
    private let trials = ThreadPool(name: "pg-trial", width: 1)
    private let watching = DispatchQueue(label: "pg-reader-watch")
    private let state = Mutex(State())
    private let ended = DispatchSemaphore(value: 0)

    /// How long the trial of a search may take.
    private static let trialTime = Duration.seconds(1)
    /// How long reads wait only briefly for locks after a read has waited in vain: otherwise, repeated reads would delay the
    /// other reads each time.
    private static let shortLockWaitsTime = Duration.seconds(30)

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
        let searchCount = max(1, count - lookUpCount - 1)
        searchShare = searchCount - searchCount / 4
        lookUps = ThreadPool(name: "pg-lookup", width: lookUpCount, pace: .prompt)
        searches = ThreadPool(name: "pg-reader", width: searchCount)
    }

    var statistics: ReaderStatistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.waitingExpensive = queue.usage.held
            statistics.runningShort = state.turns.count - statistics.waitingExpensive
            return statistics
        }
    }

    /// Runs a read on one of the threads; `deliver` is called with the outcome there, or on another thread if the read is
    /// refused.
    func submit<Value: Sendable>(
        _ work: @escaping @Sendable (PostgresReadSession) throws -> Value,
        cost: ReadCost,
        for caller: Caller,
        effort: ReadEffort?,
        deliver: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        guard queue.take(1, for: caller.party) else { return deliver(.failure(TrackingError.busy)) }
        let isContinued = cost == .continued || effort != nil
        let queue = queue
        let turn = ReadTurn(
            cost == .cheap ? .lookUp : isContinued ? .continued : .search,
            patienceEnd: .now + queueTimeout,
            leaveQueue: { queue.giveBack(1, for: caller.party) },
            refuse: { deliver(.failure($0 ?? TrackingError.noReadTurn)) }
        )
        guard let (number, mustTry) = add(turn) else {
            queue.giveBack(1, for: caller.party)
            return deliver(.failure(TrackingError.busy))
        }
        turn.setBody { [self] turn, isTrial in
            let result = Result {
                try perform(work, for: caller, effort: effort, isContinued: isContinued, turn, isTrial: isTrial)
            }
            if case .failure(let error) = result, error is TrialEnded {
                if turn.goBack() { searches.run(for: caller.turn) { turn.run(isTrial: false) } }
                return
            }
            guard turn.finish() else { return }
            deliver(result)
            leave(number)
        }
        (turn.kind == .lookUp ? lookUps : searches).run(for: caller.turn) { turn.run(isTrial: false) }
        if mustTry { trials.run(for: caller.turn) { turn.run(isTrial: true) } }
    }

    /// - Returns: the number of the read, and whether it should be tried; nil if the pool is closed.
    private func add(_ turn: ReadTurn) -> (number: Int, mustTry: Bool)? {
        let (added, mustWatch): ((Int, Bool)?, Bool) = state.withLock { state in
            guard !state.isClosed else { return (nil, false) }
            state.lastNumber += 1
            state.turns[state.lastNumber] = turn
            let mustTry = turn.kind == .search && state.searchCount >= searchShare
            if turn.kind != .lookUp { state.searchCount += 1 }
            defer { state.isWatched = true }
            return ((state.lastNumber, mustTry), !state.isWatched)
        }
        if mustWatch { watch(until: turn.patienceEnd) }
        return added
    }

    private func leave(_ number: Int) {
        let isLast = state.withLock { state in
            guard let turn = state.turns.removeValue(forKey: number) else { return false }
            if turn.kind != .lookUp { state.searchCount -= 1 }
            return state.isClosed && state.turns.isEmpty
        }
        if isLast { ended.signal() }
    }

    private func watch(until end: ContinuousClock.Instant) {
        let left = max(.zero, end - .now)
        watching.asyncAfter(deadline: .now() + .milliseconds(Int(left / .milliseconds(1)) + 1)) { [weak self] in
            self?.refuseLate()
        }
    }

    /// Refuses the reads that have waited too long for a thread or for the database.
    private func refuseLate() {
        let now = ContinuousClock.now
        let (late, next): ([Int: ReadTurn], ContinuousClock.Instant?) = state.withLock { state in
            let turns = state.turns.filter { $0.value.kind != .continued }
            let late = turns.filter { $0.value.patienceEnd <= now }
            state.isWatched = !turns.isEmpty
            // A search on which the database works is checked again, because it may lose its connection and wait.
            return (late, turns.values.map { $0.patienceEnd <= now ? now + .seconds(1) : $0.patienceEnd }.min())
        }
        for (number, turn) in late where turn.refuseLate() { leave(number) }
        if let next { watch(until: next) }
    }

    /// Runs a read; if its connection is lost, runs it again on another one.
    private func perform<Value>(
        _ work: (PostgresReadSession) throws -> Value,
        for caller: Caller,
        effort: ReadEffort?,
        isContinued: Bool,
        _ turn: ReadTurn,
        isTrial: Bool
    ) throws -> Value {
        var attempt = 0
        var wasCancelled = false
        while true {
            guard !caller.hasLeft, !turn.isAnswered else { throw TrackingError.clientLeft }
            do {
                return try performOnce(
                    work,
                    for: caller,
                    effort: effort,
                    isContinued: isContinued,
                    turn,
                    isTrial: isTrial
                )
            } catch let error as PostgresError where error.state == .cancelled {
                // Another program has cancelled the query, perhaps by mistake, so the read is tried once more.
                guard !wasCancelled else { throw TrackingError.cancelledRead }
                wasCancelled = true
                turn.pause(after: TrackingError.cancelledRead)
            } catch let error as PostgresError
                where error.mayEndByReconnecting || error.isTransient || error.isOfPreparedStatement
            {
                guard .now < turn.patienceEnd, !state.withLock({ $0.isClosed }) else { throw error }
                attempt += 1
                if error.isOfPreparedStatement, attempt > maximumPreparations { throw error }
                // The other connections are probably lost too, or have the same outdated statements.
                if error.isDisconnection || error.isOfPreparedStatement { dropIdle() }
                turn.pause(after: error)
                pause(attempt: attempt)
            }
        }
    }

    private func performOnce<Value>(
        _ work: (PostgresReadSession) throws -> Value,
        for caller: Caller,
        effort: ReadEffort?,
        isContinued: Bool,
        _ turn: ReadTurn,
        isTrial: Bool
    ) throws -> Value {
        let session = try takeSession()
        guard turn.start() else {
            putBack(session)
            throw TrackingError.clientLeft
        }
        let start = ContinuousClock.now
        let spent = effort.map { Duration.nanoseconds(Int64(clamping: $0.nanoseconds)) } ?? .zero
        let time = isTrial ? min(Self.trialTime, limits.readTime) : limits.readTime - spent
        session.pipeline.watch = PostgresWatch(deadline: start + time) { caller.hasLeft || turn.isAnswered }
        defer {
            let lasted = (ContinuousClock.now - start) / .nanoseconds(1)
            (effort ?? session.effort)?.add(nanoseconds: UInt64(max(0, lasted)))
        }
        do {
            let waitsShortly = state.withLock { .now < $0.shortLockWaitsEnd }
            try session.begin(for: caller, isContinued: isContinued, waitsShortlyForLocks: waitsShortly)
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
            throw explained(error, advice, hasLeft: caller.hasLeft, isTrial: isTrial)
        }
    }

    /// Returns the error for a failure of an attempt: what the client gets, or a failure after which the read is tried again.
    private func explained(_ error: PostgresError, _ advice: String, hasLeft: Bool, isTrial: Bool) -> any Error {
        switch error.state {
        case .abandoned:
            if hasLeft { state.withLock { $0.statistics.endedForCallers += 1 } }
            return TrackingError.clientLeft
        case .overdue:
            guard !isTrial else { return TrialEnded() }
            state.withLock { $0.statistics.endedForTime += 1 }
            return TrackingError.invalidParameter(
                "The read was stopped after \(limits.readTime.components.seconds) s. \(advice)"
            )
        case .lockNotAvailable:
            state.withLock { state in
                // The time is not prolonged if this read waited only briefly.
                if state.shortLockWaitsEnd < .now { state.shortLockWaitsEnd = .now + Self.shortLockWaitsTime }
            }
            return TrackingError.lockedRead
        default: return error
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

    /// Refuses new reads, waits until the running ones have ended, and closes the connections.
    func close() {
        let mustWait = state.withLock { state in
            guard !state.isClosed else { return false }
            state.isClosed = true
            return !state.turns.isEmpty
        }
        if mustWait { ended.wait() }
        dropIdle()
    }
}

/// The trial of a search has taken too long; the search now waits for a thread without this limit.
private struct TrialEnded: Error {}

extension PostgresReadSession {
    /// A session that no thread uses.
    ///
    /// `@unchecked Sendable` because the pool gives a session to one thread at a time.
    struct Box: @unchecked Sendable {
        let session: PostgresReadSession
    }
}
