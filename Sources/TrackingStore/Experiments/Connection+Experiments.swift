internal import SQLite
internal import Tracking

extension Connection {
    /// - Throws: `.resourceDoesNotExist` when there is none with that id, active or deleted.
    func experiment(id: Int64) throws -> Experiment {
        let select = try query(
            "SELECT \(Experiment.columns) FROM experiments WHERE id = ?1",
            id
        )
        defer { select.reset() }
        guard try select.step() else {
            throw TrackingError.experimentNotFound(id)
        }
        return Experiment(row: select)
    }

    /// An experiment that may be written.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown experiment, `.invalidParameterValue` for a deleted one.
    @discardableResult
    func activeExperiment(id: Int64) throws -> Experiment {
        let experiment = try experiment(id: id)
        try experiment.requireActive()
        return experiment
    }
}

extension Experiment {
    /// The columns that `init(row:)` reads, in its order.
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
    /// 0 active, 1 deleted.
    init(storedValue: Int64) {
        self = storedValue == 0 ? .active : .deleted
    }

    var storedValue: Int64 {
        switch self {
        case .active: 0
        case .deleted: 1
        }
    }
}
