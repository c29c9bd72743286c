internal import Identities
internal import SQLite
package import Tracking

extension WriteSession {
    package func createLoggedModel(_ new: NewLoggedModel) throws -> LoggedModel {
        try requireCreation(of: .loggedModel)
        let experiment = try activeExperiment(new.experimentID, for: .update)
        let model = new.model(in: experiment, at: currentMilliseconds())
        let row = try insertLoggedModel(model.info)
        for param in model.params { _ = try insertLoggedModelParam(param, row: row) }
        for tag in model.tags { try upsertLoggedModelTag(tag, row: row) }
        return model
    }

    private func insertLoggedModel(_ info: LoggedModelInfo) throws -> Int64 {
        try connection.run(
            """
            INSERT INTO logged_models
                (model_id, experiment_id, name, artifact_uri, status, model_type, source_run_id, creation_time,
                    last_updated_time)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)
            """,
            values: [
                info.modelID, info.experimentID, info.name, info.artifactURI, info.status.wireNumber, info.modelType,
                info.sourceRunID, info.creationTime,
            ]
        )
        return connection.lastInsertRowID
    }

    package func finalizeLoggedModel(_ modelID: String, status: LoggedModelStatus) throws -> LoggedModel {
        try connection.run(
            "UPDATE logged_models SET status = ?2, last_updated_time = ?3 WHERE id = ?1",
            values: [try loggedModelRow(modelID, for: .update), status.wireNumber, currentMilliseconds()]
        )
        // The session reads through the writer's connection, which sees the uncommitted change.
        return try ReadSession(connection: connection).loggedModel(id: modelID, allowsDeleted: true)
    }

    package func deleteLoggedModel(_ modelID: String) throws {
        try connection.run(
            "UPDATE logged_models SET lifecycle_stage = ?2, last_updated_time = ?3 WHERE id = ?1",
            try loggedModelRow(modelID, for: .delete),
            LifecycleStage.deleted.storedValue,
            currentMilliseconds()
        )
    }

    package func logLoggedModelParams(_ params: [Param], modelID: String) throws {
        let row = try loggedModelRow(modelID, for: .update)
        for param in params where try !insertLoggedModelParam(param, row: row) {
            throw TrackingError.loggedModelParamExists(param.key, modelID: modelID)
        }
    }

    package func setLoggedModelTags(_ tags: [Tag], modelID: String) throws {
        let row = try loggedModelRow(modelID, for: .update)
        for tag in tags { try upsertLoggedModelTag(tag, row: row) }
    }

    package func deleteLoggedModelTag(key: String, modelID: String) throws {
        let row = try loggedModelRow(modelID, for: .delete)
        try connection.run(
            "DELETE FROM logged_model_tags WHERE model_id = ?1 AND key_id = (SELECT id FROM keys WHERE name = ?2)",
            values: [row, key]
        )
        guard connection.changes > 0 else { throw TrackingError.loggedModelTagNotFound(key, modelID: modelID) }
    }

    private func loggedModelRow(_ modelID: String, for action: PermittedAction) throws -> Int64 {
        guard let row = try visibleLoggedModelRow(modelID, for: action) else {
            throw missingOrForbidden(.loggedModelNotFound(modelID))
        }
        return row
    }

    /// Stores a param unless the model already has it.
    ///
    /// - Returns: whether the param was stored.
    func insertLoggedModelParam(_ param: Param, row: Int64) throws -> Bool {
        try connection.run(
            "INSERT OR IGNORE INTO logged_model_params (model_id, key_id, value) VALUES (?1, ?2, ?3)",
            values: [row, try keyID(for: param.key), param.value]
        )
        return connection.changes > 0
    }

    func upsertLoggedModelTag(_ tag: Tag, row: Int64) throws {
        try connection.run(
            """
            INSERT INTO logged_model_tags (model_id, key_id, value) VALUES (?1, ?2, ?3)
            ON CONFLICT (model_id, key_id) DO UPDATE SET value = excluded.value
            """,
            values: [row, try keyID(for: tag.key), tag.value]
        )
    }
}
