internal import Identities
internal import PostgreSQL
package import Tracking

extension PostgresWriteSession {
    package func createRegisteredModel(name: String, description: String, tags: [Tag]) throws -> RegisteredModel {
        let tags = tags.lastOfEachKey
        let type: GrantedType = tags.contains(where: \.marksPrompt) ? .prompt : .registeredModel
        try requireCreation(of: type, named: name)
        let kind = RegistryEntryKind(tags)
        try kind.requireUnusedName(name, holder: try holder(ofName: name))
        let now = currentMilliseconds()
        let modelInsertion = """
            INSERT INTO registered_models (workspace, name, description, creation_time, last_updated_time)
            VALUES ('default', $1, $2, $3::bigint, $3::bigint)
            ON CONFLICT DO NOTHING
            """
        let added = try changed(modelInsertion, name, description, now)
        // If no row was added, another server has just added the name.
        if added.affectedCount == 0 { try kind.requireUnusedName(name, holder: try holder(ofName: name) ?? .model) }
        let registeredModelTagsInsertion = """
            INSERT INTO registered_model_tags (workspace, name, key, value)
            SELECT 'default', $1::text, tag.key, tag.value FROM unnest($2::text[], $3::text[]) AS tag (key, value)
            """
        try change(registeredModelTagsInsertion, name, tags.map(\.key), tags.map(\.value))
        try grantCreator(type, name)
        var model = RegisteredModel(name: name, creationTime: now, lastUpdatedTime: now, description: description)
        model.tags = tags
        return model
    }

    private func holder(ofName name: String) throws -> RegistryEntryKind? {
        let query = """
            SELECT EXISTS (SELECT 1 FROM registered_model_tags AS tag
                WHERE tag.workspace = 'default' AND tag.name = model.name AND tag.key = $2)
            FROM registered_models AS model
            WHERE model.workspace = 'default' AND model.name = $1
            """
        return try rows(query, name, Tag.isPromptKey).first { $0.bool(0) ? .prompt : .model }
    }

    package func updateRegisteredModel(_ name: String, description: String) throws -> RegisteredModel {
        try requireRegisteredModel(name, for: .update, lock: Self.rowLock)
        let registeredModelsUpdate = """
            UPDATE registered_models SET description = $2, last_updated_time = $3::bigint
            WHERE workspace = 'default' AND name = $1
            """
        try change(registeredModelsUpdate, name, description, currentMilliseconds())
        return try storedRegisteredModel(name)
    }

    package func renameRegisteredModel(_ name: String, to newName: String) throws -> RegisteredModel {
        try requireRegisteredModel(name, for: .update, lock: "FOR UPDATE")
        if !newName.isExactly(name), try holder(ofName: newName) != nil { throw TrackingError.modelNameTaken(newName) }
        let now = currentMilliseconds()
        // The foreign keys of versions, tags and aliases change their names too.
        let registeredModelsUpdate = """
            UPDATE registered_models SET name = $2, last_updated_time = $3::bigint
            WHERE workspace = 'default' AND name = $1
            """
        try change(registeredModelsUpdate, name, newName, now)
        let modelVersionsUpdate = """
            UPDATE model_versions AS version SET last_updated_time = $2::bigint
            WHERE workspace = 'default' AND name = $1 AND \(ModelVersion.isNotDeleted("version"))
            """
        try change(modelVersionsUpdate, newName, now)
        try moveGrants(ofModel: name, to: newName)
        // Permissions for the new name are known only from the next request on, so the model is read without checking them.
        guard let model = try registeredModels(names: [newName]).first else {
            throw TrackingError.registeredModelNotFound(newName)
        }
        return model
    }

    package func deleteRegisteredModel(_ name: String) throws {
        // Nobody can add a version or a tag while the row is locked.
        let isPrompt = try requireRegisteredModel(name, for: .delete, lock: "FOR UPDATE")
        try requireDeletionOfVersions(ofModel: name, isPrompt: isPrompt)
        try change("DELETE FROM model_version_tags WHERE workspace = 'default' AND name = $1", name)
        try change("DELETE FROM model_versions WHERE workspace = 'default' AND name = $1", name)
        try change("DELETE FROM registered_model_tags WHERE workspace = 'default' AND name = $1", name)
        try change("DELETE FROM registered_model_aliases WHERE workspace = 'default' AND name = $1", name)
        try change("DELETE FROM registered_models WHERE workspace = 'default' AND name = $1", name)
        try removeGrants(ofModel: name)
    }

    package func setRegisteredModelTag(_ tag: Tag, model name: String) throws {
        try requireRegisteredModel(name, for: .update, lock: "FOR KEY SHARE")
        try requireNotPromptTag(tag.key)
        let insertion = """
            INSERT INTO registered_model_tags (workspace, name, key, value) VALUES ('default', $1, $2, $3)
            ON CONFLICT (workspace, key, name) DO UPDATE SET value = excluded.value
            """
        try change(insertion, name, tag.key, tag.value)
    }

    package func deleteRegisteredModelTag(key: String, model name: String) throws {
        try requireRegisteredModel(name, for: .update)
        try requireNotPromptTag(key)
        let deletion = "DELETE FROM registered_model_tags WHERE workspace = 'default' AND name = $1 AND key = $2"
        try change(deletion, name, key)
    }

    package func setModelAlias(_ alias: String, version key: ModelVersionKey) throws {
        let number = try requireModelVersion(key, for: .read, lock: "FOR SHARE")
        try requireRegisteredModel(key.name, for: .update)
        let insertion = """
            INSERT INTO registered_model_aliases (workspace, name, alias, version) VALUES ('default', $1, $2, $3::bigint)
            ON CONFLICT (workspace, name, alias) DO UPDATE SET version = excluded.version
            """
        try change(insertion, key.name, alias, number)
    }

    package func deleteModelAlias(_ alias: String, model name: String) throws {
        let isPrompt = try requireRegisteredModel(name, for: .delete)
        try require(.read, on: .version(ofModel: name, isPrompt: isPrompt), orThrow: .registeredModelNotFound(name))
        let deletion = "DELETE FROM registered_model_aliases WHERE workspace = 'default' AND name = $1 AND alias = $2"
        try change(deletion, name, alias)
    }

    /// Sets the time of the last update of a registered model.
    func touchRegisteredModel(_ name: String, at time: Int64) throws {
        try change(
            "UPDATE registered_models SET last_updated_time = $2::bigint WHERE workspace = 'default' AND name = $1",
            name,
            time
        )
    }

    /// The clause that locks a row in which the transaction may change everything but the key.
    static let rowLock = "FOR NO KEY UPDATE"
}
