internal import Identities
internal import PostgreSQL
package import Tracking

extension PostgresWriteSession {
    package func storedRegisteredModel(named name: String) throws -> StoredRegisteredModel<String>? {
        try rows(
            """
            SELECT creation_time, description FROM registered_models
            WHERE workspace = 'default' AND name = $1 \(Self.rowLock)
            """,
            name
        ).first { StoredRegisteredModel(handle: name, creationTime: $0.int64(0), description: $0.string(1)) }
    }

    package func requireChange(ofRegisteredModel name: String) throws -> Bool {
        try requireRegisteredModel(name, for: .update)
    }

    package func add(_ transferred: TransferredRegisteredModel) throws -> String {
        let model = transferred.model
        let insertion = """
            INSERT INTO registered_models (workspace, name, description, creation_time, last_updated_time)
            VALUES ('default', $1, $2, $3::bigint, $4::bigint)
            """
        try change(insertion, model.name, model.description, model.creationTime, model.lastUpdatedTime)
        _ = try raiseLastVersion(of: model.name, to: transferred.lastVersion)
        return model.name
    }

    package func addMissing(_ tags: [Tag], toRegisteredModel name: String) throws -> MergeResult {
        guard !tags.isEmpty else { return MergeResult() }
        let query = "SELECT key, value FROM registered_model_tags WHERE workspace = 'default' AND name = $1"
        let stored = try rows(query, name)
        let missing = MissingTags(tags, stored: stored)
        let insertion = """
            INSERT INTO registered_model_tags (workspace, name, key, value)
            SELECT 'default', * FROM unnest($1::text[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING
            """
        try change(insertion, rows: missing.tags.map { [.text(name), .text($0.key), .text($0.value)] })
        return MergeResult(missing)
    }

    package func addMissing(_ aliases: [ModelAlias], to name: String) throws -> MergeResult {
        guard !aliases.isEmpty else { return MergeResult() }
        let query = "SELECT alias, version FROM registered_model_aliases WHERE workspace = 'default' AND name = $1"
        let stored = try rows(query, name).map { Tag(key: $0.string(0), value: String($0.int64(1))) }
        let missing = MissingTags(aliases.map { Tag(key: $0.alias, value: String($0.version)) }, stored: stored)
        let insertion = """
            INSERT INTO registered_model_aliases (workspace, name, alias, version)
            SELECT 'default', * FROM unnest($1::text[], $2::text[], $3::integer[]) ON CONFLICT DO NOTHING
            """
        try change(insertion, rows: missing.tags.map { [.text(name), .text($0.key), .text($0.value)] })
        return MergeResult(missing)
    }

    /// Adds the row of a deleted version: MLflow does not reuse the number of such a row.
    ///
    /// If the version is not deleted, its own record comes later and replaces the row.
    package func raiseLastVersion(of name: String, to version: Int64) throws -> Bool {
        guard version > 0 else { return false }
        let insertion = """
            INSERT INTO model_versions (workspace, name, version, creation_time, last_updated_time, current_stage, source, run_id,
                run_link, status)
            SELECT 'default', model.name, $2::bigint, model.creation_time, model.last_updated_time, 'Deleted_Internal',
                'REDACTED-SOURCE-PATH', 'REDACTED-RUN-ID', 'REDACTED-RUN-LINK', 'READY'
            FROM registered_models AS model
            WHERE model.workspace = 'default' AND model.name = $1 AND $2::bigint > (
                SELECT coalesce(max(version), 0) FROM model_versions WHERE workspace = 'default' AND name = $1)
            ON CONFLICT DO NOTHING
            """
        return try changed(insertion, name, version).affectedCount > 0
    }

    package func storedVersion(number: Int64, of model: String) throws -> (handle: Int64, version: ModelVersion)? {
        try modelVersions([VersionNumber(name: model, version: number)]).first.map { (number, $0) }
    }

    package func add(_ transferred: TransferredModelVersion, to model: String) throws {
        let version = transferred.version
        try lockOwners(ofArtifactsAt: [version.source, transferred.storageLocation ?? version.source])
        let added = try changed(
            """
            INSERT INTO model_versions AS stored (workspace, name, version, creation_time, last_updated_time, description,
                current_stage, source, storage_location, run_id, run_link, status)
            VALUES ('default', $1, $2::bigint, $3::bigint, $4::bigint, $5, $6, $7, $8, $9, $10, 'READY')
            ON CONFLICT (workspace, name, version) DO UPDATE
            SET creation_time = excluded.creation_time, last_updated_time = excluded.last_updated_time,
                description = excluded.description, current_stage = excluded.current_stage, source = excluded.source,
                storage_location = excluded.storage_location, run_id = excluded.run_id, run_link = excluded.run_link,
                status = excluded.status, status_message = NULL, user_id = NULL
            WHERE stored.current_stage = 'Deleted_Internal'
            """,
            model,
            version.version,
            version.creationTime,
            version.lastUpdatedTime,
            version.description,
            version.stage.wireName,
            version.source,
            transferred.storageLocation,
            version.runID,
            version.runLink
        ).affectedCount
        guard added > 0 else {
            throw TrackingError.invalidParameter("another program has just added a version with this number")
        }
        _ = try addMissing(version.tags, to: version.version, of: model)
    }

    package func addMissing(_ tags: [Tag], to version: Int64, of model: String) throws -> MergeResult {
        guard !tags.isEmpty else { return MergeResult() }
        let stored = try rows(
            "SELECT key, value FROM model_version_tags WHERE workspace = 'default' AND name = $1 AND version = $2::bigint",
            model,
            version
        )
        let missing = MissingTags(tags, stored: stored)
        try change(
            """
            INSERT INTO model_version_tags (workspace, name, version, key, value)
            SELECT 'default', * FROM unnest($1::text[], $2::integer[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING
            """,
            rows: missing.tags.map { [.text(model), .integer(version), .text($0.key), .text($0.value)] }
        )
        return MergeResult(missing)
    }
}
