internal import SQLite
package import Tracking

/// What a client says of a run that it creates.
package struct NewRun: Sendable {
    package var experimentID: Int64
    package var userID: String
    /// Empty: taken from the run name tag, else made up.
    package var name: String
    /// Unix milliseconds.
    package var startTime: Int64
    /// Each key at most once; a run name tag is not empty.
    package var tags: [Tag]

    package init(experimentID: Int64, userID: String, name: String, startTime: Int64, tags: [Tag]) {
        self.experimentID = experimentID
        self.userID = userID
        self.name = name
        self.startTime = startTime
        self.tags = tags
    }
}

extension WriteSession {
    /// Creates a run in state RUNNING.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown experiment, `.invalidParameterValue` for a deleted one and for
    ///   a name that differs from the run name tag.
    package func createRun(_ new: NewRun) throws -> Run {
        let experiment = try connection.experiment(id: new.experimentID)
        guard experiment.lifecycleStage == .active else {
            throw TrackingError.mustBeActive(
                "experiment",
                id: String(new.experimentID),
                current: experiment.lifecycleStage
            )
        }
        let runID = makeRunID()
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
