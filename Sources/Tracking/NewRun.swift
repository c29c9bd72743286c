/// The fields of a request that creates a run.
package struct NewRun: Sendable {
    /// The id that the client chose, 32 lower-case hexadecimal digits; if nil, an id is generated.
    package var runID: String?
    package var experimentID: Int64
    package var userID: String
    /// The name; if empty, the run gets the name in the tag `mlflow.runName` or, without this tag, a generated name.
    package var name: String
    /// Unix milliseconds.
    package var startTime: Int64
    /// The tags; each key occurs at most once, and the tag `mlflow.runName` is not empty.
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

    /// Returns the run for the answer: a new run, or the existing run if the client sent the same request before.
    ///
    /// - Parameter existing: the run with the requested id, with its tags; nil if no run has the id.
    /// - Throws: `.invalidParameterValue` for a deleted experiment or a name that differs from the run name tag,
    ///   `.resourceAlreadyExists` if the existing run is not what this request would create.
    package func run(in experiment: Experiment, existing: Run?) throws(TrackingError) -> (run: Run, isNew: Bool) {
        try experiment.requireActive()
        if let existing {
            try requireSame(existing)
            return (existing, false)
        }
        let runID = runID ?? makeRunID()
        let nameTag = tags.first { $0.key.isExactly(Tag.runNameKey) }
        let info = RunInfo(
            runID: runID,
            name: try resolvedRunName(argument: name, tag: nameTag?.value),
            experimentID: experimentID,
            userID: userID,
            status: .running,
            startTime: startTime,
            endTime: nil,
            artifactURI: Experiment.runLocation(runID, beneath: experiment.artifactLocation),
            lifecycleStage: .active
        )
        var run = Run(info: info)
        run.tags = nameTag == nil ? tags + [Tag(key: Tag.runNameKey, value: info.name)] : tags
        return (run, true)
    }

    /// Throws `.resourceAlreadyExists` if the run is not as this request would have created it.
    ///
    /// The run may have more tags than the request.
    private func requireSame(_ run: Run) throws(TrackingError) {
        let stored = Set(run.tags.map { ExactText($0.key + "\0" + $0.value) })
        let isSame =
            run.info.experimentID == experimentID
            && run.info.lifecycleStage == .active
            && run.info.startTime == startTime
            && run.info.userID.isExactly(userID)
            && (name.isEmpty || run.info.name.isExactly(name))
            && tags.allSatisfy { stored.contains(ExactText($0.key + "\0" + $0.value)) }
        guard isSame else {
            throw TrackingError(
                .resourceAlreadyExists,
                "Another run has the id '\(run.info.runID)', or that run was changed since it was created; "
                    + "choose another run_id."
            )
        }
    }
}
