internal import Identities
internal import SQLite
package import Tracking

extension WriteSession {
    package func updateModelVersion(_ key: ModelVersionKey, description: String?) throws -> ModelVersion {
        let row = try modelVersionRow(key, for: .update)
        try connection.run(
            "UPDATE model_versions SET description = ?2, last_updated_time = ?3 WHERE id = ?1",
            values: [row.id, description, currentMilliseconds()]
        )
        return try storedVersion(key)
    }

    package func moveModelVersion(
        _ key: ModelVersionKey,
        to stage: ModelStage,
        archivesOthers: Bool
    ) throws -> ModelVersion {
        let row = try modelVersionRow(key, for: .update)
        let now = currentMilliseconds()
        if archivesOthers {
            try connection.run(
                """
                UPDATE model_versions SET stage = ?3, last_updated_time = ?4
                WHERE model_id = ?1 AND stage = ?2 AND id != ?5
                """,
                values: [row.modelID, stage.rawValue, ModelStage.archived.rawValue, now, row.id]
            )
        }
        try connection.run(
            "UPDATE model_versions SET stage = ?2, last_updated_time = ?3 WHERE id = ?1",
            values: [row.id, stage.rawValue, now]
        )
        try touchRegisteredModel(row.modelID, at: now)
        return try storedVersion(key)
    }

    package func deleteModelVersion(_ key: ModelVersionKey) throws {
        let row = try modelVersionRow(key, for: .delete)
        let isPrompt = try connection.versionsArePrompts(ofModel: row.modelID)
        try connection.run("DELETE FROM model_versions WHERE id = ?1", row.id)
        if isPrompt { try markVersionsByTheirTags(ofModel: row.modelID) }
        try connection.run(
            "DELETE FROM registered_model_aliases WHERE model_id = ?1 AND version = ?2",
            values: [row.modelID, key.version]
        )
        try touchRegisteredModel(row.modelID, at: currentMilliseconds())
    }

    package func setModelVersionTag(_ tag: Tag, version key: ModelVersionKey) throws {
        let row = try modelVersionRow(key, for: .update)
        try connection.upsert(tag, in: .modelVersions, of: row.id)
        if tag.key.isExactly(Tag.isPromptKey) { try markVersionsByTheirTags(ofModel: row.modelID) }
    }

    package func deleteModelVersionTag(key: String, version: ModelVersionKey) throws {
        let row = try modelVersionRow(version, for: .delete)
        _ = try connection.deleteTag(key, in: .modelVersions, of: row.id)
        if key.isExactly(Tag.isPromptKey) { try markVersionsByTheirTags(ofModel: row.modelID) }
    }

    /// Sets `is_prompt` of all versions of a model: to true if any of them has the prompt tag, otherwise to false.
    func markVersionsByTheirTags(ofModel modelID: Int64) throws {
        let tagged = try connection.query(
            """
            SELECT EXISTS (
                SELECT 1 FROM model_versions AS version
                CROSS JOIN model_version_tags AS tag ON tag.version_id = version.id AND tag.key = ?2
                WHERE version.model_id = ?1 AND tag.value = ?3)
            """,
            values: [modelID, Tag.promptMark.key, Tag.promptMark.value]
        )
        try markVersions(ofModel: modelID, asPrompts: try tagged.firstRow { $0.bool(0) } ?? false)
    }

    /// Sets `is_prompt` of all versions of a model, unless it already has this value.
    func markVersions(ofModel modelID: Int64, asPrompts: Bool) throws {
        guard try connection.versionsArePrompts(ofModel: modelID) != asPrompts else { return }
        try connection.run("UPDATE model_versions SET is_prompt = ?2 WHERE model_id = ?1", modelID, asPrompts ? 1 : 0)
    }
}

extension Connection {
    /// Whether the versions of a model are prompts.
    ///
    /// All versions of a model have the same value of `is_prompt`.
    func versionsArePrompts(ofModel modelID: Int64) throws -> Bool {
        let select = try query("SELECT is_prompt FROM model_versions WHERE model_id = ?1 LIMIT 1", modelID)
        return try select.firstRow { $0.bool(0) } ?? false
    }
}
