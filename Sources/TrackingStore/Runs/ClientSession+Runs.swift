internal import Identities
internal import SQLite
internal import Tracking

extension ClientSession {
    /// Returns the identity and state of a run, active or deleted.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown run id, `.permissionDenied` if the client may not perform `action`.
    func runInfo(_ runID: String, for action: PermittedAction) throws -> RunInfo {
        let select = try connection.query("SELECT \(RunInfo.columns) FROM runs WHERE run_id = ?1", runID)
        defer { select.reset() }
        guard try select.step() else { throw missingOrForbidden(.runNotFound(runID)) }
        let info = try RunInfo(row: select)
        try require(action, on: .run(inExperiment: info.experimentID), orThrow: .runNotFound(runID))
        return info
    }
}

extension RunInfo {
    /// The columns that `init(row:)` reads, in this order.
    static let columns = """
        runs.run_id, runs.name, runs.experiment_id, runs.user_id, runs.status, runs.start_time, runs.end_time, \
        runs.artifact_uri, runs.lifecycle_stage, runs.id
        """

    /// The index of the row id in `columns`.
    static let rowColumn = 9

    init(row: Statement) throws {
        self.init(
            runID: row.string(0),
            name: row.string(1),
            experimentID: row.int64(2),
            userID: row.string(3),
            status: try RunStatus(storedValue: row.int64(4)),
            startTime: row.int64(5),
            endTime: row.optionalInt64(6),
            artifactURI: row.string(7),
            lifecycleStage: LifecycleStage(storedValue: row.int64(8))
        )
    }
}

extension RunStatus {
    /// - Throws: `StoreCorruption` for a number that no status has.
    init(storedValue: Int64) throws {
        guard let status = RunStatus(wireNumber: storedValue) else {
            throw StoreCorruption("no run status has the number \(storedValue)")
        }
        self = status
    }

    var storedValue: Int64 { wireNumber }
}
