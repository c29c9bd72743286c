internal import SQLite
package import Tracking

extension WriteSession {
    /// Creates an experiment and gives its id.
    ///
    /// - Parameter artifactLocation: nil for the default, a folder named by the id beneath the artifact root.
    /// - Throws: `.resourceAlreadyExists` when the name is taken, by a deleted experiment too.
    package func createExperiment(name: String, artifactLocation: String?, tags: [Tag]) throws -> Int64 {
        try requireUnusedName(name)
        let now = currentMilliseconds()
        try connection.run(
            """
            INSERT INTO experiments (name, artifact_location, creation_time, last_update_time)
            VALUES (?1, ?2, ?3, ?3)
            """,
            name,
            artifactLocation ?? "",
            now
        )
        let id = connection.lastInsertRowID
        if artifactLocation == nil {
            try setArtifactLocation(artifactRoot.appending(String(id)).uri, experimentID: id)
        }
        for tag in tags {
            try upsertExperimentTag(tag, experimentID: id)
        }
        return id
    }

    /// Creates the experiment "0" named Default where there is no experiment at all, active or deleted.
    func createDefaultExperiment() throws {
        try connection.run(
            """
            INSERT INTO experiments (id, name, artifact_location, creation_time, last_update_time)
            SELECT 0, 'Default', ?1, ?2, ?2
            WHERE NOT EXISTS (SELECT 1 FROM experiments)
            """,
            artifactRoot.appending("0").uri,
            currentMilliseconds()
        )
    }

    private func setArtifactLocation(_ location: String, experimentID: Int64) throws {
        try connection.run("UPDATE experiments SET artifact_location = ?2 WHERE id = ?1", experimentID, location)
    }

    private func requireUnusedName(_ name: String) throws {
        guard let stage = try stageOfExperiment(named: name) else { return }
        let remedy =
            stage == .deleted ? " It is deleted: restore it with experiments/restore, or choose another name." : ""
        throw TrackingError(.resourceAlreadyExists, "Experiment(name=\(name)) already exists.\(remedy)")
    }

    private func isTaken(_ name: String) throws -> Bool {
        try stageOfExperiment(named: name) != nil
    }

    private func stageOfExperiment(named name: String) throws -> LifecycleStage? {
        try connection.query("SELECT lifecycle_stage FROM experiments WHERE name = ?1", name)
            .firstRow { LifecycleStage(storedValue: $0.int64(0)) }
    }

    /// Gives an active experiment another name.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown experiment, `.invalidState` for a deleted one, `.badRequest` when
    ///   the name is taken.
    package func renameExperiment(_ id: Int64, to name: String) throws {
        let experiment = try connection.experiment(id: id)
        guard experiment.lifecycleStage == .active else {
            throw TrackingError(.invalidState, "Cannot rename a non-active experiment.")
        }
        if !experiment.name.isExactly(name), try isTaken(name) {
            throw TrackingError(.badRequest, "The name '\(name)' belongs to another experiment; choose another one.")
        }
        try connection.run(
            "UPDATE experiments SET name = ?2, last_update_time = ?3 WHERE id = ?1",
            id,
            name,
            currentMilliseconds()
        )
    }

    /// Marks an active experiment and all its runs as deleted; its name stays taken.
    ///
    /// - Throws: `.resourceDoesNotExist` when there is no active experiment with that id.
    package func deleteExperiment(_ id: Int64) throws {
        try moveExperiment(id, from: .active, to: .deleted, deletedTime: currentMilliseconds())
    }

    /// Makes a deleted experiment and all its runs active again.
    ///
    /// - Throws: `.resourceDoesNotExist` when there is no deleted experiment with that id.
    package func restoreExperiment(_ id: Int64) throws {
        try moveExperiment(id, from: .deleted, to: .active, deletedTime: nil)
    }

    private func moveExperiment(
        _ id: Int64,
        from old: LifecycleStage,
        to new: LifecycleStage,
        deletedTime: Int64?
    ) throws {
        try connection.run(
            "UPDATE experiments SET lifecycle_stage = ?3, last_update_time = ?4 WHERE id = ?1 AND lifecycle_stage = ?2",
            id,
            old.storedValue,
            new.storedValue,
            currentMilliseconds()
        )
        guard connection.changes > 0 else {
            throw TrackingError.experimentNotFound(id)
        }
        try connection.run(
            "UPDATE runs SET lifecycle_stage = ?2, deleted_time = ?3 WHERE experiment_id = ?1",
            id,
            new.storedValue,
            deletedTime
        )
        forgetAllRuns()
    }

    /// Sets one tag of an active experiment.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown experiment, `.invalidParameterValue` for a deleted one.
    package func setExperimentTag(_ tag: Tag, experimentID: Int64) throws {
        try requireActiveExperiment(experimentID)
        try upsertExperimentTag(tag, experimentID: experimentID)
    }

    /// - Throws: `.resourceDoesNotExist` when the experiment or its tag does not exist, `.invalidParameterValue` for a
    ///   deleted experiment.
    package func deleteExperimentTag(key: String, experimentID: Int64) throws {
        try requireActiveExperiment(experimentID)
        try connection.run("DELETE FROM experiment_tags WHERE experiment_id = ?1 AND key = ?2", experimentID, key)
        guard connection.changes > 0 else {
            throw TrackingError.doesNotExist(
                "No tag with name: \(shortened(key)) in experiment with id \(experimentID)"
            )
        }
    }

    private func requireActiveExperiment(_ id: Int64) throws {
        let experiment = try connection.experiment(id: id)
        guard experiment.lifecycleStage == .active else {
            throw TrackingError.mustBeActive("experiment", id: String(id), current: experiment.lifecycleStage)
        }
    }

    private func upsertExperimentTag(_ tag: Tag, experimentID: Int64) throws {
        try connection.run(
            """
            INSERT INTO experiment_tags (experiment_id, key, value) VALUES (?1, ?2, ?3)
            ON CONFLICT (experiment_id, key) DO UPDATE SET value = excluded.value
            """,
            experimentID,
            tag.key,
            tag.value
        )
    }
}
