internal import Budgets

/// The part of the writer that is the work of its `SerialThread`: transactions, repeated requests and checkpoints.
///
/// If a request fails after it has changed something, the transaction is rolled back, and the requests before it run
/// again in a new transaction. Such requests are few. A savepoint for each request would avoid the repetition, but cost
/// a tenth of the writer's speed: two statements, and a copy of every page that the request changes.
///
/// `@unchecked Sendable` because only the work of the writer's `SerialThread` uses it, one piece at a time.
final class WriterTransactions<Session: WriterSession>: @unchecked Sendable {
    typealias Jobs = ArraySlice<WriterJob<Session>>

    private let clock = ContinuousClock()
    private let pagesPerCommit: Int
    private let pausesReadersToCommit: Bool
    private let gate: (any ReadGate)?
    private let turns: WriterTurns
    private var session: Session?
    private var log: LogKeeper
    var statistics = WriterStatistics()

    init(session: Session, limits: WriterLimits, gate: (any ReadGate)?, turns: WriterTurns) {
        self.session = session
        self.turns = turns
        self.gate = gate
        pagesPerCommit = limits.pagesPerCommit
        pausesReadersToCommit = limits.pausesReadersToCommit
        log = LogKeeper(limits: limits.log, gate: gate)
    }

    /// Runs the jobs and delivers their outcomes, if possible in one transaction.
    ///
    /// - Parameter takeSmall: removes small jobs from the queue and returns them; called if small jobs wait while large ones run.
    ///   The small jobs run at the end of the large ones' transaction, so that they need no commit of their own.
    /// - Returns: how many of `jobs`, from the first on, are finished: all of them, unless several clients wait.
    @discardableResult
    func commit(_ jobs: Jobs, joinedBy takeSmall: () -> [WriterJob<Session>] = { [] }) -> Int {
        guard let session else {
            fail(jobs, SubmissionError.closed)
            return jobs.count
        }
        var waiting = jobs
        repeat {
            if isCheckpointDue { checkpoint() }
            waiting = waiting.dropFirst(settle(waiting, joinedBy: takeSmall, in: session))
        } while !waiting.isEmpty && !turns.isShared
        return jobs.count - waiting.count
    }

    /// Runs all of the jobs and delivers their outcomes, in several transactions if necessary.
    private func commitAll(_ jobs: Jobs) {
        var waiting = jobs
        while !waiting.isEmpty { waiting = waiting.dropFirst(commit(waiting)) }
    }

    /// Empties the WAL and closes the connection, unless the session says that the WAL must stay.
    func close() {
        guard let session else { return }
        switch session.willClose() {
        case .emptyLog:
            // A failure, such as one caused by another program that reads, loses nothing: the next start reads the WAL.
            _ = try? session.connection.checkpoint(.truncateWhenFree)
        case .keepLog: session.connection.keepLogWhenClosed()
        }
        session.connection.close()
        self.session = nil
    }

    /// Whether the WAL has grown enough since the last checkpoint to need the next one.
    var isCheckpointDue: Bool {
        guard let connection = session?.connection else { return false }
        return log.recordSize(connection)
    }

    /// Runs a checkpoint; pauses the readers for a short time if they keep the WAL from restarting.
    func checkpoint() {
        guard let connection = session?.connection else { return }
        runCheckpoint { () throws(SQLiteError) in try log.empty(on: connection) }
    }

    /// Truncates a large WAL and frees cached pages; called on an idle server.
    func releaseIdleResources() {
        guard let connection = session?.connection else { return }
        if log.isWorthTruncating { runCheckpoint { () throws(SQLiteError) in try log.truncate(on: connection) } }
        connection.releaseMemory()
    }

    private func runCheckpoint(_ body: () throws(SQLiteError) -> Void) {
        let start = clock.now
        do {
            try body()
            statistics.checkpoints += 1
        } catch {
            // A failure loses nothing: the WAL keeps its pages, and the next checkpoint copies them.
            statistics.failedCheckpoints += 1
        }
        statistics.longestCheckpoint = max(statistics.longestCheckpoint, clock.now - start)
    }

    /// Runs one transaction for as many of the jobs as it may hold.
    /// - Returns: how many of `jobs`, from the first on, are finished and have delivered their outcome.
    private func settle(_ jobs: Jobs, joinedBy takeSmall: () -> [WriterJob<Session>], in session: Session) -> Int {
        let connection = session.connection
        do {
            try connection.cached("BEGIN IMMEDIATE").run()
        } catch {
            fail(jobs, error)
            return jobs.count
        }
        let pagesBefore = connection.writtenPages
        let start = clock.now
        var (last, lastLarge) = (start, start)
        var jobs = jobs
        /// The number of the jobs before small ones joined them.
        var ownCount: Int?
        var index = jobs.startIndex
        while index < jobs.endIndex {
            let job = jobs[index]
            guard attempt(job, in: session) else {
                undo(session)
                replay(jobs[..<index])
                job.deliver()
                guard let ownCount else { return index - jobs.startIndex + 1 }
                replay(jobs[(index + 1)...])
                return ownCount
            }
            if turns.isShared {
                let now = clock.now
                turns.recordTime(now - last, for: 1, like: job)
                last = now
                if job.isLarge { lastLarge = now }
            }
            index += 1
            guard ownCount == nil else { continue }
            let mustCommit = turns.endsTransaction(
                after: job,
                before: index < jobs.endIndex ? jobs[index] : nil,
                lasted: last - (job.isLarge ? start : lastLarge),
                lastCommit: statistics.lastCommit
            )
            if mustCommit || connection.writtenPages - pagesBefore > pagesPerCommit { jobs = jobs[..<index] }
            guard index == jobs.endIndex, turns.hasWaitingSmall else { continue }
            ownCount = jobs.count
            let small = takeSmall()
            statistics.requests += small.count
            jobs += small
        }
        if last == start, let first = jobs.first { turns.recordTime(clock.now - start, for: jobs.count, like: first) }
        do {
            try commitTransaction(session, requests: jobs.count)
            for job in jobs { job.deliver() }
        } catch {
            undo(session)
            if jobs.count == 1 || (error as? SQLiteError)?.isBusy == true {
                // Another program holds the lock. No job is at fault, and each replay would wait for the lock again.
                fail(jobs, error)
            } else {
                for index in jobs.indices { replay(jobs[index...index]) }
            }
        }
        return ownCount ?? jobs.count
    }

    /// Runs one job.
    ///
    /// - Returns: false if the transaction must be rolled back, because the job failed after it had changed something,
    ///   or ended the transaction.
    private func attempt(_ job: WriterJob<Session>, in session: Session) -> Bool {
        job.leaveQueue()
        let connection = session.connection
        let changesBefore = connection.totalChanges
        do {
            try job.execute(session)
            try requireTransaction(connection)
            return true
        } catch {
            job.fail(error)
            return connection.isInTransaction && connection.totalChanges == changesBefore
        }
    }

    private func replay(_ jobs: Jobs) {
        statistics.replays += jobs.count
        commitAll(jobs)
    }

    private func undo(_ session: Session) {
        session.connection.rollBackIfNeeded()
        session.didRollBack()
    }

    private func commitTransaction(_ session: Session, requests: Int) throws {
        try session.willCommit()
        let start = clock.now
        try withoutReads { try session.connection.cached("COMMIT").run() }
        statistics.countCommit(requests: requests, time: clock.now - start)
        session.didCommit()
    }

    /// Runs `commit`; if `pausesReadersToCommit` is set, while no read runs.
    ///
    /// Without the pause, SQLite would wait for the reads with longer and longer sleeps, and fail after the busy timeout. Reads that
    /// last for more than a second are ended.
    private func withoutReads(_ commit: () throws -> Void) throws {
        guard pausesReadersToCommit, let gate else { return try commit() }
        gate.pause(.all)
        defer { gate.resume(.all) }
        if !gate.waitForReads(startedBefore: .now, within: .seconds(1)) { gate.endReads(startedBefore: .now) }
        try commit()
    }

    private func fail(_ jobs: Jobs, _ error: any Error) {
        for job in jobs {
            job.leaveQueue()
            job.fail(error)
            job.deliver()
        }
    }

    /// Throws if a job has ended the transaction, for example because it caught an error that rolled it back.
    private func requireTransaction(_ connection: Connection) throws(SQLiteError) {
        guard connection.isInTransaction else {
            throw SQLiteError(code: .error, message: "the transaction ended inside a request")
        }
    }
}
