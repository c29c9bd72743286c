internal import Identities
internal import SQLite
package import Tracking

extension WriteSession {
    package func runToChange(_ runID: String) throws -> RunRow? { try storedRun(runID, for: .update) }

    package func info(of run: RunRow, id: String) throws -> RunInfo { try runInfo(id, for: .update) }

    /// Throws if another client created the stored run, unless that client is an admin; accepts a run without a recorded creator.
    ///
    /// A client that creates a run can choose its id. With the id of a run at the source, it would get the data of that run with the
    /// next import. The creator of a run stays recorded after the user or token was deleted, but then it is unknown whether the
    /// creator was an admin. Such a run is accepted only if the stored experiment has the creation time of the source's experiment,
    /// because only an import can set that time.
    package func requireTrustedCreator(of run: RunRow, importedFrom sourceExperiment: SourceExperiment?) throws {
        let found = try connection.query(
            """
            SELECT owner.key, users.id IS NOT NULL OR token.id IS NOT NULL, coalesce(users.is_admin, token.scope = ?2, 0)
            FROM run_owners AS owned
            JOIN storage_owners AS owner ON owner.id = owned.owner_id
            LEFT JOIN users ON users.name = substr(owner.key, 6) AND substr(owner.key, 1, 5) = 'user:'
            LEFT JOIN access_tokens AS token ON token.name = substr(owner.key, 7)
                AND substr(owner.key, 1, 6) = 'token:' AND coalesce(token.user_id, 0) = 0
            WHERE owned.run_id = ?1
            """,
            run.id,
            AccessScope.admin.storedValue
        ).firstRow { (key: $0.string(0), exists: $0.bool(1), isAdministrator: $0.bool(2)) }
        guard let found, let creator = StorageOwner(key: found.key), creator != caller.owner, !found.isAdministrator
        else {
            return
        }
        if !found.exists, let stored = try creationTime(ofExperiment: run.experimentID),
            Experiment.isSame(createdAt: sourceExperiment?.creationTime, as: stored)
        {
            return
        }
        let name = shortened(creator.name)
        let origin =
            switch (creator.kind, found.exists) {
            case (.user, true): "the user '\(name)', who is not an admin,"
            case (.user, false): "the deleted user '\(name)'"
            case (.token, true): "a client with the token '\(name)', which does not have the scope admin,"
            case (.token, false): "a client with the deleted token '\(name)'"
            }
        throw TrackingError(
            .permissionDenied,
            "\(origin) created a run with this id on this server and may have chosen the id to get the imported data; to import "
                + "the run, first delete the stored one and remove it permanently (apus gc)"
        )
    }

    package func add(_ transferred: TransferredRun) throws -> RunRow {
        try requireRoomForRun()
        let info = transferred.run.info
        try connection.run(
            """
            INSERT INTO runs (run_id, experiment_id, name, user_id, status, start_time, end_time, deleted_time,
                lifecycle_stage, artifact_uri)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            """,
            info.runID,
            info.experimentID,
            info.name,
            info.userID,
            info.status.storedValue,
            info.startTime,
            info.endTime,
            transferred.deletedTime,
            info.lifecycleStage.storedValue,
            info.artifactURI
        )
        let row = connection.lastInsertRowID
        touch(run: row)
        try recordArtifactLocation(info.artifactURI, of: info.runID, usualFolder: "", experimentID: info.experimentID)
        try recordOwner(ofRun: row)
        return RunRow(id: row, experimentID: info.experimentID, lifecycleStage: info.lifecycleStage)
    }

    package func end(_ run: RunRow, as info: RunInfo) throws {
        try connection.run(
            "UPDATE runs SET status = ?2, end_time = ?3 WHERE id = ?1",
            run.id,
            info.status.storedValue,
            info.endTime
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

    private func storedTags(ofRun row: Int64) throws -> [Tag] {
        try connection.query(
            "SELECT keys.name, tag.value FROM run_tags AS tag JOIN keys ON keys.id = tag.key_id WHERE tag.run_id = ?1",
            row
        ).map { Tag(key: $0.string(0), value: $0.string(1)) }
    }

    package func addMissingLinks(of links: Run, to run: RunRow) throws -> Bool {
        let before = connection.totalChanges
        for input in links.datasetInputs {
            let dataset = try datasetRow(input.dataset, experimentID: run.experimentID)
            try link(dataset: dataset, tags: input.tags, runRow: run.id)
        }
        for model in links.modelInputs {
            try connection.run(
                "INSERT OR IGNORE INTO model_inputs (run_id, model_id) VALUES (?1, ?2)",
                run.id,
                model.modelID
            )
        }
        for model in links.modelOutputs {
            try connection.run(
                "INSERT OR IGNORE INTO model_outputs (run_id, model_id, step) VALUES (?1, ?2, ?3)",
                run.id,
                model.modelID,
                model.step
            )
        }
        return connection.totalChanges != before
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
