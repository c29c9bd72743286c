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
        guard let info = found.first({ RunInfo(row: $0) }) else { throw missingOrForbidden(.runNotFound(runID)) }
        try require(action, on: .run(inExperiment: info.experimentID), orThrow: .runNotFound(runID))
        return info
    }
}

extension RunInfo {
    /// The columns for `init(row:)`, in its order.
    ///
    /// Runs of old clients of MLflow have their name in the tag alone.
    static let columns = """
        runs.run_uuid, coalesce(nullif(runs.name, ''), (SELECT named.value FROM tags AS named \
        WHERE named.run_uuid = runs.run_uuid AND named.key = '\(Tag.runNameKey)')), \
        runs.experiment_id, runs.user_id, runs.status, runs.start_time, runs.end_time, \
        runs.artifact_uri, runs.lifecycle_stage
        """

    /// How many columns `columns` names.
    static let columnCount = 9

    init(row: PostgresRow) {
        self.init(
            runID: row.string(0),
            name: row.string(1),
            experimentID: row.int64(2),
            userID: row.string(3),
            // The default of MLflow's model of the table, where a row has none.
            status: RunStatus(wireName: row.string(4)) ?? .scheduled,
            startTime: row.int64(5),
            endTime: row.optionalInt64(6),
            artifactURI: row.string(7),
            lifecycleStage: LifecycleStage(wireName: row.string(8)) ?? .active
        )
    }
}
