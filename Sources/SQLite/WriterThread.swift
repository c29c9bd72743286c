/// The part of the writer that lives on its queue: transactions, savepoints, replay and checkpoints.
///
/// `@unchecked Sendable` because everything in it is touched only on the writer's serial queue.
final class WriterThread<Session: WriterSession>: @unchecked Sendable {
    private enum Outcome {
        case committed
        /// Nothing was kept and every job has its failure.
        case failed
        /// The transaction is gone. The culprit, if one is known, has its failure; the others are to be replayed.
        case lost(culprit: Int?)
    }

    private let checkpointPages: Int
    private let clock = ContinuousClock()
    private var session: Session?
    /// The log's pages when it was last checkpointed; it is written from its start again once no reader needs it.
    private var checkpointedAtPages = 0
    var statistics = WriterStatistics()

    init(session: Session, checkpointPages: Int) {
        self.session = session
        self.checkpointPages = checkpointPages
    }

    /// Runs the jobs in one transaction, or one by one if that transaction is lost, and delivers all outcomes.
    func commit(_ jobs: ArraySlice<WriterJob<Session>>) {
        guard let session else {
            for job in jobs {
                job.fail(SubmissionError.closed)
                job.deliver()
            }
            return
        }
        let outcome =
            jobs.count == 1 ? attemptOne(jobs[jobs.startIndex], in: session) : attemptAll(jobs, in: session)
        guard case .lost(let culprit) = outcome else {
            for job in jobs { job.deliver() }
            return
        }
        for index in jobs.indices {
            if index != culprit {
                statistics.replays += 1
                _ = attemptOne(jobs[index], in: session)
            }
            jobs[index].deliver()
        }
    }

    /// Empties the log and closes the connection.
    func close() {
        guard let session else { return }
        // The log is complete without a checkpoint: the next start reads it. A reader still open is the usual cause.
        _ = try? session.connection.checkpoint(.truncate)
        session.connection.close()
        self.session = nil
    }

    /// Copies the log into the database when it has grown enough; waits for no reader.
    func checkpointIfNeeded() {
        guard checkpointPages > 0, let connection = session?.connection else { return }
        let pages = connection.walPages
        if pages < checkpointedAtPages { checkpointedAtPages = 0 }
        guard pages - checkpointedAtPages >= checkpointPages else { return }
        checkpointedAtPages = pages
        let start = clock.now
        do {
            try connection.checkpoint(.passive)
            statistics.checkpoints += 1
        } catch {
            // Nothing is lost: the log keeps the pages and the next checkpoint tries again.
            statistics.failedCheckpoints += 1
        }
        statistics.longestCheckpoint = max(statistics.longestCheckpoint, clock.now - start)
    }

    /// One job needs no savepoint: undoing the transaction undoes it.
    private func attemptOne(_ job: WriterJob<Session>, in session: Session) -> Outcome {
        let connection = session.connection
        do {
            try connection.cached("BEGIN IMMEDIATE").run()
            try job.execute(session)
            try requireTransaction(connection)
            try commitTransaction(session, requests: 1)
            return .committed
        } catch {
            connection.rollBackIfNeeded()
            session.didRollBack()
            job.fail(error)
            return .failed
        }
    }

    private func attemptAll(_ jobs: ArraySlice<WriterJob<Session>>, in session: Session) -> Outcome {
        let connection = session.connection
        do {
            try connection.cached("BEGIN IMMEDIATE").run()
        } catch {
            return failAll(jobs, error, in: session)
        }
        for index in jobs.indices where !attemptWithSavepoint(jobs[index], in: session) {
            return .lost(culprit: index)
        }
        do {
            try commitTransaction(session, requests: jobs.count)
            return .committed
        } catch let error as SQLiteError where error.isBusy {
            // Nobody here is to blame, and each replay would wait for the same lock.
            return failAll(jobs, error, in: session)
        } catch {
            connection.rollBackIfNeeded()
            session.didRollBack()
            return .lost(culprit: nil)
        }
    }

    /// Runs one job of many; false if the whole transaction is gone because of it.
    private func attemptWithSavepoint(_ job: WriterJob<Session>, in session: Session) -> Bool {
        let connection = session.connection
        do {
            session.willBeginSavepoint()
            try connection.cached("SAVEPOINT request").run()
            try job.execute(session)
            try requireTransaction(connection)
            try connection.cached("RELEASE request").run()
            return true
        } catch {
            job.fail(error)
            if connection.isInTransaction, undoSavepoint(connection) {
                session.didRollBackToSavepoint()
                return true
            }
            connection.rollBackIfNeeded()
            session.didRollBack()
            return false
        }
    }

    private func undoSavepoint(_ connection: Connection) -> Bool {
        do {
            try connection.cached("ROLLBACK TO request").run()
            try connection.cached("RELEASE request").run()
            return true
        } catch {
            // The caller gives up the transaction; the job keeps the error that came first.
            return false
        }
    }

    private func commitTransaction(_ session: Session, requests: Int) throws {
        try session.willCommit()
        let start = clock.now
        try session.connection.cached("COMMIT").run()
        statistics.countCommit(requests: requests, time: clock.now - start)
        session.didCommit()
    }

    private func failAll(_ jobs: ArraySlice<WriterJob<Session>>, _ error: any Error, in session: Session) -> Outcome {
        session.connection.rollBackIfNeeded()
        session.didRollBack()
        for job in jobs { job.fail(error) }
        return .failed
    }

    /// A job that swallowed the failure which ended the transaction must not be acknowledged.
    private func requireTransaction(_ connection: Connection) throws(SQLiteError) {
        guard connection.isInTransaction else {
            throw SQLiteError(code: .error, message: "the transaction ended inside a request")
        }
    }
}
