internal import Identities
internal import SQLite
internal import Tracking

extension WriteSession {
    func importRecord(_ transferred: TransferredRegisteredModel, _ report: inout TransferReport) throws {
        let model = transferred.model
        guard let stored = try storedModel(model.name) else {
            let isPrompt = model.tags.lastOfEachKey.contains(where: \.marksPrompt)
            try requireCreation(of: isPrompt ? .prompt : .registeredModel, named: model.name)
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
                isPrompt ? 1 : 0,
                transferred.lastVersion
            )
            let id = connection.lastInsertRowID
            for tag in model.tags { try connection.upsert(tag, in: .registeredModels, of: id) }
            _ = try completeAliases(model, id: id)
            report.count(.registeredModel) { $0.added += 1 }
            return
        }
        guard stored.creationTime == model.creationTime else {
            report.count(.registeredModel) { $0.unchanged += 1 }
            report.remark(.registeredModel, model.name, TransferRemark.otherModel)
            return
        }
        _ = try registeredModelRow(model.name, for: .update)
        let before = connection.totalChanges
        let tags = try complete(model.tags, in: .registeredModels, of: stored.id)
        if tags.isCompleted, model.tags.contains(where: \.marksPrompt) { try markModel(stored.id, asPrompt: true) }
        let aliases = try completeAliases(model, id: stored.id)
        try raiseLastVersion(ofModel: stored.id, to: transferred.lastVersion)
        let isCompleted = connection.totalChanges != before
        report.count(.registeredModel) { $0.note(isCompleted: isCompleted) }
        var differences = aliases.map { "alias '\(shortened($0))' of another version" }
        if !model.description.isExactly(stored.description) { differences.append("another description") }
        report.remark(.registeredModel, model.name, differences: differences, tags: tags.conflicts)
    }

    func importRecord(_ transferred: TransferredModelVersion, _ report: inout TransferReport) throws {
        let version = transferred.version
        let id = "\(version.name)/\(version.version)"
        guard let model = try storedModel(version.name) else {
            throw TrackingError.registeredModelNotFound(version.name)
        }
        guard model.creationTime == transferred.modelCreationTime else {
            report.count(.modelVersion) { $0.unchanged += 1 }
            report.remark(.modelVersion, id, TransferRemark.otherModel)
            return
        }
        let isPrompt = try registeredModelKind(version.name, for: .update).isPrompt
        let row = try connection.query(
            "SELECT id FROM model_versions WHERE model_id = ?1 AND version = ?2",
            model.id,
            version.version
        ).firstRow { $0.int64(0) }
        guard let row else {
            try requireCreation(of: isPrompt ? .promptVersion : .registeredModelVersion)
            try insert(transferred, modelID: model.id)
            report.count(.modelVersion) { $0.added += 1 }
            return
        }
        guard let stored = try connection.modelVersions(rows: [row]).first else {
            throw StoreCorruption("a model version that was just found is missing")
        }
        guard stored.creationTime == version.creationTime else {
            report.count(.modelVersion) { $0.unchanged += 1 }
            report.remark(.modelVersion, id, TransferRemark.otherVersion)
            return
        }
        try require(
            .update,
            on: .version(ofModel: version.name, isPrompt: isPrompt),
            orThrow: .registeredModelNotFound(version.name)
        )
        let tags = try complete(version.tags, in: .modelVersions, of: row)
        if tags.isCompleted { try markVersions(ofModel: model.id) }
        report.count(.modelVersion) { $0.note(isCompleted: tags.isCompleted) }
        report.remark(.modelVersion, id, differences: version.differences(from: stored), tags: tags.conflicts)
    }

    private func insert(_ transferred: TransferredModelVersion, modelID: Int64) throws {
        let version = transferred.version
        let othersArePrompts = try connection.versionsArePrompts(ofModel: modelID)
        try connection.run(
            """
            INSERT INTO model_versions
                (model_id, version, name, is_prompt, stage, creation_time, last_updated_time, description, source,
                storage_location, run_id, run_link)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
            """,
            values: [
                modelID, version.version, version.name, othersArePrompts ? 1 : 0, version.stage.rawValue,
                version.creationTime, version.lastUpdatedTime, version.description, version.source,
                transferred.storageLocation, version.runID, version.runLink,
            ]
        )
        let row = connection.lastInsertRowID
        for tag in version.tags { try connection.upsert(tag, in: .modelVersions, of: row) }
        let arePrompts = version.tags.lastOfEachKey.makeVersionsPrompts(othersArePrompts: othersArePrompts)
        try markVersions(ofModel: modelID, asPrompts: arePrompts)
        try raiseLastVersion(ofModel: modelID, to: version.version)
    }

    private func raiseLastVersion(ofModel id: Int64, to version: Int64) throws {
        try connection.run(
            "UPDATE registered_models SET last_version = ?2 WHERE id = ?1 AND last_version < ?2",
            id,
            version
        )
    }

    /// Adds the aliases that the stored model lacks.
    ///
    /// - Returns: the aliases that the stored model uses for another version.
    private func completeAliases(_ model: RegisteredModel, id: Int64) throws -> [String] {
        var conflicts: [String] = []
        for alias in model.aliases {
            try connection.run(
                "INSERT OR IGNORE INTO registered_model_aliases (model_id, alias, version) VALUES (?1, ?2, ?3)",
                id,
                alias.alias,
                alias.version
            )
            guard connection.changes == 0 else { continue }
            let stored = try connection.query(
                "SELECT version FROM registered_model_aliases WHERE model_id = ?1 AND alias = ?2",
                id,
                alias.alias
            ).firstRow { $0.int64(0) }
            if stored != alias.version { conflicts.append(alias.alias) }
        }
        return conflicts
    }

    private func storedModel(_ name: String) throws -> StoredModel? {
        try connection.query("SELECT id, creation_time, description FROM registered_models WHERE name = ?1", name)
            .firstRow { StoredModel(id: $0.int64(0), creationTime: $0.int64(1), description: $0.string(2)) }
    }
}

private struct StoredModel {
    var id: Int64
    var creationTime: Int64
    var description: String
}
