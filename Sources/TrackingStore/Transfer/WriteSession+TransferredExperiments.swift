internal import Identities
internal import SQLite
package import Tracking

extension WriteSession {
    package func experimentToChange(_ id: Int64) throws -> Experiment { try storedExperiment(id, for: .update) }

    package func add(_ experiment: Experiment, keepsID: Bool) throws -> Int64 {
        try connection.run(
            """
            INSERT INTO experiments (id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            """,
            values: [
                keepsID ? experiment.id : nil, experiment.name, experiment.artifactLocation,
                experiment.lifecycleStage.storedValue, experiment.creationTime, experiment.lastUpdateTime,
            ]
        )
        let id = connection.lastInsertRowID
        let location = experiment.location(movingTo: id, beneath: artifactRoot)
        if id != experiment.id || experiment.artifactLocation.isEmpty {
            try connection.run("UPDATE experiments SET artifact_location = ?2 WHERE id = ?1", id, location)
        }
        return id
    }

    package func replaceExperiment(_ id: Int64, by experiment: Experiment) throws {
        try connection.run(
            """
            UPDATE experiments
            SET name = ?2, artifact_location = ?3, lifecycle_stage = ?4, creation_time = ?5, last_update_time = ?6
            WHERE id = ?1
            """,
            values: [
                id, experiment.name, experiment.artifactLocation, experiment.lifecycleStage.storedValue,
                experiment.creationTime, experiment.lastUpdateTime,
            ]
        )
    }

    package func addMissing(_ tags: [Tag], toExperiment id: Int64) throws -> MergeResult {
        try addMissing(tags, in: .experiments, to: id)
    }

    package func storedExperiment(withID id: Int64) throws -> ExperimentDestination.StoredExperiment? {
        try storedExperiment("id = ?1", id)
    }

    package func storedExperiment(withName name: String) throws -> ExperimentDestination.StoredExperiment? {
        try storedExperiment("name = ?1", name)
    }

    private func storedExperiment(
        _ condition: StaticString,
        _ value: any Bindable
    ) throws -> ExperimentDestination.StoredExperiment? {
        try connection.query(
            """
            SELECT id, creation_time, id = 0 AND creation_time = last_update_time
                AND NOT EXISTS (SELECT 1 FROM experiment_tags WHERE experiment_id = experiments.id)
                AND NOT EXISTS (SELECT 1 FROM runs WHERE experiment_id = experiments.id)
                AND NOT EXISTS (SELECT 1 FROM logged_models WHERE experiment_id = experiments.id)
            FROM experiments
            WHERE \(condition)
            """,
            value
        ).firstRow { .init(id: $0.int64(0), creationTime: $0.int64(1), isUnused: $0.bool(2)) }
    }

    package func experimentID(ofName name: String) throws -> Int64? {
        try connection.query("SELECT id FROM experiments WHERE name = ?1", name).firstRow { $0.int64(0) }
    }

    package func creationTime(ofExperiment id: Int64) throws -> Int64? {
        try connection.query("SELECT creation_time FROM experiments WHERE id = ?1", id).firstRow { $0.int64(0) }
    }
}
