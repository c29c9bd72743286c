package import SQLite
internal import Tracking

/// The store as one write request sees it: every change belongs to the group commit that is under way.
///
/// Handed to the closure of `TrackingStore.write` and used nowhere else. Its methods throw `TrackingError` for what the
/// client can mend; nothing of the request is stored then.
///
/// It remembers ids of keys, runs, and the summary of each metric between requests, which saves a look-up for each row.
/// Cache entries added since the last commit are dropped if the next commit fails. A request that fails without changing
/// the database is not rolled back, so it must not have changed a cache.
package final class WriteSession: WriterSession, TrackingWriting {
    package let connection: Connection
    let artifactRoot: ArtifactLocation
    let statements: WriteStatements
    let files: StoreFiles
    /// Says what the server's log should hold.
    let report: @Sendable (String) -> Void
    /// Whether what lay in files out of their place is safe.
    var isRescued = false

    private var keyIDs = RevocableCache<ExactText, Int64>(capacity: 20_000)
    private var runRows = RevocableCache<ExactText, RunRow>(capacity: 20_000)
    var metricSummaries = RevocableCache<MetricSeries, MetricSummary>(capacity: 40_000)
    private var unconfirmed = UnconfirmedCreations()

    init(
        connection: Connection,
        artifactRoot: ArtifactLocation,
        files: StoreFiles,
        report: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        self.connection = connection
        self.artifactRoot = artifactRoot
        self.files = files
        self.report = report
        statements = try WriteStatements(connection)
    }

    /// Files out of their place take writes that nobody will ever read again.
    package func willCommit() throws {
        switch files.verdict(loggedBytes: connection.logBytes) {
        case .inPlace: return
        case .databaseGone: throw TrackingError.databaseGone
        case .logGone: throw TrackingError.logGone
        }
    }

    package func willClose() -> LogAtClose {
        rescue()
        // Without a copy the log is a part of what is left; beside another database it would be read as that one's.
        return files.verdict() == .databaseGone && !isRescued && files.isPlaceEmpty ? .keepLog : .emptyLog
    }

    package func didCommit() {
        keyIDs.commit()
        runRows.commit()
        metricSummaries.commit()
        unconfirmed.commit()
    }

    package func didRollBack() {
        keyIDs.rollBack()
        runRows.rollBack()
        metricSummaries.rollBack()
        unconfirmed.rollBack()
        rescue()
    }

    /// Makes something, unless the same request made it a moment ago and its answer was lost: then that is the answer.
    package func once<Answer: Sendable>(_ creation: Creation, _ make: () throws -> Answer) throws -> Answer {
        let now = ContinuousClock.now
        if let answer = unconfirmed.answer(to: creation, at: now) as? Answer { return answer }
        let answer = try make()
        unconfirmed.remember(answer, to: creation, at: now)
        return answer
    }

    /// The id under which the key is stored, made when the key is new.
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

    /// Where a run is stored and whether it may be written; nil for a run id that nobody made.
    func storedRun(_ runID: String) throws -> RunRow? {
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

    /// As `storedRun`.
    ///
    /// - Throws: `.resourceDoesNotExist` for a run id that nobody made.
    func runRow(_ runID: String) throws -> RunRow {
        guard let row = try storedRun(runID) else { throw TrackingError.runNotFound(runID) }
        return row
    }

    /// The row of a run that may be written.
    ///
    /// - Throws: `.invalidParameterValue` for a deleted run; the message says that it must be active.
    func activeRunRow(_ runID: String) throws -> RunRow {
        let row = try runRow(runID)
        try row.lifecycleStage.requireActive("run", id: runID)
        return row
    }

    /// Makes the next look-up read the run again; for whoever changes its lifecycle stage.
    func forgetRun(_ runID: String) {
        runRows.remove(ExactText(runID))
    }

    /// Makes every next look-up read its run again.
    func forgetAllRuns() {
        runRows.removeAll()
    }
}

extension TrackingError {
    static let databaseGone = TrackingError(
        .insufficientStorage,
        "The tracking database is not in its place any more: it was deleted, moved or replaced, or its folder cannot be "
            + "read. Nothing of this request was stored. The server's log says what to do."
    )

    static let logGone = TrackingError(
        .insufficientStorage,
        "The tracking database's write-ahead log was deleted or cut while the server runs. Nothing of this request was stored; "
            + "restart the server."
    )
}

/// What a write needs to know of a run.
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
