internal import Identities
internal import PostgreSQL
package import Tracking

extension PostgresWriteSession {
    package func createRun(_ new: NewRun) throws -> Run {
        try requireCreation(of: .run)
        let experiment = try knownExperiment(new.experimentID, for: .update)
        let existing = try new.runID.flatMap { try runWithTags($0) }
        let (run, isNew) = try new.run(in: experiment, existing: existing)
        guard isNew else { return run }
        try countRunAgainstQuotas()
        try insert(run.info)
        countOwnRun()
        try recordOwner(ofRuns: [run.info.runID], mayHaveOldOwners: new.runID != nil)
        let insertion = "INSERT INTO tags (run_uuid, key, value) SELECT $1, * FROM unnest($2::text[], $3::text[])"
        try change(insertion, run.info.runID, run.tags.map(\.key), run.tags.map(\.value))
        return run
    }

    /// Returns a run with only its tags; nil for an unknown run id.
    private func runWithTags(_ runID: String) throws -> Run? {
        let found = try ask("SELECT \(RunInfo.columns) FROM runs WHERE run_uuid = $1 FOR SHARE", runID)
        let tags = try ask("SELECT key, value FROM tags WHERE run_uuid = $1", runID)
        guard var run = try rows(found).first({ Run(info: RunInfo(row: $0)) }) else { return nil }
        run.tags = try rows(tags).map { Tag(key: $0.string(0), value: $0.string(1)) }
        return run
    }

    private func insert(_ info: RunInfo) throws {
        noteAddedRun(info.runID)
        try change(
            """
            INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time,
                deleted_time, source_version, lifecycle_stage, artifact_uri, experiment_id)
            VALUES ($1, $2, 'UNKNOWN', '', '', $3, $4, $5, NULL, NULL, '', 'active', $6, $7)
            """,
            info.runID,
            info.name,
            info.userID,
            info.status.wireName,
            info.startTime,
            info.artifactURI,
            info.experimentID
        )
    }

    package func updateRun(_ runID: String, status: RunStatus?, endTime: Int64?, name: String?) throws -> RunInfo {
        var info = try requireActiveRun(runID, for: .update, lock: Self.rowLock)
        info.status = status ?? info.status
        info.endTime = endTime ?? info.endTime
        let newName = name.flatMap { $0.isEmpty ? nil : $0 }
        info.name = newName ?? info.name
        let runsUpdate = "UPDATE runs SET status = $2, end_time = $3, name = coalesce($4, name) WHERE run_uuid = $1"
        try change(runsUpdate, runID, info.status.wireName, info.endTime, newName)
        if let newName { try upsert(Tag(key: Tag.runNameKey, value: newName), runID: runID) }
        return info
    }

    package func deleteRun(_ runID: String) throws { try moveRun(runID, by: .deletion(at: currentMilliseconds())) }

    package func restoreRun(_ runID: String) throws { try moveRun(runID, by: .restoration) }

    private func moveRun(_ runID: String, by move: LifecycleMove) throws {
        try expectLock(on: .run(runID))
        _ = try storedRun(runID, for: .delete, lock: Self.rowLock)
        if move.stage == .deleted { try deleteAssessments(byRuns: "run_uuid = $1", runID) }
        let update = "UPDATE runs SET lifecycle_stage = $2, deleted_time = $3 WHERE run_uuid = $1"
        try change(update, runID, move.stage.wireName, move.deletedTime)
    }

    /// Deletes the assessments that runs have made, as MLflow does when it deletes the runs.
    ///
    /// - Parameter condition: the SQL that selects the runs, with the value `$1`.
    func deleteAssessments(byRuns condition: String, _ value: any PostgresParameter) throws {
        let deletion = #"""
            DELETE FROM assessments
            WHERE substring(assessment_metadata FROM '"mlflow\.assessment\.sourceRunId": "([^"]*)"')
                IN (SELECT run_uuid FROM runs WHERE \#(condition))
            """#
        try change(deletion, value)
    }

    /// - Throws: `.resourceDoesNotExist` for an unknown run id, `.invalidParameterValue` for a deleted run.
    @discardableResult
    func requireActiveRun(_ runID: String, for action: PermittedAction, lock: String = "") throws -> RunInfo {
        try expectLock(on: .run(runID))
        let info = try storedRun(runID, for: action, lock: lock)
        try info.lifecycleStage.requireActive("run", id: runID)
        return info
    }
}

extension PostgresWriteSession {
    package func nameAndExperiment(ofDeletedRun runID: String) throws -> (name: String, experimentID: Int64) {
        let run = try rows("SELECT name, experiment_id FROM runs WHERE run_uuid = $1", runID)
            .first { (name: $0.string(0), experimentID: $0.int64(1)) }
        guard let run else { throw StoreCorruption("a run is missing after it was changed") }
        return run
    }
}
