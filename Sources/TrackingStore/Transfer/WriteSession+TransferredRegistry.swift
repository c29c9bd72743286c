internal import Identities
internal import SQLite
package import Tracking

extension WriteSession {
    package func storedRegisteredModel(named name: String) throws -> StoredRegisteredModel<Int64>? {
        try connection.query("SELECT id, creation_time, description FROM registered_models WHERE name = ?1", name)
            .firstRow {
                StoredRegisteredModel(handle: $0.int64(0), creationTime: $0.int64(1), description: $0.string(2))
            }
    }

    package func requireChange(ofRegisteredModel name: String) throws -> Bool {
        try registeredModelKind(name, for: .update).isPrompt
    }

    package func add(_ transferred: TransferredRegisteredModel) throws -> Int64 {
        let model = transferred.model
        try connection.run(
            """
            INSERT INTO registered_models
                (name, description, creation_time, last_updated_time, is_prompt, last_version)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            """,
            values: [
                model.name, model.description, model.creationTime, model.lastUpdatedTime,
                model.tags.lastOfEachKey.contains(where: \.marksPrompt) ? 1 : 0, transferred.lastVersion,
            ]
        )
        return connection.lastInsertRowID
    }

    package func addMissing(_ tags: [Tag], toRegisteredModel model: Int64) throws -> MergeResult {
        let result = try addMissing(tags, in: .registeredModels, to: model)
        if result.hasAdditions, tags.lastOfEachKey.contains(where: \.marksPrompt) {
            try markModel(model, asPrompt: true)
        }
        return result
    }

    package func addMissing(_ aliases: [ModelAlias], to model: Int64) throws -> MergeResult {
        var result = MergeResult()
        for alias in aliases {
            try connection.run(
                "INSERT OR IGNORE INTO registered_model_aliases (model_id, alias, version) VALUES (?1, ?2, ?3)",
                values: [model, alias.alias, alias.version]
            )
            guard connection.changes == 0 else {
                result.hasAdditions = true
                continue
            }
            let stored = try connection.query(
                "SELECT version FROM registered_model_aliases WHERE model_id = ?1 AND alias = ?2",
                values: [model, alias.alias]
            ).firstRow { $0.int64(0) }
            if stored != alias.version { result.conflicts.append(alias.alias) }
        }
        return result
    }

    package func raiseLastVersion(of model: Int64, to version: Int64) throws -> Bool {
        try connection.run(
            "UPDATE registered_models SET last_version = ?2 WHERE id = ?1 AND last_version < ?2",
            values: [model, version]
        )
        return connection.changes > 0
    }

    package func storedVersion(number: Int64, of model: Int64) throws -> (handle: Int64, version: ModelVersion)? {
        let row = try connection.query(
            "SELECT id FROM model_versions WHERE model_id = ?1 AND version = ?2",
            values: [model, number]
        ).firstRow { $0.int64(0) }
        guard let row else { return nil }
        guard let stored = try connection.modelVersions(rows: [row]).first else {
            throw StoreCorruption("a model version that was just found is missing")
        }
        return (row, stored)
    }

    package func add(_ transferred: TransferredModelVersion, to model: Int64) throws {
        let version = transferred.version
        try requireNotBeingRemoved(artifactsAt: [version.source, transferred.storageLocation ?? version.source])
        let othersArePrompts = try connection.versionsArePrompts(ofModel: model)
        try connection.run(
            """
            INSERT INTO model_versions
                (model_id, version, name, is_prompt, stage, creation_time, last_updated_time, description, source,
                storage_location, run_id, run_link)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
            """,
            values: [
                model, version.version, version.name, othersArePrompts ? 1 : 0, version.stage.rawValue,
                version.creationTime, version.lastUpdatedTime, version.description, version.source,
                transferred.storageLocation, version.runID, version.runLink,
            ]
        )
        let row = connection.lastInsertRowID
        for tag in version.tags { try connection.upsert(tag, in: .modelVersions, of: row) }
        let arePrompts = version.tags.lastOfEachKey.versionsBecomePrompts(othersArePrompts: othersArePrompts)
        try markVersions(ofModel: model, asPrompts: arePrompts)
        _ = try raiseLastVersion(of: model, to: version.version)
    }

    package func addMissing(_ tags: [Tag], to version: Int64, of model: Int64) throws -> MergeResult {
        let result = try addMissing(tags, in: .modelVersions, to: version)
        if result.hasAdditions { try markVersionsByTheirTags(ofModel: model) }
        return result
    }
}
