internal import Identities
internal import PostgreSQL
internal import Tracking

extension PostgresSession {
    /// Returns the identity and state of a run, active or deleted.
    ///
    /// - Parameter lock: the clause that locks the row, such as `FOR SHARE`; empty if the row is not locked.
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
    /// Runs of old MLflow clients have their name only in a tag.
    static let columns = """
        runs.run_uuid, coalesce(nullif(runs.name, ''), (SELECT named.value FROM tags AS named \
        WHERE named.run_uuid = runs.run_uuid AND named.key = '\(Tag.runNameKey)')), \
        runs.experiment_id, runs.user_id, runs.status, runs.start_time, runs.end_time, \
        runs.artifact_uri, runs.lifecycle_stage
        """

    /// The number of columns in `columns`.
    static let columnCount = 9

    init(row: PostgresRow) {
        self.init(
            runID: row.string(0),
            name: row.string(1),
            experimentID: row.int64(2),
            userID: row.string(3),
            // A row without a known status gets the default that MLflow declares for the column.
            status: RunStatus(wireName: row.string(4)) ?? .scheduled,
            startTime: row.int64(5),
            endTime: row.optionalInt64(6),
            artifactURI: row.string(7),
            lifecycleStage: LifecycleStage(wireName: row.string(8)) ?? .active
        )
    }
}
