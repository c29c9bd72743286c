internal import Identities
internal import SQLite
package import Tracking

extension WriteSession {
    package func createExperiment(name: String, artifactLocation: String?, tags: [Tag]) throws -> Int64 {
        try requireCreation(of: .experiment)
        try requireLocationOutsideServer(artifactLocation, servedBuckets: servedBuckets)
        try Experiment.requireUnusedName(name, holder: try holder(ofName: name))
        let now = currentMilliseconds()
        try connection.run(
            """
            INSERT INTO experiments (id, name, artifact_location, creation_time, last_update_time)
            SELECT 1 + max(coalesce((SELECT max(id) FROM experiments), 0),
                coalesce((SELECT highest FROM removed_experiments), 0)), ?1, ?2, ?3, ?3
            """,
            values: [name, artifactLocation ?? "", now]
        )
        let id = connection.lastInsertRowID
        if artifactLocation == nil {
            try connection.run(
                "UPDATE experiments SET artifact_location = ?2 WHERE id = ?1",
                values: [id, Experiment.defaultLocation(id: id, beneath: artifactRoot)]
            )
        }
        for tag in tags { try connection.upsert(tag, in: .experiments, of: id) }
        try grantCreator(.experiment, String(id))
        return id
    }

    /// Creates the experiment named Default, with id 0, if there is no experiment at all, active or deleted.
    func createDefaultExperiment() throws {
        try connection.run(
            """
            INSERT INTO experiments (id, name, artifact_location, creation_time, last_update_time)
            SELECT 0, 'Default', ?1, ?2, ?2
            WHERE NOT EXISTS (SELECT 1 FROM experiments)
            """,
            values: [Experiment.defaultLocation(id: 0, beneath: artifactRoot), currentMilliseconds()]
        )
    }

    private func holder(ofName name: String) throws -> Experiment.NameHolder? {
        try connection.query("SELECT id, lifecycle_stage FROM experiments WHERE name = ?1", name)
            .firstRow { Experiment.NameHolder(id: $0.int64(0), stage: LifecycleStage(storedValue: $0.int64(1))) }
    }

    package func renameExperiment(_ id: Int64, to name: String) throws {
        let experiment = try storedExperiment(id, for: .update)
        try requirePermissionToRenameExperiments()
        try experiment.requireRenamable(to: name, isTaken: try holder(ofName: name) != nil)
        try connection.run(
            "UPDATE experiments SET name = ?2, last_update_time = ?3 WHERE id = ?1",
            values: [id, name, currentMilliseconds()]
        )
    }

    package func deleteExperiment(_ id: Int64) throws {
        try moveExperiment(id, by: .deletion(at: currentMilliseconds()))
    }

    package func restoreExperiment(_ id: Int64) throws {
        try requireDeletion(ofExperiment: id)
        try requireNotBeingRemoved(.experiment, String(id))
        try moveExperiment(id, by: .restoration)
    }

    /// Returns an experiment without its tags; throws unless the client may delete or restore it and all its contents.
    @discardableResult
    private func requireDeletion(ofExperiment id: Int64) throws -> Experiment {
        let experiment = try storedExperiment(id, for: .delete)
        try requireDeletionOfContents(ofExperiment: id)
        return experiment
    }

    private func moveExperiment(_ id: Int64, by move: LifecycleMove) throws {
        try requireDeletion(ofExperiment: id).requireMovable(by: move)
        try connection.run(
            "UPDATE experiments SET lifecycle_stage = ?2, last_update_time = ?3 WHERE id = ?1",
            values: [id, move.stage.storedValue, currentMilliseconds()]
        )
        try connection.run(
            "UPDATE runs SET lifecycle_stage = ?2, deleted_time = ?3 WHERE experiment_id = ?1",
            values: [id, move.stage.storedValue, move.deletedTime]
        )
        forgetAllRuns()
    }

    package func setExperimentTag(_ tag: Tag, experimentID: Int64) throws {
        try activeExperiment(experimentID, for: .update)
        try connection.upsert(tag, in: .experiments, of: experimentID)
    }

    package func deleteExperimentTag(key: String, experimentID: Int64) throws {
        try activeExperiment(experimentID, for: .update)
        guard try connection.deleteTag(key, in: .experiments, of: experimentID) else {
            throw TrackingError.tagNotFound(key, in: "experiment with id \(experimentID)")
        }
    }
}
