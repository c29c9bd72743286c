internal import Identities
internal import SQLite
internal import Tracking

extension WriteSession {
    func importRecord(
        _ transferred: TransferredLoggedModel,
        _ course: TransferCourse,
        _ report: inout TransferReport
    ) throws {
        let model = transferred.model
        guard let row = try visibleLoggedModelRow(model.info.modelID, for: .update) else {
            let experimentID = try experimentID(of: transferred.home, course)
            try requireCreation(of: .loggedModel)
            let row = try insert(model.info, experimentID: experimentID)
            for param in model.params { _ = try insertLoggedModelParam(param, row: row) }
            for tag in model.tags.lastOfEachKey { try upsertLoggedModelTag(tag, row: row) }
            report.count(.loggedModel) { $0.added += 1 }
            return
        }
        let stored = try requireSameModel(model.info.modelID, transferred.proof, course)
        var isCompleted = false
        if model.info.finishes(stored) {
            try connection.run(
                "UPDATE logged_models SET status = ?2, status_message = ?3, last_updated_time = ?4 WHERE id = ?1",
                row,
                model.info.status.wireNumber,
                model.info.statusMessage,
                model.info.lastUpdatedTime
            )
            isCompleted = true
        }
        let params = MissingTags(
            model.params.map { Tag(key: $0.key, value: $0.value) },
            stored: try storedPairs("logged_model_params", ofModel: row)
        )
        for param in params.missing {
            _ = try insertLoggedModelParam(Param(key: param.key, value: param.value), row: row)
        }
        let tags = MissingTags(model.tags, stored: try storedPairs("logged_model_tags", ofModel: row))
        for tag in tags.missing { try upsertLoggedModelTag(tag, row: row) }
        isCompleted = isCompleted || !params.missing.isEmpty || !tags.missing.isEmpty
        report.count(.loggedModel) { $0.note(isCompleted: isCompleted) }
        report.remark(
            .loggedModel,
            model.info.modelID,
            differences: model.info.differences(from: stored),
            tags: tags.conflicts,
            params: params.conflicts
        )
    }

    /// Throws unless the stored model is the one of the source; returns it otherwise.
    @discardableResult
    private func requireSameModel(
        _ modelID: String,
        _ proof: LoggedModelProof,
        _ course: TransferCourse
    ) throws -> LoggedModelInfo {
        let stored = try loggedModelInfo(modelID, allowsDeleted: true, for: .update)
        let experimentID = try experimentID(of: proof.home, course)
        try requireSameExperiment(stored.experimentID, experimentID, "the logged model", proof.home)
        guard stored.creationTime == proof.creationTime else {
            throw TrackingError(
                .invalidParameterValue,
                "the logged model that has this id here is another one: it was created at \(stored.creationTime), and the one "
                    + "that comes at \(proof.creationTime)"
            )
        }
        return stored
    }

    private func insert(_ info: LoggedModelInfo, experimentID: Int64) throws -> Int64 {
        try connection.run(
            """
            INSERT INTO logged_models
                (model_id, experiment_id, name, artifact_uri, status, status_message, model_type, source_run_id,
                    creation_time, last_updated_time, lifecycle_stage)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            """,
            info.modelID,
            experimentID,
            info.name,
            info.artifactURI,
            info.status.wireNumber,
            info.statusMessage,
            info.modelType,
            info.sourceRunID,
            info.creationTime,
            info.lastUpdatedTime,
            info.lifecycleStage.storedValue
        )
        let row = connection.lastInsertRowID
        try recordArtifactLocation(
            info.artifactURI,
            of: info.modelID,
            usualFolder: "models/",
            experimentID: experimentID
        )
        return row
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

    func importRecord(
        _ transferred: TransferredModelPoints,
        _ course: inout TransferCourse,
        _ report: inout TransferReport
    ) throws {
        guard try visibleLoggedModelRow(transferred.modelID, for: .update) != nil else {
            throw TrackingError.loggedModelNotFound(transferred.modelID)
        }
        if let proof = transferred.proof, !course.has(.loggedModel, transferred.modelID) {
            try requireSameModel(transferred.modelID, proof, course)
            course.note(.loggedModel, transferred.modelID)
        }
        for var point in transferred.points {
            point.modelID = transferred.modelID
            let isLeftOut = course.hasLeftOut(.run, point.runID)
            guard !isLeftOut, let run = try storedRun(point.runID, for: .update) else {
                let text = "a point left out: its run \(point.runID) is \(isLeftOut ? "left out" : "not stored")"
                report.remark(.modelPoints, transferred.modelID, text)
                continue
            }
            let before = connection.totalChanges
            try insertModelMetrics([point], runRow: run.id)
            let isNew = connection.totalChanges != before
            report.count(.modelPoints) { if isNew { $0.added += 1 } else { $0.unchanged += 1 } }
        }
    }
}
