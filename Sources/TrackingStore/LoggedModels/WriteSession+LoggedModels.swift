internal import SQLite
package import Tracking

/// What a client says of a logged model that it creates.
package struct NewLoggedModel: Sendable {
    package var experimentID: Int64
    /// Empty: made up.
    package var name: String
    package var modelType: String
    package var sourceRunID: String
    /// Each key at most once.
    package var params: [Param]
    /// Each key at most once.
    package var tags: [Tag]

    package init(
        experimentID: Int64,
        name: String,
        modelType: String,
        sourceRunID: String,
        params: [Param],
        tags: [Tag]
    ) {
        self.experimentID = experimentID
        self.name = name
        self.modelType = modelType
        self.sourceRunID = sourceRunID
        self.params = params
        self.tags = tags
    }
}

extension WriteSession {
    /// Creates a logged model in status PENDING.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown experiment, `.invalidParameterValue` for a deleted one.
    package func createLoggedModel(_ new: NewLoggedModel) throws -> LoggedModel {
        let experiment = try connection.experiment(id: new.experimentID)
        guard experiment.lifecycleStage == .active else {
            throw TrackingError.mustBeActive(
                "experiment",
                id: String(new.experimentID),
                current: experiment.lifecycleStage
            )
        }
        let modelID = "m-" + makeRunID()
        let now = currentMilliseconds()
        let folder = ArtifactLocation(experiment.artifactLocation).appending("models/\(modelID)/artifacts")
        let info = LoggedModelInfo(
            modelID: modelID,
            experimentID: new.experimentID,
            name: new.name.isEmpty ? makeRunName() : new.name,
            artifactURI: folder.uri,
            status: .pending,
            statusMessage: nil,
            modelType: new.modelType,
            sourceRunID: new.sourceRunID,
            creationTime: now,
            lastUpdatedTime: now,
            lifecycleStage: .active
        )
        let row = try insertLoggedModel(info)
        for param in new.params { _ = try insertLoggedModelParam(param, row: row) }
        for tag in new.tags { try upsertLoggedModelTag(tag, row: row) }
        var model = LoggedModel(info: info)
        model.params = new.params
        model.tags = new.tags
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
            info.modelID,
            info.experimentID,
            info.name,
            info.artifactURI,
            info.status.wireNumber,
            info.modelType,
            info.sourceRunID,
            info.creationTime
        )
        return connection.lastInsertRowID
    }

    /// Sets the status of a model, deleted or not, and gives the model as it is then.
    ///
    /// - Throws: `.resourceDoesNotExist` for a model id that nobody made.
    package func finalizeLoggedModel(_ modelID: String, status: LoggedModelStatus) throws -> LoggedModel {
        try connection.run(
            "UPDATE logged_models SET status = ?2, last_updated_time = ?3 WHERE model_id = ?1",
            modelID,
            status.wireNumber,
            currentMilliseconds()
        )
        guard connection.changes > 0 else { throw TrackingError.loggedModelNotFound(modelID) }
        // The writer's own connection sees what is not committed yet.
        return try ReadSession(connection: connection).loggedModel(id: modelID, allowsDeleted: true)
    }

    /// Marks a model as deleted; deleting it again is no error.
    ///
    /// - Throws: `.resourceDoesNotExist` for a model id that nobody made.
    package func deleteLoggedModel(_ modelID: String) throws {
        try connection.run(
            "UPDATE logged_models SET lifecycle_stage = ?2, last_updated_time = ?3 WHERE model_id = ?1",
            modelID,
            LifecycleStage.deleted.storedValue,
            currentMilliseconds()
        )
        guard connection.changes > 0 else { throw TrackingError.loggedModelNotFound(modelID) }
    }

    /// Adds params to a model, deleted or not: all of them or none.
    ///
    /// - Parameter params: each key at most once.
    /// - Throws: `.resourceDoesNotExist` for a model id that nobody made, `.badRequest` for a param that the model has.
    package func logLoggedModelParams(_ params: [Param], modelID: String) throws {
        let row = try loggedModelRow(modelID)
        for param in params where try !insertLoggedModelParam(param, row: row) {
            throw TrackingError(
                .badRequest,
                "Logged model '\(shortened(modelID))' has the param '\(shortened(param.key))' already, and params are "
                    + "never changed: leave it out, or use another key."
            )
        }
    }

    /// Sets tags of a model, deleted or not; of two values for one key the last one stays.
    ///
    /// - Throws: `.resourceDoesNotExist` for a model id that nobody made.
    package func setLoggedModelTags(_ tags: [Tag], modelID: String) throws {
        let row = try loggedModelRow(modelID)
        for tag in tags { try upsertLoggedModelTag(tag, row: row) }
    }

    /// Removes a tag of a model, deleted or not.
    ///
    /// - Throws: `.resourceDoesNotExist` for a model id that nobody made, and for a tag that the model has not.
    package func deleteLoggedModelTag(key: String, modelID: String) throws {
        let row = try loggedModelRow(modelID)
        try connection.run(
            "DELETE FROM logged_model_tags WHERE model_id = ?1 AND key_id = (SELECT id FROM keys WHERE name = ?2)",
            row,
            key
        )
        guard connection.changes > 0 else {
            throw TrackingError.doesNotExist(
                "No tag with key \(pythonLiteral(shortened(key))) found for model with ID '\(shortened(modelID))'."
            )
        }
    }

    /// The number by which other tables know a model, deleted or not.
    private func loggedModelRow(_ modelID: String) throws -> Int64 {
        guard let row = try connection.loggedModelNumber(modelID) else {
            throw TrackingError.loggedModelNotFound(modelID)
        }
        return row
    }

    /// - Returns: false when the model has the param already.
    private func insertLoggedModelParam(_ param: Param, row: Int64) throws -> Bool {
        try connection.run(
            "INSERT OR IGNORE INTO logged_model_params (model_id, key_id, value) VALUES (?1, ?2, ?3)",
            row,
            try keyID(for: param.key),
            param.value
        )
        return connection.changes > 0
    }

    func upsertLoggedModelTag(_ tag: Tag, row: Int64) throws {
        try connection.run(
            """
            INSERT INTO logged_model_tags (model_id, key_id, value) VALUES (?1, ?2, ?3)
            ON CONFLICT (model_id, key_id) DO UPDATE SET value = excluded.value
            """,
            row,
            try keyID(for: tag.key),
            tag.value
        )
    }
}
