internal import Identities
internal import SQLite
package import Tracking

extension WriteSession {
    package func runToChange(_ runID: String) throws -> RunRow? { try storedRun(runID, for: .update) }

    package func info(of run: RunRow, id: String) throws -> RunInfo { try runInfo(id, for: .update) }

    package func creator(of run: RunRow) throws -> RunCreator? {
        let owner = try connection.query(
            """
            SELECT owner.key FROM run_owners AS owned JOIN storage_owners AS owner ON owner.id = owned.owner_id
            WHERE owned.run_id = ?1
            """,
            run.id
        ).firstRow { StorageOwner(key: $0.string(0)) }
        return try (owner ?? nil).map { try creator($0) }
    }

    package func add(_ transferred: TransferredRun) throws -> RunRow {
        try countRunAgainstQuotas()
        let info = transferred.run.info
        try connection.run(
            """
            INSERT INTO runs (run_id, experiment_id, name, user_id, status, start_time, end_time, deleted_time,
                lifecycle_stage, artifact_uri)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            """,
            values: [
                info.runID, info.experimentID, info.name, info.userID, info.status.storedValue, info.startTime,
                info.endTime, transferred.deletedTime, info.lifecycleStage.storedValue, info.artifactURI,
            ]
        )
        let row = connection.lastInsertRowID
        noteChange(ofRun: row)
        try recordArtifactLocation(info.artifactURI, of: info.runID, usualFolder: "", experimentID: info.experimentID)
        try recordOwner(ofRun: row)
        return RunRow(id: row, experimentID: info.experimentID, lifecycleStage: info.lifecycleStage)
    }

    package func end(_ run: RunRow, as info: RunInfo) throws {
        try connection.run(
            "UPDATE runs SET status = ?2, end_time = ?3 WHERE id = ?1",
            values: [run.id, info.status.storedValue, info.endTime]
        )
    }

    package func addMissing(_ params: [Param], to run: RunRow) throws -> MergeResult {
        var result = MergeResult()
        for param in params {
            let keyID = try keyID(for: param.key)
            let insert = statements.insertParam
            try insert.bind(run.id, at: 1)
            try insert.bind(keyID, at: 2)
            try insert.bind(param.value, at: 3)
            try insert.run()
            guard connection.changes == 0 else {
                result.hasAdditions = true
                continue
            }
            let select = statements.selectParam
            try select.bind(run.id, at: 1)
            try select.bind(keyID, at: 2)
            let isSame = try select.firstRow { $0.string(0).isExactly(param.value) }
            if isSame != true { result.conflicts.append(param.key) }
        }
        return result
    }

    package func addMissing(_ tags: [Tag], to run: RunRow) throws -> MergeResult {
        let missing = MissingTags(tags, stored: try storedTags(ofRun: run.id))
        for tag in missing.tags { try upsertTag(tag, runRow: run.id) }
        return MergeResult(missing)
    }

    func storedTags(ofRun row: Int64) throws -> [Tag] {
        try connection.query(
            "SELECT keys.name, tag.value FROM run_tags AS tag JOIN keys ON keys.id = tag.key_id WHERE tag.run_id = ?1",
            row
        ).map { Tag(key: $0.string(0), value: $0.string(1)) }
    }

    package func addMissingLinks(of record: Run, to run: RunRow) throws -> Bool {
        let changesBefore = connection.totalChanges
        for input in record.datasetInputs {
            let dataset = try datasetRow(input.dataset, experimentID: run.experimentID)
            try link(dataset: dataset, tags: input.tags, runRow: run.id)
        }
        for model in record.modelInputs {
            try connection.run(
                "INSERT OR IGNORE INTO model_inputs (run_id, model_id) VALUES (?1, ?2)",
                values: [run.id, model.modelID]
            )
        }
        for model in record.modelOutputs {
            try connection.run(
                "INSERT OR IGNORE INTO model_outputs (run_id, model_id, step) VALUES (?1, ?2, ?3)",
                values: [run.id, model.modelID, model.step]
            )
        }
        return connection.totalChanges != changesBefore
    }

    package func add(_ points: TransferredPoints, to run: RunRow, _ report: inout TransferReport) throws {
        let series = MetricSeries(runRow: run.id, keyID: try keyID(for: points.key))
        let added = try insert(points.points, into: series)
        report.count(.points) {
            $0.added += added
            $0.unchanged += points.points.count - added
        }
    }
}
