internal import Identities
internal import PostgreSQL
internal import Tracking

extension PostgresSession {
    /// Returns an experiment without its tags, active or deleted.
    ///
    /// - Parameter lock: the clause that locks the row, such as `FOR SHARE`; empty if the row is not locked.
    /// - Throws: `.resourceDoesNotExist` for an unknown id, `.permissionDenied` if the client may not perform `action`.
    func storedExperiment(_ id: Int64, for action: PermittedAction, lock: String = "") throws -> Experiment {
        try require(action, on: .experiment(id), orThrow: .experimentNotFound(id))
        let query = "SELECT \(Experiment.columns) FROM experiments WHERE experiment_id = $1::bigint \(lock)"
        let found = try rows(query, id)
        guard let experiment = found.first({ Experiment(row: $0) }) else { throw TrackingError.experimentNotFound(id) }
        return experiment
    }
}

extension Experiment {
    /// The columns for `init(row:)`, in its order.
    static let columns = """
        experiments.experiment_id, experiments.name, experiments.artifact_location, experiments.lifecycle_stage, \
        experiments.creation_time, experiments.last_update_time
        """

    init(row: PostgresRow) {
        self.init(
            id: row.int64(0),
            name: row.string(1),
            artifactLocation: row.string(2),
            lifecycleStage: LifecycleStage(wireName: row.string(3)) ?? .active,
            creationTime: row.int64(4),
            lastUpdateTime: row.int64(5)
        )
    }
}
