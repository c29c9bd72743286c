internal import Identities
internal import SQLite
internal import Tracking

extension WriteSession {
    func importRecord(
        _ transferred: TransferredRun,
        _ course: TransferCourse,
        _ report: inout TransferReport
    ) throws {
        let run = transferred.run
        guard let row = try storedRun(run.info.runID, for: .update) else {
            let experimentID = try experimentID(of: transferred.home, course)
            try requireCreation(of: .run)
            try requireRoomForRun()
            let row = try insert(transferred, experimentID: experimentID)
            try recordOwner(ofRun: row)
            for param in run.params { _ = try insertTransferred(param, runRow: row) }
            for tag in run.tags.lastOfEachKey { try upsertTag(tag, runRow: row) }
            _ = try completeInputs(run, runRow: row, experimentID: experimentID)
            report.count(.run) { $0.added += 1 }
            return
        }
        try requireSameRun(row, run.info.runID, transferred.proof, course)
        try complete(transferred, row, &report)
    }

    /// Throws unless a stored run is the one of the source, and nobody may have made it here to get what comes.
    private func requireSameRun(
        _ row: RunRow,
        _ runID: String,
        _ proof: RunProof,
        _ course: TransferCourse
    ) throws {
        let experimentID = try experimentID(of: proof.home, course)
        try requireSameExperiment(row.experimentID, experimentID, "the run", proof.home)
        let stored = try runInfo(runID, for: .update)
        guard proof.fits(stored) else {
            throw TrackingError(
                .invalidParameterValue,
                "the run that has this id here is another one: it started at \(stored.startTime) and is of the user "
                    + "'\(shortened(stored.userID))', and the one that comes at \(proof.startTime) and of "
                    + "'\(shortened(proof.userID))'"
            )
        }
        try requireMaker(ofRun: row, in: proof.home)
    }

    /// Throws where a thing that comes is here in another experiment, whose readers would get to see it.
    func requireSameExperiment(_ stored: Int64, _ id: Int64, _ thing: String, _ home: TransferredHome) throws {
        guard stored != id else { return }
        throw TrackingError(
            .invalidParameterValue,
            "\(thing) is here in the experiment with the id \(stored), and comes in the experiment '\(shortened(home.name))'"
        )
    }

    /// Throws for a run that somebody else made here who is no admin, or of whom that is no longer known.
    ///
    /// Who makes a run may choose its id, and would get to see what comes of the run that has it elsewhere. Who made a run is
    /// kept when a user or a token is gone. Then the run is the source's only if its experiment has come from there too:
    /// nobody but an import chooses the creation time of an experiment.
    ///
    /// - Parameter home: nil if the sender does not tell it.
    private func requireMaker(ofRun row: RunRow, in home: TransferredHome?) throws {
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
            row.id,
            AccessScope.admin.storedValue
        ).firstRow { (key: $0.string(0), isThere: $0.bool(1), isAdministrator: $0.bool(2)) }
        guard let found, let maker = StorageOwner(key: found.key), maker != caller.owner, !found.isAdministrator else {
            return
        }
        if !found.isThere, let stored = try creationTime(ofExperiment: row.experimentID),
            Experiment.isSame(createdAt: home?.creationTime, as: stored)
        {
            return
        }
        let name = shortened(maker.name)
        let reason =
            switch (maker.kind, found.isThere) {
            case (.user, true): "by '\(name)', who is no admin and may have chosen the id"
            case (.user, false): "by '\(name)', who is no user any more and may have chosen the id"
            case (.token, true):
                "with the token '\(name)', which has not the scope admin, by somebody who may have chosen the id"
            case (.token, false): "with the token '\(name)', which is gone, by somebody who may have chosen the id"
            }
        throw TrackingError(.permissionDenied, "a run with this id was made here \(reason)")
    }

    private func insert(_ transferred: TransferredRun, experimentID: Int64) throws -> Int64 {
        let info = transferred.run.info
        var location = info.artifactURI
        if location.isEmpty {
            let experiment = try storedExperiment(experimentID, for: .update)
            location = ArtifactLocation(experiment.artifactLocation).appending("\(info.runID)/artifacts").uri
        }
        try connection.run(
            """
            INSERT INTO runs (run_id, experiment_id, name, user_id, status, start_time, end_time, deleted_time,
                lifecycle_stage, artifact_uri)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            """,
            info.runID,
            experimentID,
            info.name,
            info.userID,
            info.status.storedValue,
            info.startTime,
            info.endTime,
            info.lifecycleStage == .deleted ? transferred.deletedTime : nil,
            info.lifecycleStage.storedValue,
            location
        )
        let row = connection.lastInsertRowID
        touch(run: row)
        try recordArtifactLocation(location, of: info.runID, usualFolder: "", experimentID: experimentID)
        return row
    }

    /// Adds to a stored run what the record contains in addition.
    private func complete(
        _ transferred: TransferredRun,
        _ row: RunRow,
        _ report: inout TransferReport
    ) throws {
        let run = transferred.run
        let stored = try runInfo(run.info.runID, for: .update)
        var isCompleted = false
        if run.info.ends(stored) {
            try connection.run(
                "UPDATE runs SET status = ?2, end_time = ?3 WHERE id = ?1",
                row.id,
                run.info.status.storedValue,
                run.info.endTime
            )
            isCompleted = true
        }
        var otherParams: [String] = []
        for param in run.params {
            switch try insertTransferred(param, runRow: row.id) {
            case .added: isCompleted = true
            case .same: break
            case .other: otherParams.append(param.key)
            }
        }
        let tags = MissingTags(run.tags, stored: try storedTags(ofRun: row.id))
        for tag in tags.missing { try upsertTag(tag, runRow: row.id) }
        if try completeInputs(run, runRow: row.id, experimentID: row.experimentID) { isCompleted = true }
        report.count(.run) { $0.note(isCompleted: isCompleted || !tags.missing.isEmpty) }
        report.remark(
            .run,
            run.info.runID,
            differences: run.info.differences(from: stored),
            tags: tags.conflicts,
            params: otherParams
        )
    }

    private enum ParamImport {
        case added, same, other
    }

    private func insertTransferred(_ param: Param, runRow: Int64) throws -> ParamImport {
        let keyID = try keyID(for: param.key)
        let insert = statements.insertParam
        try insert.bind(runRow, at: 1)
        try insert.bind(keyID, at: 2)
        try insert.bind(param.value, at: 3)
        try insert.run()
        if connection.changes > 0 { return .added }
        let select = statements.selectParam
        try select.bind(runRow, at: 1)
        try select.bind(keyID, at: 2)
        let isSame = try select.firstRow { $0.string(0).isExactly(param.value) }
        return isSame == true ? .same : .other
    }

    private func storedTags(ofRun row: Int64) throws -> [Tag] {
        try connection.query(
            "SELECT keys.name, tag.value FROM run_tags AS tag JOIN keys ON keys.id = tag.key_id WHERE tag.run_id = ?1",
            row
        ).map { Tag(key: $0.string(0), value: $0.string(1)) }
    }

    /// Links the run with its datasets and models.
    ///
    /// - Returns: whether the run was not yet linked with all of them.
    private func completeInputs(_ run: Run, runRow: Int64, experimentID: Int64) throws -> Bool {
        let before = connection.totalChanges
        for input in run.datasetInputs {
            let dataset = try datasetRow(input.dataset, experimentID: experimentID)
            try link(dataset: dataset, tags: input.tags, runRow: runRow)
        }
        for model in run.modelInputs {
            try connection.run(
                "INSERT OR IGNORE INTO model_inputs (run_id, model_id) VALUES (?1, ?2)",
                runRow,
                model.modelID
            )
        }
        for model in run.modelOutputs {
            try connection.run(
                "INSERT OR IGNORE INTO model_outputs (run_id, model_id, step) VALUES (?1, ?2, ?3)",
                runRow,
                model.modelID,
                model.step
            )
        }
        return connection.totalChanges != before
    }

    func importRecord(
        _ transferred: TransferredPoints,
        _ course: inout TransferCourse,
        _ report: inout TransferReport
    ) throws {
        let row = try runRow(transferred.runID, for: .update)
        if !course.has(.run, transferred.runID) {
            if let proof = transferred.proof {
                try requireSameRun(row, transferred.runID, proof, course)
                course.note(.run, transferred.runID)
            } else {
                try requireMaker(ofRun: row, in: nil)
            }
        }
        let series = MetricSeries(runRow: row.id, keyID: try keyID(for: transferred.key))
        let added = try insert(transferred.points, into: series)
        report.count(.points) {
            $0.added += added
            $0.unchanged += transferred.points.count - added
        }
    }
}
