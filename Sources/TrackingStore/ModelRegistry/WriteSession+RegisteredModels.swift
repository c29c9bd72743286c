internal import Identities
internal import SQLite
package import Tracking

extension WriteSession {
    package func createRegisteredModel(name: String, description: String, tags: [Tag]) throws -> RegisteredModel {
        let tags = tags.lastOfEachKey
        let type: GrantedType = tags.contains(where: \.marksPrompt) ? .prompt : .registeredModel
        try requireCreation(of: type, named: name)
        try RegistryEntryKind(tags).requireUnusedName(name, holder: try holder(ofName: name))
        let now = currentMilliseconds()
        try connection.run(
            """
            INSERT INTO registered_models (name, description, creation_time, last_updated_time, is_prompt)
            VALUES (?1, ?2, ?3, ?3, ?4)
            """,
            values: [name, description, now, tags.contains(where: \.marksPrompt) ? 1 : 0]
        )
        let id = connection.lastInsertRowID
        for tag in tags { try connection.upsert(tag, in: .registeredModels, of: id) }
        try grantCreator(type, name)
        var model = RegisteredModel(name: name, creationTime: now, lastUpdatedTime: now, description: description)
        model.tags = tags
        return model
    }

    private func holder(ofName name: String) throws -> RegistryEntryKind? {
        let select = try connection.query(
            """
            SELECT EXISTS (SELECT 1 FROM registered_model_tags WHERE model_id = model.id AND key = ?2)
            FROM registered_models AS model
            WHERE model.name = ?1
            """,
            values: [name, Tag.isPromptKey]
        )
        return try select.firstRow { $0.bool(0) ? .prompt : .model }
    }

    package func updateRegisteredModel(_ name: String, description: String) throws -> RegisteredModel {
        let id = try registeredModelRow(name, for: .update)
        try connection.run(
            "UPDATE registered_models SET description = ?2, last_updated_time = ?3 WHERE id = ?1",
            values: [id, description, currentMilliseconds()]
        )
        return try registeredModel(name)
    }

    package func renameRegisteredModel(_ name: String, to newName: String) throws -> RegisteredModel {
        let id = try registeredModelRow(name, for: .update)
        let taker = try connection.query("SELECT id FROM registered_models WHERE name = ?1", newName)
        if let other = try taker.firstRow({ $0.int64(0) }), other != id { throw TrackingError.modelNameTaken(newName) }
        let now = currentMilliseconds()
        try connection.run(
            "UPDATE registered_models SET name = ?2, last_updated_time = ?3 WHERE id = ?1",
            values: [id, newName, now]
        )
        try connection.run(
            "UPDATE model_versions SET name = ?2, last_updated_time = ?3 WHERE model_id = ?1",
            values: [id, newName, now]
        )
        try moveGrants(ofModel: name, to: newName)
        // The model is read by its row, because the client has permissions for the new name only from the next request on.
        guard let model = try registeredModels(rows: [id]).first else {
            throw TrackingError.registeredModelNotFound(newName)
        }
        return model
    }

    package func deleteRegisteredModel(_ name: String) throws {
        let (row, isPrompt) = try registeredModelKind(name, for: .delete)
        try requireDeletionOfVersions(ofModel: name, isPrompt: isPrompt)
        try connection.run("DELETE FROM registered_models WHERE id = ?1", row)
        try removeGrants(ofModel: name)
    }

    package func setRegisteredModelTag(_ tag: Tag, model name: String) throws {
        let id = try registeredModelRow(name, for: .update)
        try requireNotPromptTag(tag.key)
        try connection.upsert(tag, in: .registeredModels, of: id)
        if tag.key.isExactly(Tag.isPromptKey) { try markModel(id, asPrompt: tag.marksPrompt) }
    }

    package func deleteRegisteredModelTag(key: String, model name: String) throws {
        let id = try registeredModelRow(name, for: .update)
        try requireNotPromptTag(key)
        _ = try connection.deleteTag(key, in: .registeredModels, of: id)
        if key.isExactly(Tag.isPromptKey) { try markModel(id, asPrompt: false) }
    }

    func markModel(_ id: Int64, asPrompt isPrompt: Bool) throws {
        try connection.run("UPDATE registered_models SET is_prompt = ?2 WHERE id = ?1", id, isPrompt ? 1 : 0)
    }

    package func setModelAlias(_ alias: String, version key: ModelVersionKey) throws {
        let row = try modelVersionRow(key, for: .read)
        _ = try registeredModelRow(key.name, for: .update)
        try connection.run(
            """
            INSERT INTO registered_model_aliases (model_id, alias, version) VALUES (?1, ?2, ?3)
            ON CONFLICT (model_id, alias) DO UPDATE SET version = excluded.version
            """,
            values: [row.modelID, alias, key.version]
        )
    }

    package func deleteModelAlias(_ alias: String, model name: String) throws {
        let (row, isPrompt) = try registeredModelKind(name, for: .delete)
        try require(.read, on: .version(ofModel: name, isPrompt: isPrompt), orThrow: .registeredModelNotFound(name))
        try connection.run("DELETE FROM registered_model_aliases WHERE model_id = ?1 AND alias = ?2", row, alias)
    }

    /// Sets the time of the last update of a registered model.
    func touchRegisteredModel(_ id: Int64, at time: Int64) throws {
        try connection.run("UPDATE registered_models SET last_updated_time = ?2 WHERE id = ?1", id, time)
    }
}
