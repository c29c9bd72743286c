internal import Identities
internal import SQLite
package import Tracking

extension WriteSession {
    package func loggedModelToChange(_ modelID: String) throws -> Int64? {
        try visibleLoggedModelRow(modelID, for: .update)
    }

    package func info(of model: Int64, id: String) throws -> LoggedModelInfo {
        try loggedModelInfo(id, allowsDeleted: true, for: .update)
    }

    package func add(_ info: LoggedModelInfo) throws -> Int64 {
        try connection.run(
            """
            INSERT INTO logged_models
                (model_id, experiment_id, name, artifact_uri, status, status_message, model_type, source_run_id,
                    creation_time, last_updated_time, lifecycle_stage)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            """,
            values: [
                info.modelID, info.experimentID, info.name, info.artifactURI, info.status.wireNumber,
                info.statusMessage, info.modelType, info.sourceRunID, info.creationTime, info.lastUpdatedTime,
                info.lifecycleStage.storedValue,
            ]
        )
        let row = connection.lastInsertRowID
        try recordArtifactLocation(
            info.artifactURI,
            of: info.modelID,
            usualFolder: "models/",
            experimentID: info.experimentID
        )
        return row
    }

    package func finalize(_ model: Int64, as info: LoggedModelInfo) throws {
        try connection.run(
            "UPDATE logged_models SET status = ?2, status_message = ?3, last_updated_time = ?4 WHERE id = ?1",
            values: [model, info.status.wireNumber, info.statusMessage, info.lastUpdatedTime]
        )
    }

    package func addMissing(_ params: [Param], to model: Int64, id: String) throws -> MergeResult {
        let missing = MissingTags(
            params.map { Tag(key: $0.key, value: $0.value) },
            stored: try storedPairs("logged_model_params", ofModel: model)
        )
        for param in missing.tags {
            _ = try insertLoggedModelParam(Param(key: param.key, value: param.value), row: model)
        }
        return MergeResult(missing)
    }

    package func addMissing(_ tags: [Tag], to model: Int64, id: String) throws -> MergeResult {
        let missing = MissingTags(tags, stored: try storedPairs("logged_model_tags", ofModel: model))
        for tag in missing.tags { try upsertLoggedModelTag(tag, row: model) }
        return MergeResult(missing)
    }

    private func storedPairs(_ table: StaticString, ofModel row: Int64) throws -> [Tag] {
        try connection.query(
            """
            SELECT keys.name, pair.value
            FROM \(table) AS pair
            JOIN keys ON keys.id = pair.key_id
            WHERE pair.model_id = ?1
            """,
            row
        ).map { Tag(key: $0.string(0), value: $0.string(1)) }
    }

    package func add(_ point: ModelMetric, of run: RunRow, _ report: inout TransferReport) throws {
        let changesBefore = connection.totalChanges
        try insertModelMetrics([point], runRow: run.id)
        let isNew = connection.totalChanges != changesBefore
        report.count(.modelPoints) { if isNew { $0.added += 1 } else { $0.unchanged += 1 } }
    }
}
