internal import SQLite
package import Tracking

/// What a client says of a run that it creates.
package struct NewRun: Sendable {
    /// 32 lower-case hexadecimal digits; nil lets the store choose.
    package var runID: String?
    package var experimentID: Int64
    package var userID: String
    /// Empty: taken from the run name tag, else made up.
    package var name: String
    /// Unix milliseconds.
    package var startTime: Int64
    /// Each key at most once; a run name tag is not empty.
    package var tags: [Tag]

    package init(
        runID: String? = nil,
        experimentID: Int64,
        userID: String,
        name: String,
        startTime: Int64,
        tags: [Tag]
    ) {
        self.runID = runID
        self.experimentID = experimentID
        self.userID = userID
        self.name = name
        self.startTime = startTime
        self.tags = tags
    }
}

extension WriteSession {
    /// Creates a run in state RUNNING, or finds the one that the same request made before under the id that it names.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown experiment, `.invalidParameterValue` for a deleted one and for
    ///   a name that differs from the run name tag, `.resourceAlreadyExists` where another run has the id.
    package func createRun(_ new: NewRun) throws -> Run {
        let experiment = try connection.experiment(id: new.experimentID)
        guard experiment.lifecycleStage == .active else {
            throw TrackingError.mustBeActive(
                "experiment",
                id: String(new.experimentID),
                current: experiment.lifecycleStage
            )
        }
        if let existing = try runMadeBefore(by: new) { return existing }
        let runID = new.runID ?? makeRunID()
        let runNameTag = new.tags.first { $0.key == Tag.runNameKey }
        let info = RunInfo(
            runID: runID,
            name: try resolvedRunName(argument: new.name, tag: runNameTag?.value),
            experimentID: new.experimentID,
            userID: new.userID,
            status: .running,
            startTime: new.startTime,
            endTime: nil,
            artifactURI: ArtifactLocation(experiment.artifactLocation).appending("\(runID)/artifacts").uri,
            lifecycleStage: .active
        )
        let row = try insertRun(info)
        var run = Run(info: info)
        run.tags = runNameTag == nil ? new.tags + [Tag(key: Tag.runNameKey, value: info.name)] : new.tags
        for tag in run.tags {
            try upsertTag(tag, runRow: row)
        }
        return run
    }

    /// The run that has the id which the request names; nil where there is none.
    private func runMadeBefore(by new: NewRun) throws -> Run? {
        guard let runID = new.runID else { return nil }
        let select = try connection.query("SELECT \(RunInfo.columns) FROM runs WHERE run_id = ?1", runID)
        guard let (info, row) = try select.firstRow({ (try RunInfo(row: $0), $0.int64(RunInfo.rowColumn)) }) else {
            return nil
        }
        var run = Run(info: info)
        run.tags = try connection.query(
            "SELECT keys.name, tag.value FROM run_tags AS tag JOIN keys ON keys.id = tag.key_id WHERE tag.run_id = ?1",
            row
        ).map { Tag(key: $0.string(0), value: $0.string(1)) }
        guard run.isMade(by: new) else {
            throw TrackingError(
                .resourceAlreadyExists,
                "Another run has the id '\(runID)' already, or this one was changed since; choose another run_id."
            )
        }
        return run
    }

    private func insertRun(_ info: RunInfo) throws -> Int64 {
        try connection.run(
            """
            INSERT INTO runs (run_id, experiment_id, name, user_id, status, start_time, artifact_uri)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            """,
            info.runID,
            info.experimentID,
            info.name,
            info.userID,
            info.status.storedValue,
            info.startTime,
            info.artifactURI
        )
        return connection.lastInsertRowID
    }

    /// Changes what is given of a run's status, end time and name.
    ///
    /// - Parameter name: an empty one is ignored, as in the reference.
    /// - Throws: `.resourceDoesNotExist` for an unknown run, `.invalidParameterValue` for a deleted one.
    package func updateRun(_ runID: String, status: RunStatus?, endTime: Int64?, name: String?) throws -> RunInfo {
        let row = try activeRunRow(runID)
        try connection.run(
            "UPDATE runs SET status = coalesce(?2, status), end_time = coalesce(?3, end_time) WHERE id = ?1",
            row.id,
            status?.storedValue,
            endTime
        )
        if let name, !name.isEmpty {
            try renameRun(row.id, to: name)
        }
        return try connection.runInfo(runID)
    }

    /// Marks a run as deleted; deleting it again is no error.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown run.
    package func deleteRun(_ runID: String) throws {
        try setLifecycleStage(.deleted, deletedTime: currentMilliseconds(), runID: runID)
    }

    /// Makes a deleted run active again.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown run.
    package func restoreRun(_ runID: String) throws {
        try setLifecycleStage(.active, deletedTime: nil, runID: runID)
    }

    private func setLifecycleStage(_ stage: LifecycleStage, deletedTime: Int64?, runID: String) throws {
        let row = try runRow(runID)
        try connection.run(
            "UPDATE runs SET lifecycle_stage = ?2, deleted_time = ?3 WHERE id = ?1",
            row.id,
            stage.storedValue,
            deletedTime
        )
        forgetRun(runID)
    }
}

extension Run {
    /// Whether the request, carried out once, would have made this run as it is now.
    fileprivate func isMade(by new: NewRun) -> Bool {
        let stored = Set(tags.map { ExactText($0.key + "\0" + $0.value) })
        return info.experimentID == new.experimentID
            && info.lifecycleStage == .active
            && info.startTime == new.startTime
            && info.userID.isExactly(new.userID)
            && (new.name.isEmpty || info.name.isExactly(new.name))
            && new.tags.allSatisfy { stored.contains(ExactText($0.key + "\0" + $0.value)) }
    }
}
