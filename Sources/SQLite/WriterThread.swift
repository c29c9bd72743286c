/// The part of the writer that lives on its queue: transactions, replay and checkpoints.
///
/// There are no savepoints: each costs two statements and a copy of every page that its request changes, a tenth of the
/// writer's speed, and hardly a request fails after it has changed something. One that does takes the requests before
/// it down, and those run again in a transaction of their own.
///
/// `@unchecked Sendable` because everything in it is touched only on the writer's serial queue.
final class WriterThread<Session: WriterSession>: @unchecked Sendable {
    typealias Jobs = ArraySlice<WriterJob<Session>>

    private let clock = ContinuousClock()
    private let pagesPerCommit: Int
    private let commitsAlone: Bool
    private let gate: (any ReadGate)?
    private var session: Session?
    private var log: LogKeeper
    var statistics = WriterStatistics()

    init(session: Session, limits: WriterLimits, gate: (any ReadGate)?) {
        self.session = session
        self.gate = gate
        pagesPerCommit = limits.pagesPerCommit
        commitsAlone = limits.commitsAlone
        log = LogKeeper(limits: limits.log, gate: gate)
    }

    /// Carries out the jobs and delivers their outcomes: in one transaction, unless one of them costs the others theirs.
    func commit(_ jobs: Jobs) {
        guard let session else {
            fail(jobs, SubmissionError.closed)
            return
        }
        var waiting = jobs
        while !waiting.isEmpty {
            if isCheckpointDue { checkpoint() }
            waiting = waiting.dropFirst(settle(waiting, in: session))
        }
    }

    /// Empties the log and closes the connection, unless the session says that the log must stay.
    func close() {
        guard let session else { return }
        switch session.willClose() {
        case .emptyLog:
            // The log is complete without a checkpoint: the next start reads it. Another program's reader is the usual cause.
            _ = try? session.connection.checkpoint(.truncateWhenFree)
        case .keepLog:
            session.connection.keepLogWhenClosed()
        }
        session.connection.close()
        self.session = nil
    }

    /// Whether the log has grown enough since it was last looked after.
    var isCheckpointDue: Bool {
        guard let connection = session?.connection else { return false }
        return log.isDue(connection)
    }

    /// Copies the log into the database, and waits a little for readers where the log has outgrown its bound.
    func checkpoint() {
        guard let connection = session?.connection else { return }
        countCheckpoint { () throws(SQLiteError) in try log.work(on: connection) }
    }

    /// Cuts the log when it takes more than a start can read at once, and gives back memory; for times without requests.
    func rest() {
        guard let connection = session?.connection else { return }
        if log.isWorthCutting {
            countCheckpoint { () throws(SQLiteError) in try log.cut(on: connection) }
        }
        connection.releaseMemory()
    }

    private func countCheckpoint(_ body: () throws(SQLiteError) -> Void) {
        let start = clock.now
        do {
            try body()
            statistics.checkpoints += 1
        } catch {
            // Nothing is lost: the log keeps the pages and the next checkpoint tries again.
            statistics.failedCheckpoints += 1
        }
        statistics.longestCheckpoint = max(statistics.longestCheckpoint, clock.now - start)
    }

    /// Begins a transaction for the jobs and brings it to its end.
    /// - Returns: how many of them, from the first on, have been carried out or failed, and were told so.
    private func settle(_ jobs: Jobs, in session: Session) -> Int {
        let connection = session.connection
        do {
            try connection.cached("BEGIN IMMEDIATE").run()
        } catch {
            fail(jobs, error)
            return jobs.count
        }
        let pagesBefore = connection.writtenPages
        var jobs = jobs
        for index in jobs.indices {
            guard attempt(jobs[index], in: session) else {
                undo(session)
                replay(jobs[..<index])
                jobs[index].deliver()
                return index - jobs.startIndex + 1
            }
            if connection.writtenPages - pagesBefore > pagesPerCommit {
                jobs = jobs[...index]
                break
            }
        }
        do {
            try commitTransaction(session, requests: jobs.count)
            for job in jobs { job.deliver() }
        } catch {
            undo(session)
            if jobs.count == 1 || (error as? SQLiteError)?.isBusy == true {
                // Of a lock nobody here is to blame, and each replay would wait for it again.
                fail(jobs, error)
            } else {
                for index in jobs.indices { replay(jobs[index...index]) }
            }
        }
        return jobs.count
    }

    /// Runs one job; false if it failed and the transaction must be undone because of it.
    private func attempt(_ job: WriterJob<Session>, in session: Session) -> Bool {
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
        commit(jobs)
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

    /// Keeps readers away where they and a commit exclude each other.
    ///
    /// SQLite would make them wait for each other with sleeps that grow, and give up after some seconds.
    private func withoutReads(_ commit: () throws -> Void) throws {
        guard commitsAlone, let gate else { return try commit() }
        gate.pause()
        defer { gate.resume() }
        if !gate.waitUntilIdle(within: .seconds(1)) { gate.endReads(startedBefore: .now) }
        try commit()
    }

    private func fail(_ jobs: Jobs, _ error: any Error) {
        for job in jobs {
            job.fail(error)
            job.deliver()
        }
    }

    /// A job that swallowed the failure which ended the transaction must not be acknowledged.
    private func requireTransaction(_ connection: Connection) throws(SQLiteError) {
        guard connection.isInTransaction else {
            throw SQLiteError(code: .error, message: "the transaction ended inside a request")
        }
    }
}
