package import Budgets
package import PostgreSQL
package import Tracking

/// Changes the database for one write request at a time.
///
/// The changes are part of the writer's open transaction, which many requests share (group commit). `PostgresStore.write` passes
/// the session to a closure, which must not keep it, and may run several times. The functions throw `TrackingError` for mistakes
/// of the client; nothing of the request is stored then.
///
/// What is logged to runs collects until the requests of the transaction have run, so that a few statements write it for all of
/// them (`RunLog`).
package final class PostgresWriteSession: PostgresSession, AccessChanging {
    package let pipeline: PostgresPipeline
    package let artifactRoot: ArtifactLocation
    /// The buckets that the server opens.
    let servedBuckets: Set<String>
    /// The client that waits for the result.
    package private(set) var caller = Caller.server
    /// Whether the request has sent a change.
    private(set) var hasChanged = false
    /// Experiments that the transaction has looked up, without their tags.
    var experiments: [Int64: Experiment] = [:]
    /// What the records of the current import have found and add.
    var taken = TakenRecords()
    /// How long the texts may be; nil before the first import of the connection.
    var columnLimits: ColumnLimits?
    /// What the requests of the transaction log to runs, and was not sent yet.
    private var logs: [RunLog] = []
    /// The index in `logs` of the first one of the current request.
    private var ownLogs = 0
    private var job: WriteJob?
    private var markTicket: PostgresPipeline.Ticket?
    private(set) var mark: TransactionMark?
    private var addedRun: String?
    /// How long the server may work on one statement of the transaction.
    private var statementTime = Duration.zero
    private var hasLongStatements = false
    let creations: CreationMemory
    private let locks: LockMemory
    /// Whether requests that would meet a known lock are left out of the open transaction.
    private var postpones = false
    /// The ids of the audit's entries.
    let auditIDs: AuditIDs
    private let permissionChanges: PermissionChanges
    private let stillAdmitted: StillAdmitted
    /// The mark of the stored rights by which the clients of the open transaction were judged, or would be now.
    private var accessVersion: Int64 = 0
    /// The mark of the stored rights that the open transaction leaves, if it changes some.
    private var newAccessVersion: Int64 = 0
    /// Whether the open transaction keeps other servers from changing who may do what.
    var hasLockedAccess = false
    /// What the open transaction has changed about who may do what.
    package var accessChange = AccessChange()
    /// The history of the server, which is another one when a standby has taken over; nil if the server does not tell it.
    let timeline: String?

    init(
        pipeline: PostgresPipeline,
        timeline: String?,
        artifactRoot: ArtifactLocation,
        servedBuckets: Set<String>,
        creations: CreationMemory,
        locks: LockMemory,
        auditIDs: AuditIDs,
        permissionChanges: PermissionChanges
    ) {
        self.pipeline = pipeline
        self.auditIDs = auditIDs
        self.permissionChanges = permissionChanges
        stillAdmitted = StillAdmitted(version: permissionChanges.version)
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
    ///   - version: the mark of the stored rights that another server's change has left; nil for the known one.
    ///   - lockTime: the milliseconds after which a wait for a lock of another program ends; nil for the usual time.
    ///   - postpones: whether requests that would meet a known lock throw `MeetsKnownLock`.
    func beginTransaction(
        _ statementTime: Duration,
        accessVersion version: Int64?,
        lockTime: Int?,
        postpones: Bool
    ) throws {
        self.postpones = postpones && !locks.isEmpty
        (self.statementTime, hasLongStatements) = (statementTime, false)
        pipeline.watch = PostgresWatch(deadline: .now + statementTime)
        (logs, ownLogs, job) = ([], 0, nil)
        (markTicket, mark, addedRun) = (nil, nil, nil)
        (accessChange, hasLockedAccess) = (AccessChange(), false)
        // Before any client is asked for: a change that comes later is found before the commit.
        accessVersion = version ?? permissionChanges.stored?.known ?? 0
        experiments.removeAll(keepingCapacity: true)
        try pipeline.send("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        if let lockTime { try pipeline.send("SET LOCAL lock_timeout = \(lockTime)") }
    }

    /// Lets the time of a statement begin anew.
    func renewDeadline() { pipeline.watch.deadline = .now + statementTime }

    /// Gives the transaction ten times as long for a statement, because one may change any number of rows.
    func expectLongStatements() {
        guard !hasLongStatements else { return }
        hasLongStatements = true
        statementTime *= 10
        renewDeadline()
    }

    /// Begins a request.
    ///
    /// - Throws: `AccessChanged` if the client has to be judged again before it changes anything.
    func begin(_ job: WriteJob, for caller: Caller) throws {
        self.caller = caller
        self.job = job
        hasChanged = false
        ownLogs = logs.count
        try stillAdmitted.require(caller, takesRights: accessChange.takesRights)
    }

    /// Forgets what the request, which has failed, would have logged.
    func dropLogs() {
        if logs.count > ownLogs { logs.removeSubrange(ownLogs...) }
    }

    /// Sends what the requests of the transaction have logged; a request that may not log what it asks for fails alone.
    func flushLogs() throws {
        let taken = logs
        (logs, ownLogs) = ([], 0)
        for (job, error) in try write(taken) { job.fail(error) }
    }

    /// Waits for what must be known before COMMIT is sent.
    ///
    /// - Throws: `OtherServerChangedAccess`.
    func prepareCommit() throws {
        let version = try lockAccessVersion()
        if let ticket = markTicket {
            mark = try pipeline.rows(ticket).first {
                TransactionMark(transaction: $0.int64(0), process: $0.int64(1), timeline: timeline, runID: addedRun)
            }
        }
        if let version { try requireKnown(version) }
    }

    /// Throws `OtherServerChangedAccess` if the clients of the open transaction were judged by rights that are others now.
    func requireKnownAccess() throws {
        guard keepsAccess else { return }
        try requireKnown(try pipeline.ask(AccessDialect.selectVersion))
    }

    /// Asks for the mark of the stored rights, and replaces it if the transaction changes some; from then on to the end of the
    /// transaction no other server changes any.
    private func lockAccessVersion() throws -> PostgresPipeline.Ticket? {
        guard keepsAccess else { return nil }
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

    /// Tells what the transaction has changed about who may do what; called after the commit, before its answers are sent.
    func tellAccessChange() {
        guard !accessChange.isNone else { return }
        permissionChanges.tell(accessChange)
        _ = permissionChanges.stored?.replace(accessVersion, by: newAccessVersion)
    }
}

/// Another server has changed who may do what since the clients of a transaction were judged.
struct OtherServerChangedAccess: Error {
    /// The mark of the stored rights now.
    let version: Int64
}

extension PostgresWriteSession {
    /// Whether the database has the tables of users and tokens, and this server uses them.
    package var keepsAccess: Bool { permissionChanges.stored != nil }
}

// MARK: Statements

extension PostgresWriteSession {
    /// Sends what the request has logged, before it goes on with something else.
    package func prepareStatement() throws {
        guard logs.count > ownLogs else { return }
        let own = Array(logs[ownLogs...])
        dropLogs()
        if let (_, error) = try write(own).first { throw error }
        try noteChange()
    }

    /// Sends a statement ahead that changes rows.
    func change(_ sql: String, _ values: any PostgresParameter...) throws {
        try change(sql, values: values.map(\.postgresValue))
    }

    /// Sends a statement ahead that changes rows.
    func change(_ sql: String, values: [PostgresValue]) throws {
        try prepareStatement()
        try noteChange()
        try pipeline.send(sql, values)
    }

    /// Runs a statement that changes rows; returns what it says about them.
    func changed(_ sql: String, _ values: any PostgresParameter...) throws -> PostgresRows {
        try changed(sql, values: values.map(\.postgresValue))
    }

    /// Runs a statement that changes rows; returns what it says about them.
    func changed(_ sql: String, values: [PostgresValue]) throws -> PostgresRows {
        try prepareStatement()
        try noteChange()
        return try pipeline.rows(sql, values)
    }

    /// Sends a statement ahead that changes rows, and whose values are the columns of some rows, unless there are none.
    func change(_ sql: String, rows: [[PostgresValue]]) throws {
        guard !rows.isEmpty else { return }
        try prepareStatement()
        try noteChange()
        try pipeline.send(sql, columns(of: rows))
    }

    /// Runs such a statement, and returns how many rows it has changed.
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

    private func noteChange() throws {
        hasChanged = true
        guard markTicket == nil else { return }
        markTicket = try pipeline.ask("SELECT txid_current(), pg_backend_pid()")
    }

    /// Records what the request is about to change, where another program may have locked it.
    ///
    /// - Throws: `MeetsKnownLock` if the open transaction should not wait for it.
    func expectLock(on thing: LockMemory.Thing) throws {
        job?.changedThing = thing
        if postpones, locks.contains(thing) { throw MeetsKnownLock() }
    }

    /// Records the id of a run that the transaction adds.
    func noteRun(_ id: String) { addedRun = id }

    /// Adds something that the request logs to a run.
    func add(_ batch: LogBatch, runID: String, isOneParam: Bool = false) throws {
        guard let job else { preconditionFailure("a session is used outside of a request") }
        job.loggedRun = runID
        try expectLock(on: .run(runID))
        logs.append(RunLog(job: job, caller: caller, runID: runID, batch: batch, isOneParam: isOneParam))
        // What comes after other changes of the request is written at once, so that all of it fails together.
        if hasChanged { try prepareStatement() }
    }
}
