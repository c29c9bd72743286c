internal import Identities
internal import PostgreSQL
internal import Tracking

extension PostgresSession {
    /// Returns the identity and state of a run, active or deleted.
    ///
    /// - Parameter lock: the end of the statement, by which it locks the row; empty if it need not.
    /// - Throws: `.resourceDoesNotExist` for an unknown run id, `.permissionDenied` if the client may not perform `action`.
    func storedRun(_ runID: String, for action: PermittedAction, lock: String = "") throws -> RunInfo {
        let found = try rows("SELECT \(RunInfo.columns) FROM runs WHERE run_uuid = $1 \(lock)", runID)
        guard let info = try found.first({ try RunInfo(row: $0) }) else {
            throw missingOrForbidden(.runNotFound(runID))
        }
        try require(action, on: .run(inExperiment: info.experimentID), orThrow: .runNotFound(runID))
        return info
    }
}

extension RunInfo {
    /// The columns for `init(row:)`, in its order.
    static let columns = """
        runs.run_uuid, runs.name, runs.experiment_id, runs.user_id, runs.status, runs.start_time, runs.end_time, \
        runs.artifact_uri, runs.lifecycle_stage
        """

    /// How many columns `columns` names.
    static let columnCount = 9

    init(row: PostgresRow, from column: Int = 0) throws {
        guard let status = RunStatus(wireName: row.string(column + 4)) else {
            throw StoreCorruption("no run status has the name '\(row.string(column + 4))'")
        }
        self.init(
            runID: row.string(column),
            name: row.string(column + 1),
            experimentID: row.int64(column + 2),
            userID: row.string(column + 3),
            status: status,
            startTime: row.int64(column + 5),
            endTime: row.optionalInt64(column + 6),
            artifactURI: row.string(column + 7),
            lifecycleStage: LifecycleStage(wireName: row.string(column + 8)) ?? .active
        )
    }
}
