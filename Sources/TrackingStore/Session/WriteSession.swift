package import Budgets
internal import Identities
package import SQLite
package import Tracking

/// Changes the store for one write request at a time.
///
/// The changes are part of the writer's open transaction, which is shared by many requests (group commit).
/// `TrackingStore.write` passes the session to a closure, which must not keep it. The functions throw `TrackingError`
/// for mistakes of the client; nothing of the request is stored then.
/// The session caches key ids, run rows and metric summaries across requests, which saves a look-up for each logged
/// value. Entries added since the last commit are dropped if the next commit fails. A request that fails without
/// changing the database is not rolled back, so a request may put into a cache only values that the database contains.
package final class WriteSession: WriterSession, TrackingWriting {
    package let connection: Connection
    package let artifactRoot: ArtifactLocation
    let servedBuckets: Set<String>
    let statements: WriteStatements
    let files: StoreFiles
    /// Receives messages for the server's log.
    let report: @Sendable (String) -> Void
    /// Whether `rescue` has copied a deleted database or WAL, or has found that the database was only moved; `rescue` then does
    /// nothing more.
    var isContentSaved = false
    package let runQuota: RunQuota
    /// How many runs may be created before the runs are counted again.
    var runsLeft: Int64 = 0
    /// The client that waits for the result.
    package private(set) var caller = Caller.server

    private var keyIDs = RevocableCache<ExactText, Int64>(capacity: 20_000)
    private var runRows = RevocableCache<ExactText, RunRow>(capacity: 20_000)
    var metricSummaries = RevocableCache<MetricSeries, MetricSummary>(capacity: 40_000)
    package let creations = UnconfirmedCreations()
    /// Receives the runs that each commit may have changed; nil if the server does not forward runs.
    private let changeFeed: ChangeFeed?
    private let permissionChanges: PermissionChanges
    private let admissionCheck: AdmissionCheck
    /// The changes of permissions that the open transaction has made.
    package var accessChange = AccessChange()
    /// The row ids of the runs that the open transaction may have changed; always empty without `changeFeed`.
    private var changedRuns: Set<Int64> = []

    init(
        connection: Connection,
        artifactRoot: ArtifactLocation,
        servedBuckets: Set<String> = [],
        files: StoreFiles,
        changes: ChangeFeed? = nil,
        permissionChanges: PermissionChanges = PermissionChanges(),
        runQuota: RunQuota = RunQuota(),
        report: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        self.connection = connection
        self.artifactRoot = artifactRoot
        self.servedBuckets = servedBuckets
        self.files = files
        changeFeed = changes
        self.permissionChanges = permissionChanges
        admissionCheck = AdmissionCheck(version: permissionChanges.version)
        self.runQuota = runQuota
        self.report = report
        statements = try WriteStatements(connection)
    }

    /// Resets the state that belongs to a single write.
    ///
    /// - Throws: `AccessChanged` if the client's permissions may have been reduced since the request was admitted; the
    ///   permissions must be checked again before the request changes anything.
    func begin(for caller: Caller) throws {
        self.caller = caller
        try admissionCheck.require(caller, reducesAccess: accessChange.reducesAccess)
    }

    /// Throws if the database or its WAL is no longer at its path, because the changes would be lost.
    package func willCommit() throws {
        switch files.state(loggedBytes: connection.logBytes) {
        case .inPlace: return
        case .databaseGone: throw TrackingError.databaseGone
        case .logGone: throw TrackingError.logGone
        }
    }

    package func willClose() -> LogAtClose {
        rescue()
        // If the deleted database could not be copied, its WAL is kept, because some changes may be only in the WAL. The WAL is
        // not kept if another database is now at the path, because SQLite would apply the WAL to that database.
        return files.state() == .databaseGone && !isContentSaved && files.isDatabasePathEmpty ? .keepLog : .emptyLog
    }

    package func didCommit() {
        keyIDs.commit()
        runRows.commit()
        metricSummaries.commit()
        creations.commit()
        announceAccessChange()
        guard !changedRuns.isEmpty else { return }
        changeFeed?.add(changedRuns)
        changedRuns.removeAll(keepingCapacity: true)
    }

    private func announceAccessChange() {
        guard !accessChange.isNone else { return }
        let change = accessChange
        accessChange = AccessChange()
        permissionChanges.announce(change)
    }

    /// Records that the open transaction may change a run.
    func noteChange(ofRun row: Int64) { if changeFeed != nil { changedRuns.insert(row) } }

    package func didRollBack() {
        keyIDs.rollBack()
        runRows.rollBack()
        metricSummaries.rollBack()
        creations.rollBack()
        accessChange = AccessChange()
        rescue()
    }

    /// Returns the id of a key; adds the key if it is new.
    func keyID(for name: String) throws -> Int64 {
        let key = ExactText(name)
        if let cached = keyIDs[key] { return cached }
        if let stored = try connection.keyID(for: name) {
            keyIDs[key] = stored
            return stored
        }
        let insert = statements.insertKey
        try insert.bind(name, at: 1)
        try insert.run()
        let newID = connection.lastInsertRowID
        keyIDs[key] = newID
        return newID
    }

    /// Returns the row of a run, active or deleted; nil if the run does not exist or is hidden from a limited token.
    ///
    /// Also records, for the forwarder, that the open transaction may change the run.
    /// - Throws: `.permissionDenied` if the client may not perform `action`.
    func storedRun(_ runID: String, for action: PermittedAction) throws -> RunRow? {
        guard let row = try cachedRunRow(runID), !hides(experiment: row.experimentID) else { return nil }
        try require(action, on: .run(inExperiment: row.experimentID), orThrow: .runNotFound(runID))
        noteChange(ofRun: row.id)
        return row
    }

    /// Returns the row of a run without checking permissions, from the cache if possible.
    private func cachedRunRow(_ runID: String) throws -> RunRow? {
        let key = ExactText(runID)
        if let cached = runRows[key] { return cached }
        let select = statements.selectRun
        try select.bind(runID, at: 1)
        defer { select.reset() }
        guard try select.step() else { return nil }
        let row = RunRow(
            id: select.int64(0),
            experimentID: select.int64(1),
            lifecycleStage: LifecycleStage(storedValue: select.int64(2))
        )
        runRows[key] = row
        return row
    }

    /// Returns the row of a run, active or deleted.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown run id, `.permissionDenied` if the client may not perform `action`.
    func runRow(_ runID: String, for action: PermittedAction) throws -> RunRow {
        guard let row = try storedRun(runID, for: action) else { throw missingOrForbidden(.runNotFound(runID)) }
        return row
    }

    /// Returns the row of an active run.
    ///
    /// - Throws: what `runRow` throws, and `.invalidParameterValue` for a deleted run.
    func activeRunRow(_ runID: String, for action: PermittedAction) throws -> RunRow {
        let row = try runRow(runID, for: action)
        try row.lifecycleStage.requireActive("run", id: runID)
        return row
    }

    /// Drops a run from the cache; must be called after the run's lifecycle stage has changed.
    func forgetRun(_ runID: String) { runRows.remove(ExactText(runID)) }

    func forgetAllRuns() { runRows.removeAll() }
}

extension TrackingError {
    static let databaseGone = TrackingError(
        .insufficientStorage,
        "The tracking database is no longer at its path: it was deleted, moved or replaced, or its folder cannot be "
            + "read. Nothing of this request was stored. The server's log says what to do."
    )

    static let logGone = TrackingError(
        .insufficientStorage,
        "The tracking database's write-ahead log was deleted or truncated while the server was running. "
            + "Nothing of this request was stored; restart the server."
    )
}

/// The facts about a run that a write needs.
package struct RunRow {
    var id: Int64
    var experimentID: Int64
    var lifecycleStage: LifecycleStage
}

/// One metric of one run.
struct MetricSeries: Hashable {
    var runRow: Int64
    var keyID: Int64
}
