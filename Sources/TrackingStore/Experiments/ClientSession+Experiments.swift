internal import Identities
internal import SQLite
internal import Tracking

extension ClientSession {
    /// Returns an experiment without its tags, active or deleted.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown id, `.permissionDenied` if the client may not perform `action`.
    func storedExperiment(_ id: Int64, for action: PermittedAction) throws -> Experiment {
        try require(action, on: .experiment(id), orThrow: TrackingError.experimentNotFound(id))
        let select = try connection.query("SELECT \(Experiment.columns) FROM experiments WHERE id = ?1", id)
        defer { select.reset() }
        guard try select.step() else { throw TrackingError.experimentNotFound(id) }
        return Experiment(row: select)
    }

    /// Returns an active experiment without its tags.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown id, `.invalidParameterValue` for a deleted experiment.
    @discardableResult
    func activeExperiment(_ id: Int64, for action: PermittedAction) throws -> Experiment {
        let experiment = try storedExperiment(id, for: action)
        try experiment.requireActive()
        return experiment
    }
}

extension Experiment {
    /// The columns that `init(row:)` reads, in this order.
    static let columns = """
        experiments.id, experiments.name, experiments.artifact_location, experiments.lifecycle_stage, \
        experiments.creation_time, experiments.last_update_time
        """

    init(row: Statement) {
        self.init(
            id: row.int64(0),
            name: row.string(1),
            artifactLocation: row.string(2),
            lifecycleStage: LifecycleStage(storedValue: row.int64(3)),
            creationTime: row.int64(4),
            lastUpdateTime: row.int64(5)
        )
    }
}

extension LifecycleStage {
    /// Converts the number in the database: 0 is active, 1 is deleted.
    init(storedValue: Int64) { self = storedValue == 0 ? .active : .deleted }

    var storedValue: Int64 {
        switch self {
        case .active: 0
        case .deleted: 1
        }
    }
}
