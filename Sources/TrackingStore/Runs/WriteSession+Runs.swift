internal import Identities
internal import SQLite
package import Tracking

extension WriteSession {
    package func createRun(_ new: NewRun) throws -> Run {
        try requireCreation(of: .run)
        let experiment = try storedExperiment(new.experimentID, for: .update)
        let existing = try new.runID.flatMap { try runWithTags($0) }
        let (run, isNew) = try new.run(in: experiment, existing: existing)
        guard isNew else { return run }
        try countRunAgainstQuotas()
        let row = try insertRun(run.info)
        try recordOwner(ofRun: row)
        for tag in run.tags { try upsertTag(tag, runRow: row) }
        return run
    }

    /// Returns a run with only its tags; nil for an unknown run id.
    private func runWithTags(_ runID: String) throws -> Run? {
        let select = try connection.query("SELECT \(RunInfo.columns) FROM runs WHERE run_id = ?1", runID)
        guard let (info, row) = try select.firstRow({ (try RunInfo(row: $0), $0.int64(RunInfo.rowColumn)) }) else {
            return nil
        }
        var run = Run(info: info)
        run.tags = try storedTags(ofRun: row)
        return run
    }

    private func insertRun(_ info: RunInfo) throws -> Int64 {
        try connection.run(
            """
            INSERT INTO runs (run_id, experiment_id, name, user_id, status, start_time, artifact_uri)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            """,
            values: [
                info.runID, info.experimentID, info.name, info.userID, info.status.storedValue, info.startTime,
                info.artifactURI,
            ]
        )
        noteChange(ofRun: connection.lastInsertRowID)
        return connection.lastInsertRowID
    }

    package func log(_ batch: LogBatch, runID: String) throws {
        let run = try activeRunRow(runID, for: .update)
        try insertParams(batch.params, runRow: run.id, runID: runID)
        try insertModelMetrics(batch.modelMetrics, runRow: run.id)
        try insertMetrics(batch.metrics, runRow: run.id)
        for tag in batch.tags { try setTag(tag, runRow: run.id) }
    }

    package func updateRun(_ runID: String, status: RunStatus?, endTime: Int64?, name: String?) throws -> RunInfo {
        let row = try activeRunRow(runID, for: .update)
        try connection.run(
            "UPDATE runs SET status = coalesce(?2, status), end_time = coalesce(?3, end_time) WHERE id = ?1",
            values: [row.id, status?.storedValue, endTime]
        )
        if let name { try setTag(Tag(key: Tag.runNameKey, value: name), runRow: row.id) }
        return try runInfo(runID, for: .update)
    }

    package func deleteRun(_ runID: String) throws { try moveRun(runID, by: .deletion(at: currentMilliseconds())) }

    package func nameAndExperiment(ofDeletedRun runID: String) throws -> (name: String, experimentID: Int64) {
        let run = try connection.query("SELECT name, experiment_id FROM runs WHERE run_id = ?1", runID)
            .firstRow { (name: $0.string(0), experimentID: $0.int64(1)) }
        guard let run else { throw StoreCorruption("a run is missing after it was changed") }
        return run
    }

    package func restoreRun(_ runID: String) throws {
        let row = try runRow(runID, for: .delete)
        try requireNotBeingRemoved(.run, runID)
        try requireNotBeingRemoved(.experiment, String(row.experimentID))
        try moveRun(runID, by: .restoration)
    }

    private func moveRun(_ runID: String, by move: LifecycleMove) throws {
        let row = try runRow(runID, for: .delete)
        try connection.run(
            "UPDATE runs SET lifecycle_stage = ?2, deleted_time = ?3 WHERE id = ?1",
            values: [row.id, move.stage.storedValue, move.deletedTime]
        )
        forgetRun(runID)
    }
}
