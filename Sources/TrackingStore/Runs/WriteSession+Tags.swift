internal import Identities
internal import SQLite
internal import Tracking

extension WriteSession {
    package func deleteTag(key: String, runID: String) throws {
        let run = try activeRunRow(runID, for: .update)
        try connection.run(
            "DELETE FROM run_tags WHERE run_id = ?1 AND key_id = (SELECT id FROM keys WHERE name = ?2)",
            values: [run.id, key]
        )
        guard connection.changes > 0 else { throw TrackingError.tagNotFound(key, in: "run with id \(runID)") }
    }

    func setTag(_ tag: Tag, runRow: Int64) throws {
        switch tag.effectOnRun {
        case .nothing: return
        case .tag: break
        case .name: try connection.run("UPDATE runs SET name = ?2 WHERE id = ?1", runRow, tag.value)
        }
        try upsertTag(tag, runRow: runRow)
    }

    func upsertTag(_ tag: Tag, runRow: Int64) throws {
        let upsert = statements.upsertTag
        try upsert.bind(runRow, at: 1)
        try upsert.bind(try keyID(for: tag.key), at: 2)
        try upsert.bind(tag.value, at: 3)
        try upsert.run()
    }

    /// Returns the value of one tag of a run; nil if the tag is not set.
    private func tagValue(key: String, runRow: Int64) throws -> String? {
        let select = try connection.query(
            "SELECT value FROM run_tags WHERE run_id = ?1 AND key_id = (SELECT id FROM keys WHERE name = ?2)",
            values: [runRow, key]
        )
        defer { select.reset() }
        return try select.step() ? select.string(0) : nil
    }
}

extension WriteSession {
    package func appendLoggedModel(_ model: String, runID: String) throws {
        let run = try activeRunRow(runID, for: .update)
        let stored = try tagValue(key: Tag.loggedModelsKey, runRow: run.id)
        try upsertTag(try Tag.loggedModels(adding: model, to: stored, runID: runID), runRow: run.id)
    }
}
