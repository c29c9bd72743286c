package import Budgets
package import PostgreSQL
package import Tracking

/// Changes the database for one write request at a time.
///
/// The changes are part of the writer's open transaction, which many requests share (group commit). `PostgresStore.write` passes
/// the session to a closure, which must not store it, and may run several times. The functions throw `TrackingError` for mistakes
/// of the client; nothing of the request is stored then.
///
/// Params, metrics and tags of runs are collected until the requests of the transaction have run. A few statements then write
/// them for all of these requests (`RunLog`).
package final class PostgresWriteSession: PostgresSession, AccessChanging {
    package let pipeline: PostgresPipeline
    package let artifactRoot: ArtifactLocation
    /// The buckets from which the server serves artifacts.
    let servedBuckets: Set<String>
    /// The client that waits for the result.
    package private(set) var caller = Caller.server
    /// Whether the request has sent a change.
    private(set) var hasChanged = false
    /// Experiments that the transaction has looked up, without their tags.
    var experiments: [Int64: Experiment] = [:]
    /// The data of the current import.
    var importBatch = ImportBatch()
    /// The maximum lengths of texts, which the first import of the connection looks up; nil before.
    var columnLimits: ColumnLimits?
    /// The params, metrics and tags that the requests of the transaction log to runs, and that have not been sent yet.
    private var logs: [RunLog] = []
    /// The index in `logs` of the first element that the current request has added.
    private var firstOwnLog = 0
    private var job: WriteJob?
    /// The query for `identity`; nil until the transaction changes something.
    private var identityTicket: PostgresPipeline.Ticket?
    private(set) var identity: TransactionIdentity?
    /// The id of a run that the transaction adds; nil if it adds none.
    private var addedRun: String?
    /// How long the server may work on one statement of the transaction.
    private var statementTime = Duration.zero
    private var hasLongStatements = false
    /// The answers of creations whose clients may not have received them.
    package let creations: UnconfirmedCreations
    private let locks: KnownLocks
    /// Whether requests that would change something known to be locked are left out of the open transaction.
    private var postpones = false
    /// Makes the ids of audit entries.
    let auditIDs: AuditIDs
    private let permissionChanges: PermissionChanges
    private let admissionCheck: AdmissionCheck
    /// The access mark (`StoredAccessVersion`) that was known when the open transaction began.
    private var accessVersion: Int64 = 0
    /// The access mark that the open transaction stores, if it changes permissions.
    private var newAccessVersion: Int64 = 0
    /// Whether the open transaction keeps other servers from changing permissions.
    var hasLockedAccess = false
    /// The changes of permissions by the open transaction.
    package var accessChange = AccessChange()
    package let runQuota: RunQuota
    let storageUseChanges: StorageUseChanges
    /// By how much the open transaction changes what each owner has stored.
    var storage = PendingStorage()
    var checkedQuotas = RecentQuotaChecks()
    /// The id of the server's timeline, which changes when a standby takes over; nil if the server does not report it.
    let timeline: String?

    init(
        pipeline: PostgresPipeline,
        timeline: String?,
        artifactRoot: ArtifactLocation,
        servedBuckets: Set<String>,
        creations: UnconfirmedCreations,
        locks: KnownLocks,
        auditIDs: AuditIDs,
        permissionChanges: PermissionChanges,
        runQuota: RunQuota,
        storageUseChanges: StorageUseChanges
    ) {
        self.pipeline = pipeline
        self.auditIDs = auditIDs
        self.permissionChanges = permissionChanges
        self.runQuota = runQuota
        self.storageUseChanges = storageUseChanges
        admissionCheck = AdmissionCheck(version: permissionChanges.version)
        self.creations = creations
        self.locks = locks
        self.artifactRoot = artifactRoot
        self.servedBuckets = servedBuckets
        self.timeline = timeline
    }
}

// MARK: The transaction

extension PostgresWriteSession {
    /// - Parameters:
    ///   - version: the access mark that another server's change has stored; nil for the one that this server knows.
    ///   - lockTime: the milliseconds after which a wait for a lock of another program ends; nil for the usual time.
    ///   - postpones: whether requests that would change something known to be locked throw `WouldWaitForKnownLock`.
    func beginTransaction(
        _ statementTime: Duration,
        accessVersion version: Int64?,
        lockTime: Int?,
        postpones: Bool
    ) throws {
        self.postpones = postpones && !locks.isEmpty
        (self.statementTime, hasLongStatements) = (statementTime, false)
        pipeline.watch = PostgresWatch(deadline: .now + statementTime)
        (logs, firstOwnLog, job) = ([], 0, nil)
        (identityTicket, identity, addedRun) = (nil, nil, nil)
        (accessChange, hasLockedAccess) = (AccessChange(), false)
        // The mark is read before the permissions of any client are checked, so that `prepareCommit` detects all later changes.
        accessVersion = version ?? permissionChanges.stored?.known ?? 0
        storage = PendingStorage()
        experiments.removeAll(keepingCapacity: true)
        try pipeline.send("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        if let lockTime { try pipeline.send("SET LOCAL lock_timeout = \(lockTime)") }
    }

    /// Restarts the time limit of the current statement.
    func renewDeadline() { pipeline.watch.deadline = .now + statementTime }

    /// Makes the time limit of each statement in the transaction ten times as long, because a statement may change any number of
    /// rows.
    func expectLongStatements() {
        guard !hasLongStatements else { return }
        hasLongStatements = true
        statementTime *= 10
        renewDeadline()
    }

    /// Begins a request.
    ///
    /// - Throws: `AccessChanged` if the client's permissions may have been reduced since the request was admitted.
    func begin(_ job: WriteJob, for caller: Caller) throws {
        self.caller = caller
        self.job = job
        hasChanged = false
        firstOwnLog = logs.count
        try admissionCheck.require(caller, reducesAccess: accessChange.reducesAccess)
    }

    /// Drops what the current request has logged, because the request has failed.
    func dropLogs() { if logs.count > firstOwnLog { logs.removeSubrange(firstOwnLog...) } }

    /// Sends what the requests of the transaction have logged; if a request may not log something, only that request fails.
    func flushLogs() throws {
        let all = logs
        (logs, firstOwnLog) = ([], 0)
        for (job, error) in try write(all) { job.fail(error) }
    }

    /// Waits for the results that must be known before COMMIT is sent: the access mark, and the ids by which the transaction is
    /// found if the answer to COMMIT is lost.
    ///
    /// - Throws: `OtherServerChangedAccess`, and the errors of `flushStorage`.
    func prepareCommit() throws {
        try flushStorage()
        let version = try lockAccessVersion()
        if let ticket = identityTicket {
            identity = try pipeline.rows(ticket).first {
                TransactionIdentity(transaction: $0.int64(0), process: $0.int64(1), timeline: timeline, runID: addedRun)
            }
        }
        if let version { try requireKnown(version) }
    }

    /// Throws `OtherServerChangedAccess` if permissions have changed since those of the transaction's clients were checked.
    func requireKnownAccess() throws {
        guard hasAccessTables else { return }
        try requireKnown(try pipeline.ask(AccessDialect.selectVersion))
    }

    /// Reads the access mark, replaces it if the transaction changes permissions, and keeps other servers from changing
    /// permissions until the end of the transaction.
    private func lockAccessVersion() throws -> PostgresPipeline.Ticket? {
        guard hasAccessTables else { return nil }
        guard !accessChange.isNone else { return try pipeline.ask(AccessDialect.selectVersion + " FOR SHARE") }
        let ticket = try pipeline.ask(AccessDialect.selectVersion + " FOR UPDATE")
        newAccessVersion = StoredAccessVersion.random()
        try pipeline.send("UPDATE apus.access_version SET version = $1", [.integer(newAccessVersion)])
        return ticket
    }

    private func requireKnown(_ ticket: PostgresPipeline.Ticket) throws {
        let found = try pipeline.rows(ticket).first { $0.int64(0) } ?? 0
        guard found == accessVersion else { throw OtherServerChangedAccess(version: found) }
    }

    /// Announces the changes of permissions by the transaction; called after the commit, before its answers are sent.
    func announceAccessChange() {
        guard !accessChange.isNone else { return }
        permissionChanges.announce(accessChange)
        _ = permissionChanges.stored?.replace(accessVersion, by: newAccessVersion)
    }
}

/// Another server has changed permissions since those of a transaction's clients were checked.
struct OtherServerChangedAccess: Error {
    /// The new access mark.
    let version: Int64
}

extension PostgresWriteSession {
    /// Whether the database has the tables of users and tokens, and this server uses them.
    package var hasAccessTables: Bool { permissionChanges.stored != nil }
}

// MARK: Statements

extension PostgresWriteSession {
    /// Sends what the request has logged so far, because the next statement must run after that.
    package func prepareStatement() throws {
        guard logs.count > firstOwnLog else { return }
        let own = Array(logs[firstOwnLog...])
        dropLogs()
        if let (_, error) = try write(own).first { throw error }
        try noteChange()
    }

    /// Sends a statement that changes rows, without waiting for its result.
    func change(_ sql: String, _ values: any PostgresParameter...) throws {
        try change(sql, values: values.map(\.postgresValue))
    }

    func change(_ sql: String, values: [PostgresValue]) throws {
        try prepareStatement()
        try noteChange()
        try pipeline.send(sql, values)
    }

    /// Runs a statement that changes rows, and returns its result.
    func changed(_ sql: String, _ values: any PostgresParameter...) throws -> PostgresRows {
        try changed(sql, values: values.map(\.postgresValue))
    }

    func changed(_ sql: String, values: [PostgresValue]) throws -> PostgresRows {
        try prepareStatement()
        try noteChange()
        return try pipeline.rows(sql, values)
    }

    /// Sends a statement that adds or changes `rows`, whose columns are its parameters, without waiting; does nothing if empty.
    func change(_ sql: String, rows: [[PostgresValue]]) throws {
        guard !rows.isEmpty else { return }
        try prepareStatement()
        try noteChange()
        try pipeline.send(sql, columns(of: rows))
    }

    /// Runs a statement that adds or changes `rows`, whose columns are its parameters, and returns the number of changed rows.
    func changed(_ sql: String, rows: [[PostgresValue]]) throws -> Int {
        guard !rows.isEmpty else { return 0 }
        try prepareStatement()
        try noteChange()
        return Int(try pipeline.rows(sql, columns(of: rows)).affectedCount)
    }

    /// Turns rows into one array for each of their columns.
    func columns(of rows: [[PostgresValue]]) -> [PostgresValue] {
        (rows.first ?? []).indices.map { column in .array(rows.map { $0[column] }) }
    }

    /// Records that the request changes something, so that the transaction is rolled back if the request fails later.
    func noteChange() throws {
        hasChanged = true
        guard identityTicket == nil else { return }
        identityTicket = try pipeline.ask("SELECT txid_current(), pg_backend_pid()")
    }

    /// Records the entity that the request is about to change, because another program may have locked it.
    ///
    /// - Throws: `WouldWaitForKnownLock` if the entity is known to be locked and the open transaction leaves out such requests.
    func expectLock(on entity: KnownLocks.Entity) throws {
        job?.changedEntity = entity
        if postpones, locks.contains(entity) { throw WouldWaitForKnownLock() }
    }

    /// Records the id of a run that the transaction adds.
    func noteAddedRun(_ id: String) { addedRun = id }

    /// Adds params, metrics or tags that the request logs to a run.
    func add(_ batch: LogBatch, runID: String, isOneParam: Bool = false) throws {
        guard let job else { preconditionFailure("a session is used outside of a request") }
        job.loggedRun = runID
        try expectLock(on: .run(runID))
        logs.append(RunLog(job: job, caller: caller, runID: runID, batch: batch, isOneParam: isOneParam))
        // If the request has already sent a change, these logs are sent at once too, so that both succeed or fail together.
        if hasChanged { try prepareStatement() }
    }
}
