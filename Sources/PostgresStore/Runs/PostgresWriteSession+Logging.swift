internal import Identities
internal import PostgreSQL
package import Tracking

extension PostgresWriteSession {
    package func log(_ batch: LogBatch, runID: String) throws { try add(batch, runID: runID) }

    package func logParam(_ param: Param, runID: String) throws {
        try add(LogBatch(params: [param]), runID: runID, isOneParam: true)
    }

    package func deleteTag(key: String, runID: String) throws {
        try requireActiveRun(runID, for: .update)
        let count = try changed("DELETE FROM tags WHERE run_uuid = $1 AND key = $2", runID, key).affectedCount
        guard count > 0 else { throw TrackingError.tagNotFound(key, in: "run with id \(runID)") }
    }

    package func appendLoggedModel(_ model: String, runID: String) throws {
        // The lock keeps two requests from extending the same value at once.
        try requireActiveRun(runID, for: .update, lock: Self.rowLock)
        let stored = try rows("SELECT value FROM tags WHERE run_uuid = $1 AND key = $2", runID, Tag.loggedModelsKey)
            .first { $0.string(0) }
        try upsert(try Tag.loggedModels(adding: model, to: stored, runID: runID), runID: runID)
    }

    /// Sets a tag, which must not be the one with the run's name.
    func upsert(_ tag: Tag, runID: String) throws {
        let insertion = """
            INSERT INTO tags (run_uuid, key, value) VALUES ($1, $2, $3)
            ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value
            """
        try change(insertion, runID, tag.key, tag.value)
    }
}
