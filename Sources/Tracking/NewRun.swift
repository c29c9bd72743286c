/// What a client says of a run that it creates.
package struct NewRun: Sendable {
    /// 32 lower-case hexadecimal digits; nil has one made.
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

    /// The run that answers the request: a new one, or the one that the same request made before.
    ///
    /// - Parameter existing: the run, with its tags, that has the id which the request names; nil when there is none.
    /// - Throws: `.invalidParameterValue` for a deleted experiment and for a name that differs from the run name tag,
    ///   `.resourceAlreadyExists` where another run has the id.
    package func run(
        in experiment: Experiment,
        existing: Run?
    ) throws(TrackingError) -> (run: Run, isNew: Bool) {
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
            artifactURI: ArtifactLocation(experiment.artifactLocation).appending("\(runID)/artifacts").uri,
            lifecycleStage: .active
        )
        var run = Run(info: info)
        run.tags = nameTag == nil ? tags + [Tag(key: Tag.runNameKey, value: info.name)] : tags
        return (run, true)
    }

    /// Refuses a run that the request, carried out once, would not have made as it is now.
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
                "Another run has the id '\(run.info.runID)' already, or this one was changed since; choose another run_id."
            )
        }
    }
}
