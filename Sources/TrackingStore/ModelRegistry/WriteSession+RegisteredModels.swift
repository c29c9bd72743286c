internal import SQLite
package import Tracking

extension WriteSession {
    /// Creates a registered model, or a prompt when its tags say so.
    ///
    /// - Throws: `.resourceAlreadyExists` when the name is taken; the message says by what.
    package func createRegisteredModel(name: String, description: String, tags: [Tag]) throws -> RegisteredModel {
        let tags = tags.lastOfEachKey
        try requireUnusedModelName(name, isPrompt: tags.contains { $0.key.isExactly(Tag.isPromptKey) })
        let now = currentMilliseconds()
        try connection.run(
            """
            INSERT INTO registered_models (name, description, creation_time, last_updated_time, is_prompt)
            VALUES (?1, ?2, ?3, ?3, ?4)
            """,
            name,
            description,
            now,
            tags.contains(where: \.marksPrompt) ? 1 : 0
        )
        let id = connection.lastInsertRowID
        for tag in tags { try upsertRegistered(tag, modelID: id) }
        var model = RegisteredModel(name: name, creationTime: now, lastUpdatedTime: now, description: description)
        model.tags = tags
        return model
    }

    private func requireUnusedModelName(_ name: String, isPrompt: Bool) throws {
        let select = try connection.query(
            """
            SELECT EXISTS (SELECT 1 FROM registered_model_tags WHERE model_id = model.id AND key = ?2)
            FROM registered_models AS model
            WHERE model.name = ?1
            """,
            name,
            Tag.isPromptKey
        )
        guard let isTakenByPrompt = try select.firstRow({ $0.bool(0) }) else { return }
        let kind = isPrompt ? "Prompt" : "Registered Model"
        guard isTakenByPrompt != isPrompt else {
            throw TrackingError(.resourceAlreadyExists, "\(kind) (name=\(shortened(name))) already exists.")
        }
        let taker = isTakenByPrompt ? "prompt" : "registered model"
        throw TrackingError(
            .resourceAlreadyExists,
            "Tried to create a \(kind.lowercased()) with name '\(shortened(name))', but the name is already taken by a "
                + "\(taker). MLflow does not allow creating a model and a prompt with the same name."
        )
    }

    /// Gives a registered model another description.
    ///
    /// - Throws: `.resourceDoesNotExist` when there is none of that name.
    package func updateRegisteredModel(_ name: String, description: String) throws -> RegisteredModel {
        let id = try connection.registeredModelRow(name)
        try connection.run(
            "UPDATE registered_models SET description = ?2, last_updated_time = ?3 WHERE id = ?1",
            id,
            description,
            currentMilliseconds()
        )
        return try connection.registeredModel(name)
    }

    /// Gives a registered model another name; its versions, tags and aliases go with it.
    ///
    /// Writes every version, some 70,000 a second.
    /// - Throws: `.resourceDoesNotExist` when there is none of that name, `.resourceAlreadyExists` when the new one is
    ///   taken.
    package func renameRegisteredModel(_ name: String, to newName: String) throws -> RegisteredModel {
        let id = try connection.registeredModelRow(name)
        let taker = try connection.query("SELECT id FROM registered_models WHERE name = ?1", newName)
        if let other = try taker.firstRow({ $0.int64(0) }), other != id {
            throw TrackingError(
                .resourceAlreadyExists,
                "Registered Model (name=\(shortened(newName))) already exists. Choose another name."
            )
        }
        let now = currentMilliseconds()
        try connection.run(
            "UPDATE registered_models SET name = ?2, last_updated_time = ?3 WHERE id = ?1",
            id,
            newName,
            now
        )
        try connection.run(
            "UPDATE model_versions SET name = ?2, last_updated_time = ?3 WHERE model_id = ?1",
            id,
            newName,
            now
        )
        return try connection.registeredModel(newName)
    }

    /// Removes a registered model with its versions, tags and aliases; a new one of that name begins at version 1.
    ///
    /// - Throws: `.resourceDoesNotExist` when there is none of that name.
    package func deleteRegisteredModel(_ name: String) throws {
        try connection.run(
            "DELETE FROM registered_models WHERE id = ?1",
            try connection.registeredModelRow(name)
        )
    }

    /// Sets one tag of a registered model.
    ///
    /// - Throws: `.resourceDoesNotExist` when there is none of that name.
    package func setRegisteredModelTag(_ tag: Tag, model name: String) throws {
        let id = try connection.registeredModelRow(name)
        try upsertRegistered(tag, modelID: id)
        if tag.key.isExactly(Tag.isPromptKey) { try markModel(id, asPrompt: tag.marksPrompt) }
    }

    /// Removes one tag of a registered model, if it has it.
    ///
    /// - Throws: `.resourceDoesNotExist` when there is no model of that name.
    package func deleteRegisteredModelTag(key: String, model name: String) throws {
        let id = try connection.registeredModelRow(name)
        try connection.run("DELETE FROM registered_model_tags WHERE model_id = ?1 AND key = ?2", id, key)
        if key.isExactly(Tag.isPromptKey) { try markModel(id, asPrompt: false) }
    }

    private func markModel(_ id: Int64, asPrompt isPrompt: Bool) throws {
        try connection.run("UPDATE registered_models SET is_prompt = ?2 WHERE id = ?1", id, isPrompt ? 1 : 0)
    }

    private func upsertRegistered(_ tag: Tag, modelID: Int64) throws {
        try connection.run(
            """
            INSERT INTO registered_model_tags (model_id, key, value) VALUES (?1, ?2, ?3)
            ON CONFLICT (model_id, key) DO UPDATE SET value = excluded.value
            """,
            modelID,
            tag.key,
            tag.value
        )
    }

    /// Lets an alias stand for a version, whatever it stood for.
    ///
    /// - Throws: `.resourceDoesNotExist` when the model has no such version, or there is no such model.
    package func setModelAlias(_ alias: String, version key: ModelVersionKey) throws {
        let row = try connection.modelVersionRow(key)
        try connection.run(
            """
            INSERT INTO registered_model_aliases (model_id, alias, version) VALUES (?1, ?2, ?3)
            ON CONFLICT (model_id, alias) DO UPDATE SET version = excluded.version
            """,
            row.modelID,
            alias,
            key.version
        )
    }

    /// Removes an alias of a registered model, if it has it.
    ///
    /// - Throws: `.resourceDoesNotExist` when there is no model of that name.
    package func deleteModelAlias(_ alias: String, model name: String) throws {
        try connection.run(
            "DELETE FROM registered_model_aliases WHERE model_id = ?1 AND alias = ?2",
            try connection.registeredModelRow(name),
            alias
        )
    }

    /// Notes that a registered model or one of its versions was written.
    func touchRegisteredModel(_ id: Int64, at time: Int64) throws {
        try connection.run("UPDATE registered_models SET last_updated_time = ?2 WHERE id = ?1", id, time)
    }
}
