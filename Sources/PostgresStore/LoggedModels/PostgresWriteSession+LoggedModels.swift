internal import Identities
internal import PostgreSQL
package import Tracking

extension PostgresWriteSession {
    package func createLoggedModel(_ new: NewLoggedModel) throws -> LoggedModel {
        try requireCreation(of: .loggedModel)
        let experiment = try storedExperiment(new.experimentID, for: .update, lock: "FOR KEY SHARE")
        try experiment.requireActive()
        let model = new.model(in: experiment, at: currentMilliseconds())
        let info = model.info
        try change(
            """
            INSERT INTO logged_models
                (model_id, experiment_id, name, artifact_location, status, model_type, source_run_id,
                creation_timestamp_ms, last_updated_timestamp_ms, lifecycle_stage)
            VALUES ($1, $2::bigint, $3, $4, $5::bigint, $6, $7, $8::bigint, $8::bigint, 'active')
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
        if !model.params.isEmpty { _ = try insert(model.params, into: info) }
        try upsert(model.tags, of: info)
        return model
    }

    package func finalizeLoggedModel(_ modelID: String, status: LoggedModelStatus) throws -> LoggedModel {
        let info = try storedLoggedModel(modelID, allowsDeleted: true, for: .update, lock: Self.rowLock)
        try change(
            "UPDATE logged_models SET status = $2::bigint, last_updated_timestamp_ms = $3::bigint WHERE model_id = $1",
            info.modelID,
            status.wireNumber,
            currentMilliseconds()
        )
        guard let model = try loggedModels(ids: [modelID]).first else {
            throw TrackingError.loggedModelNotFound(modelID)
        }
        return model
    }

    package func deleteLoggedModel(_ modelID: String) throws {
        let info = try storedLoggedModel(modelID, allowsDeleted: true, for: .delete, lock: Self.rowLock)
        let update = """
            UPDATE logged_models SET lifecycle_stage = 'deleted', last_updated_timestamp_ms = $2::bigint
            WHERE model_id = $1
            """
        try change(update, info.modelID, currentMilliseconds())
    }

    package func logLoggedModelParams(_ params: [Param], modelID: String) throws {
        let info = try storedLoggedModel(modelID, allowsDeleted: true, for: .update, lock: "FOR KEY SHARE")
        let query = "SELECT param_key FROM logged_model_params WHERE model_id = $1 AND param_key = ANY($2)"
        let storedKeys = try rows(query, modelID, params.map(\.key)).map { ExactText($0.string(0)) }
        if let duplicate = params.first(where: { storedKeys.contains(ExactText($0.key)) }) {
            throw TrackingError.loggedModelParamExists(duplicate.key, modelID: modelID)
        }
        guard !params.isEmpty else { return }
        let added = try insert(params, into: info)
        // If a param was not added, another server has just added it.
        if let duplicate = params.first(where: { !added.contains(ExactText($0.key)) }) {
            throw TrackingError.loggedModelParamExists(duplicate.key, modelID: modelID)
        }
    }

    /// Stores params that the model does not have yet, and returns their keys.
    private func insert(_ params: [Param], into model: LoggedModelInfo) throws -> Set<ExactText> {
        let insertion = """
            INSERT INTO logged_model_params (model_id, experiment_id, param_key, param_value)
            SELECT $1::text, $2::bigint, param.key, param.value FROM unnest($3::text[], $4::text[]) AS param (key, value)
            ON CONFLICT DO NOTHING
            RETURNING param_key
            """
        let added = try changed(insertion, model.modelID, model.experimentID, params.map(\.key), params.map(\.value))
        return Set(added.map { ExactText($0.string(0)) })
    }

    package func setLoggedModelTags(_ tags: [Tag], modelID: String) throws {
        let info = try storedLoggedModel(modelID, allowsDeleted: true, for: .update, lock: "FOR KEY SHARE")
        try upsert(tags, of: info)
    }

    /// Sets tags; replaces their old values.
    func upsert(_ tags: [Tag], of model: LoggedModelInfo) throws {
        // Each statement may change a row only once, so only the last tag of each key is kept.
        let tags = tags.lastOfEachKey
        guard !tags.isEmpty else { return }
        let insertion = """
            INSERT INTO logged_model_tags (model_id, experiment_id, tag_key, tag_value)
            SELECT $1::text, $2::bigint, tag.key, tag.value FROM unnest($3::text[], $4::text[]) AS tag (key, value)
            ON CONFLICT (model_id, tag_key) DO UPDATE SET tag_value = excluded.tag_value
            """
        try change(insertion, model.modelID, model.experimentID, tags.map(\.key), tags.map(\.value))
    }

    package func deleteLoggedModelTag(key: String, modelID: String) throws {
        _ = try storedLoggedModel(modelID, allowsDeleted: true, for: .delete)
        let query = "SELECT 1 FROM logged_model_tags WHERE model_id = $1 AND tag_key = $2 FOR UPDATE"
        let stored = try rows(query, modelID, key)
        guard stored.count > 0 else { throw TrackingError.loggedModelTagNotFound(key, modelID: modelID) }
        try change("DELETE FROM logged_model_tags WHERE model_id = $1 AND tag_key = $2", modelID, key)
    }
}
