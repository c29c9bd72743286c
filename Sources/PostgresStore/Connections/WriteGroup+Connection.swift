internal import Budgets
internal import PostgreSQL
internal import Tracking

extension WriteGroup {
    /// Opens the connection of a thread that helps, if it has none, with one attempt; returns whether it now has a connection.
    ///
    /// Closes the connection while the first thread waits for one.
    func connectToHelp() -> Bool {
        guard !connector.writerPriority.isWaiting else {
            close()
            return false
        }
        return session?.pipeline.isClosed == false || (try? connect()) != nil
    }

    private func connect() throws(PostgresError) -> PostgresWriteSession {
        let (pipeline, timeline) = try connector.openWithTimeline(.writer)
        let session = PostgresWriteSession(
            pipeline: pipeline,
            timeline: timeline,
            artifactRoot: artifactRoot,
            servedBuckets: servedBuckets,
            creations: creations,
            locks: locks,
            auditIDs: auditIDs,
            permissionChanges: permissionChanges,
            runQuota: runQuota,
            storageUseChanges: storageUseChanges
        )
        self.session = session
        return session
    }

    /// Returns the session; if necessary, tries to connect until it succeeds or one of the jobs has waited too long.
    func connected(for jobs: Jobs) -> PostgresWriteSession? {
        var attempts = 0
        defer { connector.writerPriority.end() }
        while true {
            if let session, !session.pipeline.isClosed { return session }
            // If a job has waited too long, no further attempt is made, because it may take as long as the last one.
            guard !isUnreachable || !areOverdue(jobs) else { return nil }
            do {
                let session = try connect()
                if isUnreachableReported { report("the database can be reached again") }
                (isUnreachable, isUnreachableReported) = (false, false)
                return session
            } catch {
                if !isUnreachable, connectFailures.note(endsAfter: { _ in .seconds(60) }) == nil {
                    report("the database cannot be reached: \(error)")
                    isUnreachableReported = true
                }
                isUnreachable = true
                if error.isLackOfConnections {
                    connector.writerPriority.begin()
                    closeIdleReaders()
                }
                attempts += 1
                pause(attempt: attempts)
            }
        }
    }

    func areOverdue(_ jobs: Jobs) -> Bool { jobs.contains { $0.arrival + queueTimeout < .now } }

    func dropConnection(after error: PostgresError) {
        if losses.note(endsAfter: { _ in .seconds(60) }) == nil {
            report("the writer's connection to the database was lost: \(error)")
        }
        session?.pipeline.close()
        session = nil
    }

    /// Finds out whether a transaction whose COMMIT was not answered is committed, runs its jobs again if that is safe and
    /// necessary, and delivers their outcomes.
    ///
    /// - Parameter transaction: nil if the transaction has only logged to runs.
    /// - Returns: the number of jobs, because all have then delivered their outcomes.
    func recover(_ jobs: Jobs, _ transaction: TransactionIdentity?) -> Int {
        let outcome = transaction.map { self.outcome(of: $0, jobs) } ?? .unknown
        guard outcome != .rolledBack else {
            run(jobs)
            return jobs.count
        }
        // Logs are written again even after a commit: writing them twice changes nothing, and the outcome may be that of another
        // transaction, which got the same number after a crash of the database server.
        let (logs, others) = (jobs.filter(\.isRepeatable), jobs.filter { !$0.isRepeatable })
        // If the answer to COMMIT was lost for the second time and the jobs have waited too long, they are not tried again.
        let isLastAttempt = areOverdue(jobs) && logs.contains(where: \.isUncertain)
        for job in logs { job.noteUncertainOutcome() }
        if outcome == .committed {
            creations.commit()
            for job in others { job.deliver() }
        } else {
            deliver(others[...], TrackingError.outcomeUnknown)
        }
        if isLastAttempt { deliver(logs[...], TrackingError.outcomeUnknown) } else { run(logs[...]) }
        return jobs.count
    }

    private func outcome(of transaction: TransactionIdentity, _ jobs: Jobs) -> TransactionIdentity.Outcome {
        var attempts = 0
        while let session = connected(for: jobs) {
            do {
                session.pipeline.watch = PostgresWatch(deadline: .now + commitTime, cancels: false)
                let outcome = try session.outcome(of: transaction)
                if outcome != .inProgress { return outcome }
            } catch {
                session.pipeline.rollBack()
                guard let error = error as? PostgresError, error.mayPassWithNewConnection else { return .unknown }
                dropConnection(after: error)
                guard !areOverdue(jobs) else { return .unknown }
            }
            attempts += 1
            // The server needs a moment to end a transaction in progress, so at least 20 attempts are made, even if the jobs have
            // waited too long.
            guard !areOverdue(jobs) || attempts < 20 else { return .unknown }
            pause(attempt: attempts)
        }
        return .unknown
    }
}
