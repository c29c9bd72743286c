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
    let storageNews: StorageNews
    let auditIDs = AuditIDs()
    let creations = UnconfirmedCreations()
    let report: @Sendable (String) -> Void
    private let faults: FaultLog
    /// Closes the connections that no read uses, so that the writer can open one.
    let closeIdleReaders: @Sendable () -> Void
    var session: PostgresWriteSession?
    /// Whether the last attempt to connect failed.
    var isAway = false
    var isAbsenceReported = false
    /// Limit how often lost connections, and failed attempts to connect, are reported.
    let (losses, absences) = (Burst(), Burst())
    private let statementTime: Duration
    let commitTime: Duration
    let locks = LockMemory()
    /// Whether the jobs that run now would change something that is known to be locked.
    private var isAmongLocks = false
    /// When the search for the jobs that need a lock of another program ends; nil if no such search has begun.
    private var searchEnd: ContinuousClock.Instant?
    private(set) var statistics = WriterStatistics()
    /// Called with the statistics after each commit, before its requests are answered.
    var publish: (WriterStatistics) -> Void = { _ in }

    /// How often at most a transaction is repeated after a serialization failure or a deadlock.
    private static let maximumRepetitions = 20
    /// How many milliseconds jobs wait for something that is known to be locked, and how many during the search for jobs that
    /// need a lock.
    private static let (briefTime, searchLockTime) = (50, 20)
    /// How long the search for jobs that need a lock may take, and how long among jobs that would change something known to be
    /// locked.
    private static let (searchTime, knownSearchTime) = (Duration.milliseconds(1_500), Duration.milliseconds(500))

    init(
        _ connector: Connector,
        artifactRoot: ArtifactLocation,
        servedBuckets: Set<String>,
        permissionChanges: PermissionChanges,
        runQuota: RunQuota,
        storageNews: StorageNews,
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
        self.storageNews = storageNews
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
        settle(jobs)
        statistics.requests += jobs.count
        statistics.longestBatch = max(statistics.longestBatch, .now - start)
    }

    func close() {
        session?.pipeline.close()
        session = nil
    }

    func settle(_ jobs: Jobs) {
        var waiting = jobs
        while !waiting.isEmpty { waiting = waiting.dropFirst(settleSome(waiting)) }
    }

    /// Runs one transaction, repeatedly if necessary.
    ///
    /// - Returns: how many jobs, from the first on, have delivered their outcomes.
    private func settleSome(_ jobs: Jobs) -> Int {
        var repetitions = 0
        var accessVersion: Int64?
        while true {
            guard isAmongLocks || !jobs.contains(where: \.isPostponed) else { return settlePostponed(jobs) }
            guard let session = connected(for: jobs) else {
                deliver(jobs, TrackingError.databaseAway)
                return jobs.count
            }
            switch attempt(jobs, in: session, accessVersion) {
            case .committed:
                for job in jobs { job.deliver() }
                return jobs.count
            case .requestFailed(let index):
                session.pipeline.rollBack()
                statistics.replays += index - jobs.startIndex
                settle(jobs[..<index])
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
            case .rolledBack(let error, let culprit):
                session.pipeline.rollBack()
                repetitions += 1
                if error.mayEndByReconnecting {
                    dropConnection(after: error)
                    guard !isLate(jobs) else {
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
                if error.isConstraint, repetitions <= 3 { continue }
                if error.isOfPreparedStatement, repetitions <= maximumPreparations {
                    // A new connection prepares the statements again, for the tables as they are now.
                    session.pipeline.close()
                    continue
                }
                if error.state == .lockNotAvailable, !mayContinueSearch() {
                    // The time was too short to find all jobs that need a lock.
                    if !isAmongLocks { locks.note(nil) }
                    deliver(jobs, TrackingError.translated(error))
                    return jobs.count
                }
                let explained = jobs.count == 1 ? TooLongText.explained(error, session.pipeline) : error
                faults.note(explained)
                if let culprit { return separate(jobs, culprit, explained) }
                return isolate(jobs, explained)
            case .unanswered(let error):
                let transaction = session.identity
                dropConnection(after: error)
                return recover(jobs, transaction)
            }
        }
    }

    /// Runs the jobs that would change nothing that is known to be locked, and then the others, which wait only briefly for the
    /// locks.
    private func settlePostponed(_ jobs: Jobs) -> Int {
        settle(jobs.filter { !$0.isPostponed }[...])
        (isAmongLocks, searchEnd) = (true, .now + Self.knownSearchTime)
        settle(jobs.filter(\.isPostponed)[...])
        isAmongLocks = false
        return jobs.count
    }

    /// Runs the jobs before the one at the index `culprit`, which caused a failure, and then that one alone.
    ///
    /// - Returns: how many jobs have delivered their outcomes; the caller runs the others.
    private func separate(_ jobs: Jobs, _ culprit: Int, _ error: PostgresError) -> Int {
        statistics.replays += culprit - jobs.startIndex
        settle(jobs[..<culprit])
        // A job that has waited too long does not run again, because all others would have to wait as long again.
        let isWait = error.state == .lockNotAvailable || error.state == .overdue
        if error.state == .lockNotAvailable { locks.note(jobs[culprit].changedThing) }
        if isWait || jobs.count == 1 {
            deliver(jobs[culprit...culprit], TrackingError.translated(error))
        } else {
            settle(jobs[culprit...culprit])
        }
        return culprit - jobs.startIndex + 1
    }

    /// Finds the jobs that made a statement for several jobs fail, by running each half of the jobs alone.
    private func isolate(_ jobs: Jobs, _ error: PostgresError) -> Int {
        let isLock = error.state == .lockNotAvailable
        // Requests that log to the same run need the same locks.
        let run = jobs.first?.loggedRun
        let isOne = jobs.count == 1 || (isLock && run != nil && jobs.allSatisfy { $0.loggedRun == run })
        guard !isOne, error.state != .overdue else {
            if isLock { locks.note(run.map { .run($0) } ?? jobs.first?.changedThing) }
            deliver(jobs, isOne ? TrackingError.translated(error) : TrackingError.busy)
            return jobs.count
        }
        statistics.replays += jobs.count
        let ordered = isLock ? jobs.sorted { ($0.loggedRun ?? "") < ($1.loggedRun ?? "") }[...] : jobs
        let middle = ordered.startIndex + ordered.count / 2
        settle(ordered[..<middle])
        settle(ordered[middle...])
        return jobs.count
    }

    /// Whether there is time, after jobs have waited in vain for a lock, to find out by further attempts which jobs need the
    /// lock.
    private func mayContinueSearch() -> Bool {
        searchEnd = searchEnd ?? .now + Self.searchTime
        return searchEnd.map { .now < $0 } ?? true
    }

    /// - Parameter accessVersion: the access mark after another server's change; nil for the one that this server knows.
    private func attempt(_ jobs: Jobs, in session: PostgresWriteSession, _ accessVersion: Int64?) -> End {
        let pipeline = session.pipeline
        var isCommitting = false
        var positions: [Int] = []
        var running: Int?
        do {
            creations.rollBack()
            let isSearching = searchEnd != nil && !isAmongLocks
            let isBrief = isAmongLocks || locks.isGeneral
            try session.beginTransaction(
                statementTime,
                accessVersion: accessVersion,
                lockTime: isSearching ? Self.searchLockTime : isBrief ? Self.briefTime : nil,
                postpones: !isAmongLocks
            )
            for index in jobs.indices {
                positions.append(pipeline.position)
                running = index
                do {
                    try jobs[index].execute(session)
                } catch let error as PostgresError {
                    throw error
                } catch is MeetsKnownLock {
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
            guard isAmongLocks || !jobs.contains(where: \.isPostponed) else { throw End.postponed }
            running = nil
            positions.append(pipeline.position)
            try session.flushLogs()
            let start = ContinuousClock.now
            try session.prepareCommit()
            // COMMIT is not cancelled at the deadline, because a cancelled one may be carried out nevertheless.
            pipeline.watch = PostgresWatch(deadline: .now + commitTime, cancels: false)
            isCommitting = true
            try pipeline.send("COMMIT")
            try pipeline.settle()
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
            guard let position = error.position else { return .rolledBack(error, running) }
            // Statements are sent without waiting, so the failure of one may be read only while a later request runs.
            let begun = positions.count { $0 <= position }
            return .rolledBack(error, (1...jobs.count).contains(begun) ? jobs.startIndex + begun - 1 : nil)
        } catch {
            return .rolledBack(PostgresError(.misuse, "\(error)"), running)
        }
    }

    func deliver(_ jobs: Jobs, _ error: any Error) {
        for job in jobs {
            job.fail(error)
            job.deliver()
        }
    }
}
