internal import Budgets
internal import Dispatch
internal import PostgreSQL
internal import Synchronization
internal import Threads
internal import Tracking

/// Runs reads on threads of its own, each with a connection.
///
/// Some threads are reserved for look-ups, so that searches never occupy all of them. Clients have equal shares of the threads. A
/// read whose connection is lost begins again on another one. A read is refused `queueTimeout` after its submission if no thread
/// has begun it or if it has no connection.
///
/// While searches occupy their threads, each further search also gets a trial of at most a second on a separate thread, so that a
/// quick search does not wait for long ones.
final class PostgresReaderPool: Sendable {
    private struct State {
        var idle: [PostgresReadSession.Box] = []
        var isClosed = false
        var statistics = ReaderStatistics()
        /// The unanswered reads; the keys are numbers in the order of submission.
        var reads: [Int: PendingRead] = [:]
        var lastNumber = 0
        /// How many unanswered reads are not look-ups.
        var searchCount = 0
        /// Whether a call of `refuseOverdue` is scheduled.
        var isRefusalScheduled = false
        /// Until this time, reads wait only some milliseconds for a lock, because a read has waited for a lock in vain.
        var shortLockWaitsEnd = ContinuousClock.now
    }

    private let connector: Connector
    private let permissionChanges: PermissionChanges
    private let limits: BudgetLimits
    /// Limits how many reads wait, in total and for each client.
    private let queue: Budget
    private let queueTimeout: Duration
    private let lookUps: ThreadPool
    private let searches: ThreadPool
    /// While so many searches are in progress, each further search also gets a trial: one client gets no more threads than this.
    private let trialThreshold: Int
    private let trials = ThreadPool(name: "pg-trial", width: 1)
    private let refusalQueue = DispatchQueue(label: "pg-reader-watch")
    private let state = Mutex(State())
    private let allAnswered = DispatchSemaphore(value: 0)

    private static let maximumTrialTime = Duration.seconds(1)
    /// How long reads wait only briefly for locks after a read did not get one: otherwise, a repeated read would delay the other
    /// reads each time.
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
        trialThreshold = searchCount - searchCount / 4
        lookUps = ThreadPool(name: "pg-lookup", width: lookUpCount, pace: .prompt)
        searches = ThreadPool(name: "pg-reader", width: searchCount)
    }

    var statistics: ReaderStatistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.waitingExpensive = queue.usage.held
            statistics.runningShort = state.reads.count - statistics.waitingExpensive
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
        guard queue.take(1, for: caller.client) else { return deliver(.failure(TrackingError.busy)) }
        let isContinued = cost == .continued || effort != nil
        let queue = queue
        let read = PendingRead(
            cost == .cheap ? .lookUp : isContinued ? .continued : .search,
            queueDeadline: .now + queueTimeout,
            leaveQueue: { queue.giveBack(1, for: caller.client) },
            refuse: { deliver(.failure($0 ?? TrackingError.waitedTooLongToRead)) }
        )
        guard let (number, getsTrial) = add(read) else {
            queue.giveBack(1, for: caller.client)
            return deliver(.failure(TrackingError.busy))
        }
        read.setBody { [self] read, isTrial in
            let result = Result {
                try perform(work, for: caller, effort: effort, isContinued: isContinued, read, isTrial: isTrial)
            }
            if case .failure(let error) = result, error is TrialEnded {
                if read.requeue() { searches.run(for: caller.clientNumber) { read.run(isTrial: false) } }
                return
            }
            guard read.markAnswered() else { return }
            deliver(result)
            remove(number)
        }
        (read.kind == .lookUp ? lookUps : searches).run(for: caller.clientNumber) { read.run(isTrial: false) }
        if getsTrial { trials.run(for: caller.clientNumber) { read.run(isTrial: true) } }
    }

    /// - Returns: the number of the read, and whether it gets a trial; nil if the pool is closed.
    private func add(_ read: PendingRead) -> (number: Int, getsTrial: Bool)? {
        let (added, mustScheduleRefusal): ((Int, Bool)?, Bool) = state.withLock { state in
            guard !state.isClosed else { return (nil, false) }
            state.lastNumber += 1
            state.reads[state.lastNumber] = read
            let getsTrial = read.kind == .search && state.searchCount >= trialThreshold
            if read.kind != .lookUp { state.searchCount += 1 }
            defer { state.isRefusalScheduled = true }
            return ((state.lastNumber, getsTrial), !state.isRefusalScheduled)
        }
        if mustScheduleRefusal { scheduleRefusal(at: read.queueDeadline) }
        return added
    }

    private func remove(_ number: Int) {
        let isLast = state.withLock { state in
            guard let read = state.reads.removeValue(forKey: number) else { return false }
            if read.kind != .lookUp { state.searchCount -= 1 }
            return state.isClosed && state.reads.isEmpty
        }
        if isLast { allAnswered.signal() }
    }

    private func scheduleRefusal(at end: ContinuousClock.Instant) {
        let left = max(.zero, end - .now)
        refusalQueue.asyncAfter(deadline: .now() + .milliseconds(Int(left / .milliseconds(1)) + 1)) { [weak self] in
            self?.refuseOverdue()
        }
    }

    /// Refuses the reads that have waited too long for a thread or for the database.
    private func refuseOverdue() {
        let now = ContinuousClock.now
        let (late, next): ([Int: PendingRead], ContinuousClock.Instant?) = state.withLock { state in
            let reads = state.reads.filter { $0.value.kind != .continued }
            let late = reads.filter { $0.value.queueDeadline <= now }
            state.isRefusalScheduled = !reads.isEmpty
            // A search on which the database works is checked again, because it may lose its connection and wait.
            return (late, reads.values.map { $0.queueDeadline <= now ? now + .seconds(1) : $0.queueDeadline }.min())
        }
        for (number, read) in late where read.refuseOverdue() { remove(number) }
        if let next { scheduleRefusal(at: next) }
    }

    /// Runs a read; if its connection is lost, runs it again on another one.
    private func perform<Value>(
        _ work: (PostgresReadSession) throws -> Value,
        for caller: Caller,
        effort: ReadEffort?,
        isContinued: Bool,
        _ read: PendingRead,
        isTrial: Bool
    ) throws -> Value {
        var attempt = 0
        var wasCancelled = false
        while true {
            guard !caller.hasLeft, !read.isAnswered else { throw TrackingError.clientLeft }
            do {
                return try performOnce(
                    work,
                    for: caller,
                    effort: effort,
                    isContinued: isContinued,
                    read,
                    isTrial: isTrial
                )
            } catch let error as PostgresError where error.state == .cancelled {
                // Another program has cancelled the query, perhaps by mistake, so the read is tried once more.
                guard !wasCancelled else { throw TrackingError.cancelledRead }
                wasCancelled = true
                read.recordFailure(TrackingError.cancelledRead)
            } catch let error as PostgresError
                where error.mayPassWithNewConnection || error.isTransient || error.hasOutdatedStatements
            {
                guard .now < read.queueDeadline, !state.withLock({ $0.isClosed }) else { throw error }
                attempt += 1
                if error.hasOutdatedStatements, attempt > maximumPreparations { throw error }
                // The other connections are probably lost too, or have the same outdated statements.
                if error.isDisconnection || error.hasOutdatedStatements { closeIdle() }
                read.recordFailure(error)
                pause(attempt: attempt)
            }
        }
    }

    private func performOnce<Value>(
        _ work: (PostgresReadSession) throws -> Value,
        for caller: Caller,
        effort: ReadEffort?,
        isContinued: Bool,
        _ read: PendingRead,
        isTrial: Bool
    ) throws -> Value {
        let session = try takeSession()
        guard read.markRunning() else {
            putBack(session)
            throw TrackingError.clientLeft
        }
        let start = ContinuousClock.now
        let spent = effort.map { Duration.nanoseconds(Int64(clamping: $0.nanoseconds)) } ?? .zero
        let time = isTrial ? min(Self.maximumTrialTime, limits.readElapsedTime) : limits.readElapsedTime - spent
        session.pipeline.watch = PostgresWatch(deadline: start + time) { caller.hasLeft || read.isAnswered }
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
            if failure?.hasOutdatedStatements == true { session.pipeline.close() }
            session.pipeline.rollBack()
            if !session.pipeline.isClosed { putBack(session) }
            guard let error = failure else { throw error }
            throw explained(error, advice, hasLeft: caller.hasLeft, isTrial: isTrial)
        }
    }

    /// Returns the error for a failed attempt: the error for the client, or one after which the read is tried again.
    private func explained(_ error: PostgresError, _ advice: String, hasLeft: Bool, isTrial: Bool) -> any Error {
        switch error.state {
        case .abandoned:
            if hasLeft { state.withLock { $0.statistics.endedForCallers += 1 } }
            return TrackingError.clientLeft
        case .overdue:
            guard !isTrial else { return TrialEnded() }
            state.withLock { $0.statistics.endedForTime += 1 }
            return TrackingError.invalidParameter(
                "The read was stopped after \(limits.readElapsedTime.components.seconds) s. \(advice)"
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
        guard !connector.writerPriority.isWaiting else {
            throw PostgresError(.tooManyConnections, "the next connection is reserved for the writer")
        }
        return PostgresReadSession(pipeline: try connector.open(.reader), permissionChanges: permissionChanges)
    }

    private func putBack(_ session: PostgresReadSession) {
        guard !connector.writerPriority.isWaiting else { return session.pipeline.close() }
        let box = PostgresReadSession.Box(session: session)
        state.withLock { state in
            if !state.isClosed { state.idle.append(box) }
        }
    }

    /// Closes the connections that no read uses.
    func closeIdle() {
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
            return !state.reads.isEmpty
        }
        if mustWait { allAnswered.wait() }
        closeIdle()
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
