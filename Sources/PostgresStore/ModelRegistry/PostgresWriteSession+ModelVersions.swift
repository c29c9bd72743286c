internal import Identities
internal import PostgreSQL
package import Tracking

extension PostgresWriteSession {
    package func updateModelVersion(_ key: ModelVersionKey, description: String?) throws -> ModelVersion {
        let number = try requireModelVersion(key, for: .update, lock: Self.rowLock)
        let modelVersionsUpdate = """
            UPDATE model_versions SET description = $3, last_updated_time = $4::bigint
            WHERE workspace = 'default' AND name = $1 AND version = $2::bigint
            """
        try change(modelVersionsUpdate, key.name, number, description, currentMilliseconds())
        return try storedVersion(key)
    }

    package func moveModelVersion(
        _ key: ModelVersionKey,
        to stage: ModelStage,
        archivesOthers: Bool
    ) throws -> ModelVersion {
        // Requests that lock a model and a version lock the model first: otherwise, two requests could wait for each other.
        let number = try requireModelVersion(key, for: .update)
        try requireRegisteredModel(key.name, for: .read, lock: Self.rowLock)
        let now = currentMilliseconds()
        if archivesOthers {
            let modelVersionsUpdate = """
                UPDATE model_versions SET current_stage = $4, last_updated_time = $5::bigint
                WHERE workspace = 'default' AND name = $1 AND version <> $2::bigint AND current_stage = $3
                """
            try change(modelVersionsUpdate, key.name, number, stage.wireName, ModelStage.archived.wireName, now)
        }
        let stageUpdate = """
            UPDATE model_versions AS version SET current_stage = $3, last_updated_time = $4::bigint
            WHERE workspace = 'default' AND name = $1 AND version = $2::bigint AND \(ModelVersion.isNotDeleted("version"))
            """
        let moved = try changed(stageUpdate, key.name, number, stage.wireName, now)
        guard moved.affectedCount > 0 else { throw key.notFound }
        try touchRegisteredModel(key.name, at: now)
        return try storedVersion(key)
    }

    package func deleteModelVersion(_ key: ModelVersionKey) throws {
        let number = try requireModelVersion(key, for: .delete)
        try requireRegisteredModel(key.name, for: .read, lock: Self.rowLock)
        let now = currentMilliseconds()
        // As in MLflow, the row is emptied but not deleted, so that the number is not used again.
        let update = """
            UPDATE model_versions AS version
            SET current_stage = 'Deleted_Internal', last_updated_time = $3::bigint, description = NULL, user_id = NULL,
                source = 'REDACTED-SOURCE-PATH', run_id = 'REDACTED-RUN-ID', run_link = 'REDACTED-RUN-LINK',
                status_message = NULL
            WHERE workspace = 'default' AND name = $1 AND version = $2::bigint AND \(ModelVersion.isNotDeleted("version"))
            """
        let deleted = try changed(update, key.name, number, now)
        guard deleted.affectedCount > 0 else { throw key.notFound }
        try change(
            "DELETE FROM model_version_tags WHERE workspace = 'default' AND name = $1 AND version = $2::bigint",
            key.name,
            number
        )
        try change(
            "DELETE FROM registered_model_aliases WHERE workspace = 'default' AND name = $1 AND version = $2::bigint",
            key.name,
            number
        )
        try touchRegisteredModel(key.name, at: now)
    }

    package func setModelVersionTag(_ tag: Tag, version key: ModelVersionKey) throws {
        let number = try requireModelVersion(key, for: .update, lock: "FOR SHARE")
        let insertion = """
            INSERT INTO model_version_tags (workspace, name, version, key, value)
            VALUES ('default', $1, $2::bigint, $3, $4)
            ON CONFLICT (workspace, key, name, version) DO UPDATE SET value = excluded.value
            """
        try change(insertion, key.name, number, tag.key, tag.value)
    }

    package func deleteModelVersionTag(key: String, version: ModelVersionKey) throws {
        let number = try requireModelVersion(version, for: .delete)
        let deletion = """
            DELETE FROM model_version_tags
            WHERE workspace = 'default' AND name = $1 AND version = $2::bigint AND key = $3
            """
        try change(deletion, version.name, number, key)
    }
}
