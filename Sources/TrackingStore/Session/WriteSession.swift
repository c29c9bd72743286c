internal import Budgets
internal import Identities
package import SQLite
internal import Tracking

/// The store during one write request.
///
/// Its changes are part of the writer's open transaction, a group commit.
///
/// The closure of `TrackingStore.write` gets it and must not keep it. Its functions throw `TrackingError` for mistakes
/// of the client; then nothing of the request is stored.
///
/// Between requests it caches key ids, run rows and metric summaries, which saves a look-up for each logged value.
/// Entries added since the last commit are dropped if the next commit fails. A request that fails without changing the
/// database is not rolled back, so it must not have changed a cache.
package final class WriteSession: WriterSession, TrackingWriting {
    package let connection: Connection
    let artifactRoot: ArtifactLocation
    let statements: WriteStatements
    let files: StoreFiles
    /// Receives messages for the server's log.
    let report: @Sendable (String) -> Void
    /// Whether the content of files that are no longer at their paths has been saved.
    var isContentSaved = false
    let runQuota: RunQuota
    /// How many runs may be made before all are counted again.
    var runsLeft: Int64 = 0
    /// The client that waits for the result.
    private(set) var caller = Caller.server

    private var keyIDs = RevocableCache<ExactText, Int64>(capacity: 20_000)
    private var runRows = RevocableCache<ExactText, RunRow>(capacity: 20_000)
    var metricSummaries = RevocableCache<MetricSeries, MetricSummary>(capacity: 40_000)
    private var unconfirmed = UnconfirmedCreations()
    /// Told of the runs that were touched; nil where nobody wants to know.
    private let changes: ChangeFeed?
    private let permissionChanges: PermissionChanges
    /// The users whose permissions the open transaction changes.
    private var touchedUsers = ChangedUsers.some([])
    /// The runs that the open transaction touches.
    private var touchedRuns: Set<Int64> = []

    init(
        connection: Connection,
        artifactRoot: ArtifactLocation,
        files: StoreFiles,
        changes: ChangeFeed? = nil,
        permissionChanges: PermissionChanges = PermissionChanges(),
        runQuota: RunQuota = RunQuota(),
        report: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        self.connection = connection
        self.artifactRoot = artifactRoot
        self.files = files
        self.changes = changes
        self.permissionChanges = permissionChanges
        self.runQuota = runQuota
        self.report = report
        statements = try WriteStatements(connection)
    }

    /// Resets the state that belongs to a single write.
    func begin(for caller: Caller) { self.caller = caller }

    /// Refuses to commit if the database or its WAL is no longer at its path, because the changes would be lost.
    package func willCommit() throws {
        switch files.state(loggedBytes: connection.logBytes) {
        case .inPlace: return
        case .databaseGone: throw TrackingError.databaseGone
        case .logGone: throw TrackingError.logGone
        }
    }

    package func willClose() -> LogAtClose {
        rescue()
        // If no copy was made, the WAL is part of what remains and is kept. If another database is at the path, the WAL
        // must not stay, because SQLite would read it as that database's.
        return files.state() == .databaseGone && !isContentSaved && files.isPlaceEmpty ? .keepLog : .emptyLog
    }

    package func didCommit() {
        keyIDs.commit()
        runRows.commit()
        metricSummaries.commit()
        unconfirmed.commit()
        if touchedUsers != .some([]) { permissionChanges.tell(touchedUsers) }
        touchedUsers = .some([])
        guard !touchedRuns.isEmpty else { return }
        changes?.add(touchedRuns)
        touchedRuns.removeAll(keepingCapacity: true)
    }

    /// Notes that what a user may do has changed, or who that is; nil for all users.
    func touch(user id: Int64?) { touchedUsers.insert(id) }

    /// Notes that a run may have changed.
    func touch(run row: Int64) {
        if changes != nil { touchedRuns.insert(row) }
    }

    package func didRollBack() {
        keyIDs.rollBack()
        runRows.rollBack()
        metricSummaries.rollBack()
        unconfirmed.rollBack()
        touchedUsers = .some([])
        rescue()
    }

    /// Runs `make`, or returns the answer of an identical earlier request if that answer was lost a moment ago.
    package func once<Answer: Sendable>(_ creation: Creation, _ make: () throws -> Answer) throws -> Answer {
        let now = ContinuousClock.now
        if let answer = unconfirmed.answer(to: creation, at: now) as? Answer { return answer }
        let answer = try make()
        unconfirmed.remember(answer, to: creation, at: now)
        return answer
    }

    /// Returns the id of a key; adds the key if it is new.
    func keyID(for name: String) throws -> Int64 {
        let key = ExactText(name)
        if let known = keyIDs[key] { return known }
        if let stored = try connection.keyID(for: name) {
            keyIDs[key] = stored
            return stored
        }
        let insert = statements.insertKey
        try insert.bind(name, at: 1)
        try insert.run()
        let made = connection.lastInsertRowID
        keyIDs[key] = made
        return made
    }

    /// Returns the row of a run, deleted or not; nil for one that is not there for the client.
    ///
    /// - Throws: `.permissionDenied` if the client may not do with the run what it is looked up for.
    func storedRun(_ runID: String, for action: PermittedAction) throws -> RunRow? {
        guard let row = try runRowInCache(runID), sees(experiment: row.experimentID) || !hidesOthers else { return nil }
        try require(action, on: .run(inExperiment: row.experimentID), orThrow: .runNotFound(runID))
        touch(run: row.id)
        return row
    }

    /// Returns the row of any run, and keeps it for the next look-up.
    private func runRowInCache(_ runID: String) throws -> RunRow? {
        let key = ExactText(runID)
        if let known = runRows[key] { return known }
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

    /// Returns the row of a run, deleted or not.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown run id, `.permissionDenied` if the client may not do with the run what
    ///   it is looked up for.
    func runRow(_ runID: String, for action: PermittedAction) throws -> RunRow {
        guard let row = try storedRun(runID, for: action) else { throw notThere(.runNotFound(runID)) }
        return row
    }

    /// Returns the row of an active run.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown run id, `.invalidParameterValue` for a deleted run.
    func activeRunRow(_ runID: String, for action: PermittedAction) throws -> RunRow {
        let row = try runRow(runID, for: action)
        try row.lifecycleStage.requireActive("run", id: runID)
        return row
    }

    /// Drops a run from the cache; call it after a change of the run's lifecycle stage.
    func forgetRun(_ runID: String) {
        runRows.remove(ExactText(runID))
    }

    func forgetAllRuns() {
        runRows.removeAll()
    }
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
struct RunRow {
    var id: Int64
    var experimentID: Int64
    var lifecycleStage: LifecycleStage
}

/// One metric of one run.
struct MetricSeries: Hashable {
    var runRow: Int64
    var keyID: Int64
}
