internal import Identities
internal import SQLite
package import Tracking

extension WriteSession {
    package func takenRegisteredModel(_ name: String) throws -> TakenRegisteredModel<Int64>? {
        try connection.query("SELECT id, creation_time, description FROM registered_models WHERE name = ?1", name)
            .firstRow { TakenRegisteredModel(key: $0.int64(0), creationTime: $0.int64(1), description: $0.string(2)) }
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
            model.name,
            model.description,
            model.creationTime,
            model.lastUpdatedTime,
            model.tags.lastOfEachKey.contains(where: \.marksPrompt) ? 1 : 0,
            transferred.lastVersion
        )
        return connection.lastInsertRowID
    }

    package func complete(_ tags: [Tag], ofRegisteredModel key: Int64) throws -> TakenPart {
        let part = try complete(tags, in: .registeredModels, of: key)
        if part.isCompleted, tags.lastOfEachKey.contains(where: \.marksPrompt) { try markModel(key, asPrompt: true) }
        return part
    }

    package func complete(_ aliases: [ModelAlias], of key: Int64) throws -> TakenPart {
        var part = TakenPart()
        for alias in aliases {
            try connection.run(
                "INSERT OR IGNORE INTO registered_model_aliases (model_id, alias, version) VALUES (?1, ?2, ?3)",
                key,
                alias.alias,
                alias.version
            )
            guard connection.changes == 0 else {
                part.isCompleted = true
                continue
            }
            let stored = try connection.query(
                "SELECT version FROM registered_model_aliases WHERE model_id = ?1 AND alias = ?2",
                key,
                alias.alias
            ).firstRow { $0.int64(0) }
            if stored != alias.version { part.conflicts.append(alias.alias) }
        }
        return part
    }

    package func raiseLastVersion(of key: Int64, to version: Int64) throws -> Bool {
        try connection.run(
            "UPDATE registered_models SET last_version = ?2 WHERE id = ?1 AND last_version < ?2",
            key,
            version
        )
        return connection.changes > 0
    }

    package func takenVersion(_ number: Int64, of model: Int64) throws -> (key: Int64, version: ModelVersion)? {
        let row = try connection.query(
            "SELECT id FROM model_versions WHERE model_id = ?1 AND version = ?2",
            model,
            number
        ).firstRow { $0.int64(0) }
        guard let row else { return nil }
        guard let stored = try connection.modelVersions(rows: [row]).first else {
            throw StoreCorruption("a model version that was just found is missing")
        }
        return (row, stored)
    }

    package func add(_ transferred: TransferredModelVersion, to model: Int64) throws {
        let version = transferred.version
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
        let arePrompts = version.tags.lastOfEachKey.makeVersionsPrompts(othersArePrompts: othersArePrompts)
        try markVersions(ofModel: model, asPrompts: arePrompts)
        _ = try raiseLastVersion(of: model, to: version.version)
    }

    package func complete(_ tags: [Tag], of version: Int64, of model: Int64) throws -> TakenPart {
        let part = try complete(tags, in: .modelVersions, of: version)
        if part.isCompleted { try markVersions(ofModel: model) }
        return part
    }
}
