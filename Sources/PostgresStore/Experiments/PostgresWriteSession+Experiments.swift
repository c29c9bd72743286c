internal import Identities
internal import PostgreSQL
package import Tracking

extension PostgresWriteSession {
    package func createExperiment(name: String, artifactLocation: String?, tags: [Tag]) throws -> Int64 {
        try requireCreation(of: .experiment)
        try requireLocationOutsideServer(artifactLocation, servedBuckets: servedBuckets)
        try Experiment.requireUnusedName(name, holder: try holder(ofName: name))
        let id = try nextExperimentID()
        let location = artifactLocation ?? Experiment.defaultLocation(id: id, beneath: artifactRoot)
        if let limit = try runLocationLimit() { try Experiment.requireShortLocation(location, limit: limit) }
        // If another program has taken the name meanwhile, the constraint refuses the row, and the request runs again.
        let insertion = """
            INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
            VALUES ($1, $2, $3, 'active', $4, $4)
            """
        try change(insertion, id, name, location, currentMilliseconds())
        for tag in tags { try upsert(tag, experimentID: id) }
        try grantCreator(.experiment, String(id))
        return id
    }

    /// The number of characters that the artifact location of a run may have; nil if its column has no limit.
    private func runLocationLimit() throws -> Int? {
        let query = """
            SELECT \(TooLongText.columnLength) FROM pg_attribute
            WHERE attrelid = to_regclass('runs') AND attname = 'artifact_uri' AND atttypmod > 0
            """
        return try rows(query).first { Int($0.int64(0)) }
    }

    func nextExperimentID() throws -> Int64 {
        let next = try rows("SELECT nextval(pg_get_serial_sequence('experiments', 'experiment_id'))")
        guard let id = next.first({ $0.int64(0) }) else { throw StoreCorruption("a sequence has no next value") }
        return id
    }

    private func holder(ofName name: String) throws -> Experiment.NameHolder? {
        try rows("SELECT experiment_id, lifecycle_stage FROM experiments WHERE name = $1", name).first {
            Experiment.NameHolder(id: $0.int64(0), stage: LifecycleStage(wireName: $0.string(1)) ?? .active)
        }
    }

    package func renameExperiment(_ id: Int64, to name: String) throws {
        try expectLock(on: .experiment(id))
        let experiment = try storedExperiment(id, for: .update, lock: Self.rowLock)
        try requirePermissionToRenameExperiments()
        try experiment.requireRenamable(to: name, isTaken: try holder(ofName: name) != nil)
        experiments[id] = nil
        let renaming = "UPDATE experiments SET name = $2, last_update_time = $3 WHERE experiment_id = $1"
        try change(renaming, id, name, currentMilliseconds())
    }

    package func deleteExperiment(_ id: Int64) throws {
        try moveExperiment(id, by: .deletion(at: currentMilliseconds()))
    }

    package func restoreExperiment(_ id: Int64) throws { try moveExperiment(id, by: .restoration) }

    private func moveExperiment(_ id: Int64, by move: LifecycleMove) throws {
        try expectLock(on: .experiment(id))
        let experiment = try storedExperiment(id, for: .delete, lock: Self.rowLock)
        try requireDeletionOfContents(ofExperiment: id)
        try experiment.requireMovable(by: move)
        experiments[id] = nil
        expectLongStatements()
        if move.stage == .deleted { try deleteAssessments(byRuns: "experiment_id = $1", id) }
        let update = "UPDATE experiments SET lifecycle_stage = $2, last_update_time = $3 WHERE experiment_id = $1"
        try change(update, id, move.stage.wireName, currentMilliseconds())
        let runsUpdate = "UPDATE runs SET lifecycle_stage = $2, deleted_time = $3 WHERE experiment_id = $1"
        try change(runsUpdate, id, move.stage.wireName, move.deletedTime)
    }

    package func setExperimentTag(_ tag: Tag, experimentID: Int64) throws {
        try expectLock(on: .experiment(experimentID))
        try knownExperiment(experimentID, for: .update).requireActive()
        try upsert(tag, experimentID: experimentID)
    }

    package func deleteExperimentTag(key: String, experimentID: Int64) throws {
        try expectLock(on: .experiment(experimentID))
        try knownExperiment(experimentID, for: .update).requireActive()
        let deletion = "DELETE FROM experiment_tags WHERE experiment_id = $1 AND key = $2"
        let count = try changed(deletion, experimentID, key).affectedCount
        guard count > 0 else { throw TrackingError.tagNotFound(key, in: "experiment with id \(experimentID)") }
    }

    private func upsert(_ tag: Tag, experimentID: Int64) throws {
        let insertion = """
            INSERT INTO experiment_tags (experiment_id, key, value) VALUES ($1, $2, $3)
            ON CONFLICT (key, experiment_id) DO UPDATE SET value = excluded.value
            """
        try change(insertion, experimentID, tag.key, tag.value)
    }

    /// Returns an experiment without its tags, which is looked up once in each transaction; throws as `storedExperiment` does.
    func knownExperiment(_ id: Int64, for action: PermittedAction) throws -> Experiment {
        try require(action, on: .experiment(id), orThrow: .experimentNotFound(id))
        if let known = experiments[id] { return known }
        let experiment = try storedExperiment(id, for: action)
        experiments[id] = experiment
        return experiment
    }
}
