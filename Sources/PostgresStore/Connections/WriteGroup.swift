internal import Budgets
internal import PostgreSQL
internal import Tracking

/// The part of the writer that runs on its thread: the connection, transactions, and what is repeated after a failure.
final class WriteGroup {
    typealias Jobs = ArraySlice<WriteJob>

    private enum End: Error {
        /// The transaction is committed.
        case committed
        /// The request at the index failed after it had changed something.
        case requestFailed(Int)
        /// The transaction is undone, because of the request at the index if that is known.
        case undone(PostgresError, Int?)
        /// The connection was lost after COMMIT was sent.
        case unknown(PostgresError)
    }

    private let connector: Connector
    private let patience: Duration
    private let artifactRoot: ArtifactLocation
    private let servedBuckets: Set<String>
    private let keepsAccess: Bool
    private let creations = CreationMemory()
    private let report: @Sendable (String) -> Void
    private var session: PostgresWriteSession?
    private var isAway = false
    private let statementTime: Duration
    private(set) var statistics = WriterStatistics()

    /// How often a transaction is repeated that the server has undone because of other programs.
    private static let maximumRepetitions = 20

    init(
        _ connector: Connector,
        artifactRoot: ArtifactLocation,
        servedBuckets: Set<String>,
        keepsAccess: Bool,
        patience: Duration,
        statementTime: Duration,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.connector = connector
        self.artifactRoot = artifactRoot
        self.servedBuckets = servedBuckets
        self.keepsAccess = keepsAccess
        self.patience = patience
        self.statementTime = statementTime
        self.report = report
    }

    /// Runs the jobs and delivers their outcomes, in one transaction if no failure divides them.
    func carryOut(_ jobs: Jobs) {
        let start = ContinuousClock.now
        for job in jobs { job.leaveQueue() }
        settle(jobs)
        statistics.requests += jobs.count
        statistics.longestBatch = max(statistics.longestBatch, .now - start)
    }

    func close() {
        session?.pipeline.close()
        session = nil
    }

    private func settle(_ jobs: Jobs) {
        var waiting = jobs
        while !waiting.isEmpty { waiting = waiting.dropFirst(settleSome(waiting)) }
    }

    /// Runs one transaction, repeatedly if necessary.
    ///
    /// - Returns: how many jobs, from the first on, have delivered their outcomes.
    private func settleSome(_ jobs: Jobs) -> Int {
        var repetitions = 0
        while true {
            guard let session = connected(for: jobs) else {
                deliver(jobs, TrackingError.databaseAway)
                return jobs.count
            }
            switch attempt(jobs, in: session) {
            case .committed:
                for job in jobs { job.deliver() }
                return jobs.count
            case .requestFailed(let index):
                session.pipeline.rollBack()
                statistics.replays += index - jobs.startIndex
                settle(jobs[..<index])
                jobs[index].deliver()
                return index - jobs.startIndex + 1
            case .undone(let error, let culprit):
                session.pipeline.rollBack()
                repetitions += 1
                if error.isOfConnection {
                    lose(error)
                    guard !isLate(jobs) else {
                        deliver(jobs, TrackingError.translated(error))
                        return jobs.count
                    }
                    pause(attempt: repetitions)
                    continue
                }
                if error.isPassing, repetitions <= Self.maximumRepetitions {
                    statistics.replays += jobs.count
                    pause(attempt: repetitions)
                    continue
                }
                // Another program may have inserted the same row; the next attempt finds it.
                if error.isConstraint, repetitions <= 3 { continue }
                if let culprit { return separate(jobs, culprit, error) }
                return isolate(jobs, error)
            case .unknown(let error):
                let mark = session.mark
                lose(error)
                return recover(jobs, mark)
            }
        }
    }

    /// Runs the jobs before one that fails by itself, and then that one alone.
    ///
    /// - Returns: how many jobs have delivered their outcomes; the caller runs the others.
    private func separate(_ jobs: Jobs, _ culprit: Int, _ error: PostgresError) -> Int {
        statistics.replays += culprit - jobs.startIndex
        settle(jobs[..<culprit])
        // All others would wait as long again.
        let isWait = error.state == .lockNotAvailable || error.state == .overdue
        if isWait || jobs.count == 1 {
            deliver(jobs[culprit...culprit], TrackingError.translated(error))
        } else {
            settle(jobs[culprit...culprit])
        }
        return culprit - jobs.startIndex + 1
    }

    /// Finds the requests that fail by themselves, by dividing the jobs, if what failed was written for all of them together.
    private func isolate(_ jobs: Jobs, _ error: PostgresError) -> Int {
        guard jobs.count > 1 else {
            deliver(jobs, TrackingError.translated(error))
            return jobs.count
        }
        statistics.replays += jobs.count
        let middle = jobs.startIndex + jobs.count / 2
        settle(jobs[..<middle])
        settle(jobs[middle...])
        return jobs.count
    }

    private func attempt(_ jobs: Jobs, in session: PostgresWriteSession) -> End {
        let pipeline = session.pipeline
        var isCommitting = false
        var positions: [Int] = []
        var running: Int?
        do {
            creations.rollBack()
            try session.beginTransaction(statementTime)
            for index in jobs.indices {
                positions.append(pipeline.position)
                running = index
                do {
                    try jobs[index].execute(session)
                } catch let error as PostgresError {
                    throw error
                } catch {
                    jobs[index].fail(error)
                    session.dropLogs()
                    if session.hasChanged { throw End.requestFailed(index) }
                }
                jobs[index].onlyLogs = !session.hasChanged
                session.renewDeadline()
            }
            running = nil
            positions.append(pipeline.position)
            try session.flushLogs()
            let start = ContinuousClock.now
            try session.prepareCommit()
            // A commit that is cancelled might be done nevertheless; it waits until the connection is lost.
            pipeline.watch = PostgresWatch()
            isCommitting = true
            try pipeline.send("COMMIT")
            try pipeline.settle()
            creations.commit()
            statistics.countCommit(requests: jobs.count, time: .now - start)
            return .committed
        } catch let end as End {
            return end
        } catch let error as PostgresError {
            if isCommitting, error.isDisconnection { return .unknown(error) }
            guard let position = error.position else { return .undone(error, running) }
            // The statements of a request may fail only while a later one waits.
            let begun = positions.count { $0 <= position }
            return .undone(error, (1...jobs.count).contains(begun) ? jobs.startIndex + begun - 1 : nil)
        } catch {
            return .undone(PostgresError(.misuse, "\(error)"), running)
        }
    }

    private func deliver(_ jobs: Jobs, _ error: any Error) {
        for job in jobs {
            job.fail(error)
            job.deliver()
        }
    }
}

extension WriteGroup {
    /// Returns the session; connects, again and again while the database is away and none of the jobs has waited too long.
    private func connected(for jobs: Jobs) -> PostgresWriteSession? {
        var attempts = 0
        while true {
            if let session, !session.pipeline.isClosed { return session }
            do {
                let session = PostgresWriteSession(
                    pipeline: try connector.open(.writer),
                    artifactRoot: artifactRoot,
                    servedBuckets: servedBuckets,
                    creations: creations,
                    keepsAccess: keepsAccess
                )
                self.session = session
                if isAway { report("the database can be reached again") }
                isAway = false
                return session
            } catch {
                if !isAway { report("the database cannot be reached: \(error)") }
                isAway = true
                guard !isLate(jobs) else { return nil }
                attempts += 1
                pause(attempt: attempts)
            }
        }
    }

    private func isLate(_ jobs: Jobs) -> Bool {
        guard let first = jobs.map(\.arrival).min() else { return true }
        return first + patience < .now
    }

    private func lose(_ error: PostgresError) {
        report("the writer's connection to the database was lost: \(error)")
        session?.pipeline.close()
        session = nil
    }

    /// Finds out what became of a transaction whose COMMIT was not answered.
    ///
    /// - Returns: how many jobs have delivered their outcomes: all.
    private func recover(_ jobs: Jobs, _ mark: TransactionMark?) -> Int {
        let fate: TransactionMark.Fate = mark.map { fateOf($0, jobs) } ?? .undone
        switch fate {
        case .committed:
            // Logs are written again, because that does no harm, and the fate might be that of a transaction which has got the
            // same number after a crash of the server.
            creations.commit()
            settle(jobs.filter(\.onlyLogs)[...])
            for job in jobs where !job.onlyLogs { job.deliver() }
        case .undone: settle(jobs)
        case .unknown, .inProgress:
            settle(jobs.filter(\.onlyLogs)[...])
            deliver(jobs.filter { !$0.onlyLogs }[...], TrackingError.outcomeUnknown)
        }
        return jobs.count
    }

    private func fateOf(_ transaction: TransactionMark, _ jobs: Jobs) -> TransactionMark.Fate {
        var attempts = 0
        while let session = connected(for: jobs) {
            do {
                session.pipeline.watch = PostgresWatch(deadline: .now + statementTime)
                let fate = try session.fate(of: transaction)
                if fate != .inProgress { return fate }
            } catch {
                session.pipeline.rollBack()
                guard let error = error as? PostgresError, error.isOfConnection else { return .unknown }
                lose(error)
            }
            guard !isLate(jobs) else { return .unknown }
            attempts += 1
            pause(attempt: attempts)
        }
        return .unknown
    }
}
