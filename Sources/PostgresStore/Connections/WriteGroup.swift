internal import Budgets
internal import PostgreSQL
internal import Tracking

/// The part of the writer that runs on one of its threads: the connection, the transactions, and their repetition after failures.
final class WriteGroup {
    typealias Jobs = ArraySlice<WriteJob>

    let connector: Connector
    let queueTimeout: Duration
    let artifactRoot: ArtifactLocation
    let servedBuckets: Set<String>
    let permissionChanges: PermissionChanges
    let runQuota: RunQuota
    let storageUseChanges: StorageUseChanges
    let auditIDs = AuditIDs()
    /// The answers of creations whose clients may not have received them.
    let creations = UnconfirmedCreations()
    let report: @Sendable (String) -> Void
    private let faults: FaultLog
    /// Closes the connections that no read uses, so that the writer can open one.
    let closeIdleReaders: @Sendable () -> Void
    var session: PostgresWriteSession?
    /// Whether the last attempt to connect failed.
    var isUnreachable = false
    var isUnreachableReported = false
    /// Limit how often lost connections, and failed attempts to connect, are reported.
    let (losses, connectFailures) = (Burst(), Burst())
    private let statementTime: Duration
    let commitTime: Duration
    let locks = KnownLocks()
    /// Whether the jobs that run now would change something that is known to be locked.
    private var runsPostponed = false
    /// When the search for jobs that wait for a lock of another program must end; nil if no such search has begun.
    private var searchEnd: ContinuousClock.Instant?
    private(set) var statistics = WriterStatistics()
    /// Called with the statistics after each commit, before its requests are answered.
    var publish: (WriterStatistics) -> Void = { _ in }

    /// How often at most a transaction is repeated after a serialization failure or a deadlock.
    private static let maximumRepetitions = 20
    /// How long jobs wait for something that is known to be locked, and how long during the search for jobs that need a lock.
    private static let (briefLockMilliseconds, searchLockMilliseconds) = (50, 20)
    /// How long the search for jobs that need a lock may take: among all jobs, and among those that would change something known
    /// to be locked.
    private static let (searchTime, knownSearchTime) = (Duration.milliseconds(1_500), Duration.milliseconds(500))

    init(
        _ connector: Connector,
        artifactRoot: ArtifactLocation,
        servedBuckets: Set<String>,
        permissionChanges: PermissionChanges,
        runQuota: RunQuota,
        storageUseChanges: StorageUseChanges,
        queueTimeout: Duration,
        statementTime: Duration,
        commitTime: Duration,
        closeIdleReaders: @escaping @Sendable () -> Void,
        faults: FaultLog,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.connector = connector
        self.artifactRoot = artifactRoot
        self.servedBuckets = servedBuckets
        self.permissionChanges = permissionChanges
        self.runQuota = runQuota
        self.storageUseChanges = storageUseChanges
        self.queueTimeout = queueTimeout
        self.statementTime = statementTime
        self.commitTime = commitTime
        self.closeIdleReaders = closeIdleReaders
        self.faults = faults
        self.report = report
    }

    /// Runs the jobs and delivers their outcomes; uses one transaction unless a failure makes more transactions necessary.
    func carryOut(_ jobs: Jobs) {
        let start = ContinuousClock.now
        for job in jobs { job.leaveQueue() }
        searchEnd = nil
        run(jobs)
        statistics.requests += jobs.count
        statistics.longestBatch = max(statistics.longestBatch, .now - start)
    }

    func close() {
        session?.pipeline.close()
        session = nil
    }

    /// Runs transactions until all jobs have delivered their outcomes.
    func run(_ jobs: Jobs) {
        var waiting = jobs
        while !waiting.isEmpty { waiting = waiting.dropFirst(runTransaction(waiting)) }
    }

    /// Runs one transaction, repeatedly if necessary.
    ///
    /// - Returns: how many jobs, from the first on, have delivered their outcomes.
    private func runTransaction(_ jobs: Jobs) -> Int {
        var repetitions = 0
        var accessVersion: Int64?
        while true {
            guard runsPostponed || !jobs.contains(where: \.isPostponed) else { return runPostponedJobs(jobs) }
            guard let session = connected(for: jobs) else {
                deliver(jobs, TrackingError.databaseUnreachable)
                return jobs.count
            }
            switch attempt(jobs, in: session, accessVersion) {
            case .committed:
                for job in jobs { job.deliver() }
                return jobs.count
            case .requestFailed(let index):
                session.pipeline.rollBack()
                statistics.replays += index - jobs.startIndex
                run(jobs[..<index])
                jobs[index].deliver()
                return index - jobs.startIndex + 1
            case .postponed:
                session.pipeline.rollBack()
                statistics.replays += jobs.count
            case .outdated(let version):
                session.pipeline.rollBack()
                statistics.replays += jobs.count
                accessVersion = version
                permissionChanges.announceChangeByOtherServer()
            case .rolledBack(let error, let failedIndex):
                session.pipeline.rollBack()
                repetitions += 1
                if error.mayPassWithNewConnection {
                    dropConnection(after: error)
                    guard !areOverdue(jobs) else {
                        deliver(jobs, TrackingError.translated(error))
                        return jobs.count
                    }
                    pause(attempt: repetitions)
                    continue
                }
                if error.isTransient, repetitions <= Self.maximumRepetitions {
                    statistics.replays += jobs.count
                    pause(attempt: repetitions)
                    continue
                }
                // Another program may have inserted the same row; the next attempt finds it.
                if error.isConstraintViolation, repetitions <= 3 { continue }
                if error.hasOutdatedStatements, repetitions <= maximumPreparations {
                    // A new connection prepares the statements again, for the tables as they are now.
                    session.pipeline.close()
                    continue
                }
                if error.state == .lockNotAvailable, !mayContinueSearch() {
                    // The time was too short to find all jobs that need a lock.
                    if !runsPostponed { locks.remember(nil) }
                    deliver(jobs, TrackingError.translated(error))
                    return jobs.count
                }
                let explained = jobs.count == 1 ? TooLongText.explained(error, session.pipeline) : error
                faults.note(explained)
                if let failedIndex { return separate(jobs, failedIndex, explained) }
                return isolate(jobs, explained)
            case .unanswered(let error):
                let transaction = session.identity
                dropConnection(after: error)
                return recover(jobs, transaction)
            }
        }
    }

    /// Runs the jobs that are not postponed, and then the postponed jobs, which would change something known to be locked, and
    /// wait only briefly for the locks.
    private func runPostponedJobs(_ jobs: Jobs) -> Int {
        run(jobs.filter { !$0.isPostponed }[...])
        (runsPostponed, searchEnd) = (true, .now + Self.knownSearchTime)
        run(jobs.filter(\.isPostponed)[...])
        runsPostponed = false
        return jobs.count
    }

    /// Runs the jobs before the one at `failedIndex`, which caused a failure, and then that one alone.
    ///
    /// - Returns: how many jobs have delivered their outcomes; the caller runs the others.
    private func separate(_ jobs: Jobs, _ failedIndex: Int, _ error: PostgresError) -> Int {
        statistics.replays += failedIndex - jobs.startIndex
        run(jobs[..<failedIndex])
        // A job that has waited too long does not run again, because all others would have to wait as long again.
        let hasWaited = error.state == .lockNotAvailable || error.state == .overdue
        if error.state == .lockNotAvailable { locks.remember(jobs[failedIndex].changedEntity) }
        if hasWaited || jobs.count == 1 {
            deliver(jobs[failedIndex...failedIndex], TrackingError.translated(error))
        } else {
            run(jobs[failedIndex...failedIndex])
        }
        return failedIndex - jobs.startIndex + 1
    }

    /// Finds the jobs that made a statement for several jobs fail, by running each half of the jobs alone.
    private func isolate(_ jobs: Jobs, _ error: PostgresError) -> Int {
        let isLockTimeout = error.state == .lockNotAvailable
        // Requests that log to the same run need the same locks.
        let loggedRun = jobs.first?.loggedRun
        let logToOneRun = loggedRun != nil && jobs.allSatisfy { $0.loggedRun == loggedRun }
        let isIndivisible = jobs.count == 1 || (isLockTimeout && logToOneRun)
        guard !isIndivisible, error.state != .overdue else {
            if isLockTimeout { locks.remember(loggedRun.map { .run($0) } ?? jobs.first?.changedEntity) }
            deliver(jobs, isIndivisible ? TrackingError.translated(error) : TrackingError.busy)
            return jobs.count
        }
        statistics.replays += jobs.count
        let ordered = isLockTimeout ? jobs.sorted { ($0.loggedRun ?? "") < ($1.loggedRun ?? "") }[...] : jobs
        let middle = ordered.startIndex + ordered.count / 2
        run(ordered[..<middle])
        run(ordered[middle...])
        return jobs.count
    }

    /// Whether there is time, after jobs did not get a lock, to find out by further attempts which of them need it.
    private func mayContinueSearch() -> Bool {
        searchEnd = searchEnd ?? .now + Self.searchTime
        return searchEnd.map { .now < $0 } ?? true
    }

    /// - Parameter accessVersion: the access mark (`StoredAccessVersion`) that another server has stored; nil for the known mark.
    private func attempt(_ jobs: Jobs, in session: PostgresWriteSession, _ accessVersion: Int64?) -> End {
        let pipeline = session.pipeline
        var isCommitting = false
        var startPositions: [Int] = []
        var runningIndex: Int?
        do {
            creations.rollBack()
            let isSearching = searchEnd != nil && !runsPostponed
            let isBrief = runsPostponed || locks.coversAll
            try session.beginTransaction(
                statementTime,
                accessVersion: accessVersion,
                lockTime: isSearching ? Self.searchLockMilliseconds : isBrief ? Self.briefLockMilliseconds : nil,
                postpones: !runsPostponed
            )
            for index in jobs.indices {
                startPositions.append(pipeline.position)
                runningIndex = index
                do {
                    try jobs[index].execute(session)
                } catch let error as PostgresError {
                    throw error
                } catch is WouldWaitForKnownLock {
                    jobs[index].isPostponed = true
                    session.dropLogs()
                } catch {
                    jobs[index].fail(error)
                    session.dropLogs()
                    if session.hasChanged {
                        try session.requireKnownAccess()
                        throw End.requestFailed(index)
                    }
                }
                jobs[index].isRepeatable = !session.hasChanged
                session.renewDeadline()
            }
            guard runsPostponed || !jobs.contains(where: \.isPostponed) else { throw End.postponed }
            runningIndex = nil
            startPositions.append(pipeline.position)
            try session.flushLogs()
            let start = ContinuousClock.now
            try session.prepareCommit()
            // COMMIT is not cancelled at the deadline, because a cancelled COMMIT may succeed nevertheless.
            pipeline.watch = PostgresWatch(deadline: .now + commitTime, cancels: false)
            isCommitting = true
            try pipeline.send("COMMIT")
            try pipeline.waitForAnswers()
            creations.commit()
            session.announceAccessChange()
            session.announceStorage()
            statistics.countCommit(requests: jobs.count, time: .now - start)
            publish(statistics)
            return .committed
        } catch let end as End {
            return end
        } catch let change as OtherServerChangedAccess {
            return .outdated(change.version)
        } catch let error as PostgresError {
            if isCommitting, error.isDisconnection { return .unanswered(error) }
            guard let position = error.position else { return .rolledBack(error, runningIndex) }
            // Statements are sent without waiting, so the failure of one may be read only while a later request runs.
            let begunCount = startPositions.count { $0 <= position }
            return .rolledBack(error, (1...jobs.count).contains(begunCount) ? jobs.startIndex + begunCount - 1 : nil)
        } catch {
            return .rolledBack(PostgresError(.misuse, "\(error)"), runningIndex)
        }
    }

    func deliver(_ jobs: Jobs, _ error: any Error) {
        for job in jobs {
            job.fail(error)
            job.deliver()
        }
    }
}
