internal import Identities
internal import PostgreSQL
package import Tracking

extension PostgresWriteSession {
    package func loggedModelToChange(_ modelID: String) throws -> LoggedModelInfo? {
        guard let model = importBatch.loggedModels[ExactText(modelID)], !hides(experiment: model.experimentID) else {
            return nil
        }
        try require(.update, on: .loggedModel(inExperiment: model.experimentID), orThrow: .loggedModelNotFound(modelID))
        return model
    }

    package func info(of model: LoggedModelInfo, id: String) -> LoggedModelInfo {
        importBatch.loggedModels[ExactText(id)] ?? model
    }

    package func add(_ info: LoggedModelInfo) throws -> LoggedModelInfo {
        try change(
            """
            INSERT INTO logged_models
                (model_id, experiment_id, name, artifact_location, status, status_message, model_type, source_run_id,
                creation_timestamp_ms, last_updated_timestamp_ms, lifecycle_stage)
            VALUES ($1, $2::bigint, $3, $4, $5::bigint, $6, $7, $8, $9::bigint, $10::bigint, $11)
            """,
            info.modelID,
            info.experimentID,
            info.name,
            info.artifactURI,
            info.status.wireNumber,
            info.statusMessage,
            info.modelType,
            info.sourceRunID,
            info.creationTime,
            info.lastUpdatedTime,
            info.lifecycleStage.wireName
        )
        importBatch.loggedModels[ExactText(info.modelID)] = info
        return info
    }

    package func finalize(_ model: LoggedModelInfo, as info: LoggedModelInfo) throws {
        let update = """
            UPDATE logged_models SET status = $2::bigint, status_message = $3, last_updated_timestamp_ms = $4::bigint
            WHERE model_id = $1
            """
        try change(update, model.modelID, info.status.wireNumber, info.statusMessage, info.lastUpdatedTime)
        importBatch.loggedModels[ExactText(model.modelID)]?.status = info.status
    }

    package func addMissing(_ params: [Param], to model: LoggedModelInfo, id: String) throws -> MergeResult {
        try addMissing(params.map { Tag(key: $0.key, value: $0.value) }, to: model, "logged_model_params", "param")
    }

    package func addMissing(_ tags: [Tag], to model: LoggedModelInfo, id: String) throws -> MergeResult {
        try addMissing(tags, to: model, "logged_model_tags", "tag")
    }

    private func addMissing(
        _ pairs: [Tag],
        to model: LoggedModelInfo,
        _ table: StaticString,
        _ prefix: StaticString
    ) throws -> MergeResult {
        guard !pairs.isEmpty else { return MergeResult() }
        let stored = try rows("SELECT \(prefix)_key, \(prefix)_value FROM \(table) WHERE model_id = $1", model.modelID)
        let missing = MissingTags(pairs, stored: stored)
        try change(
            """
            INSERT INTO \(table) (model_id, experiment_id, \(prefix)_key, \(prefix)_value)
            SELECT * FROM unnest($1::text[], $2::integer[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING
            """,
            rows: missing.tags.map { pair in
                [.text(model.modelID), .integer(model.experimentID), .text(pair.key), .text(pair.value)]
            }
        )
        return MergeResult(missing)
    }

    package func add(_ point: ModelMetric, of run: RunInfo, _ report: inout TransferReport) {
        importBatch.modelMetrics.append(point)
    }
}
