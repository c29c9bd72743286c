/// The experiment of this database that an imported experiment becomes.
package enum ExperimentDestination: Sendable, Equatable {
    /// A new experiment, which has the imported id or, if `keepsID` is false, the next free id.
    case new(keepsID: Bool)
    /// The existing experiment with this id.
    case existing(Int64)
    /// The Default experiment, which has this id. Nobody has used it, so the imported experiment replaces it.
    case unused(Int64)

    /// An experiment of this database.
    package struct StoredExperiment: Sendable, Equatable {
        package var id: Int64
        package var creationTime: Int64
        /// Whether it is the Default experiment, and has no runs, models and tags.
        package var isUnused: Bool

        package init(id: Int64, creationTime: Int64, isUnused: Bool) {
            self.id = id
            self.creationTime = creationTime
            self.isUnused = isUnused
        }
    }

    /// Finds the destination of an imported experiment, given the stored experiments with its id and its name.
    ///
    /// An experiment with the same name is the destination, because names are unique and people know experiments by
    /// their names. Otherwise, an experiment with the same id and creation time is the destination, because it must
    /// have been renamed. A creation time of 0 means that the source does not know it, and so identifies nothing.
    package static func find(
        for experiment: Experiment,
        withSameID: StoredExperiment?,
        withSameName: StoredExperiment?
    ) -> ExperimentDestination {
        if let withSameID, withSameID.isUnused, withSameName == nil || withSameName?.id == withSameID.id {
            return .unused(withSameID.id)
        }
        if let withSameName { return .existing(withSameName.id) }
        guard let withSameID else { return .new(keepsID: experiment.id != Experiment.noID) }
        return Experiment.isSame(createdAt: experiment.creationTime, as: withSameID.creationTime)
            ? .existing(withSameID.id) : .new(keepsID: false)
    }
}

extension Experiment {
    /// The id of an imported experiment whose source has no ids, so that only its name identifies it.
    package static let noID = Int64.min

    /// Whether an imported and a stored experiment with the same id are the same experiment: their creation times must be equal.
    ///
    /// - Parameters:
    ///   - time: the creation time of the imported experiment; nil or 0 if unknown.
    ///   - stored: the creation time of the stored experiment.
    package static func isSame(createdAt time: Int64?, as stored: Int64) -> Bool { time != 0 && time == stored }

    /// The artifact location of the experiment if its id changes to `newID`.
    ///
    /// A default location changes too, because the folder with the old id belongs to another experiment.
    package func location(movingTo newID: Int64, beneath root: ArtifactLocation) -> String {
        let isDefault =
            artifactLocation.isEmpty || artifactLocation.isExactly(Self.defaultLocation(id: id, beneath: root))
        return isDefault ? Self.defaultLocation(id: newID, beneath: root) : artifactLocation
    }

    /// The differences between this experiment and the stored one with the same name or id, as texts for a remark.
    package func differences(from stored: Experiment) -> [String] {
        var facts: [String] = []
        if !name.isExactly(stored.name) {
            facts.append("name '\(shortened(name))', stored '\(shortened(stored.name))'")
        }
        if lifecycleStage != stored.lifecycleStage {
            facts.append("it is \(lifecycleStage.wireName), the stored one is \(stored.lifecycleStage.wireName)")
        }
        return facts
    }
}

extension RunIdentity {
    /// Whether a stored run with the same id is this run, provided that both belong to the same experiment.
    ///
    /// No call changes the start time or the user of a run.
    package func matches(_ stored: RunInfo) -> Bool {
        startTime == stored.startTime && (userID.isEmpty || userID.isExactly(stored.userID))
    }
}

extension RunInfo {
    /// Whether this run has ended since its data was last stored, so that the import must store the end.
    ///
    /// This is so if the stored run is running or scheduled and this one has an end time or another status, or if this run was
    /// resumed and has ended again, later than the stored run.
    package func hasEnded(since stored: RunInfo) -> Bool {
        guard let earlier = stored.endTime else { return stored.isOpen && (endTime != nil || status != stored.status) }
        return !isOpen && (endTime ?? earlier) > earlier
    }

    private var isOpen: Bool { status == .running || status == .scheduled }

    /// The differences between this run and the stored one with the same id, as texts for a remark.
    package func differences(from stored: RunInfo) -> [String] {
        var facts: [String] = []
        facts.addDifference("name", name, stored.name)
        facts.addDifference("user", userID, stored.userID)
        if !hasEnded(since: stored) {
            facts.addDifference("status", status.wireName, stored.status.wireName)
            let (new, old) = (endTime.map { String($0) } ?? "none", stored.endTime.map { String($0) } ?? "none")
            facts.addDifference("end time", new, old)
        }
        // The location is empty if the source does not know it; the stored run always has a location.
        if !artifactURI.isEmpty { facts.addDifference("artifact location", artifactURI, stored.artifactURI) }
        facts.addDifference("life-cycle stage", lifecycleStage.wireName, stored.lifecycleStage.wireName)
        return facts
    }
}

extension LoggedModelInfo {
    /// Whether the stored model is pending, and this one is ready or failed.
    package func isFinalized(since stored: LoggedModelInfo) -> Bool {
        stored.status == .pending && (status == .ready || status == .failed)
    }

    /// The differences between this model and the stored one with the same id, as texts for a remark.
    package func differences(from stored: LoggedModelInfo) -> [String] {
        var facts: [String] = []
        facts.addDifference("name", name, stored.name)
        facts.addDifference("type", modelType, stored.modelType)
        facts.addDifference("source run", sourceRunID, stored.sourceRunID)
        if !isFinalized(since: stored) { facts.addDifference("status", status.wireName, stored.status.wireName) }
        facts.addDifference("artifact location", artifactURI, stored.artifactURI)
        facts.addDifference("life-cycle stage", lifecycleStage.wireName, stored.lifecycleStage.wireName)
        return facts
    }
}

extension ModelVersion {
    /// The differences between this version and the stored one with the same number, as texts for a remark.
    package func differences(from stored: ModelVersion) -> [String] {
        var facts: [String] = []
        facts.addDifference("source", source, stored.source)
        facts.addDifference("run", runID, stored.runID)
        facts.addDifference("stage", stage.wireName, stored.stage.wireName)
        facts.addDifference("description", description ?? "", stored.description ?? "")
        return facts
    }
}

extension [String] {
    /// Adds a text if a value of a record differs from the stored one.
    fileprivate mutating func addDifference(_ name: String, _ new: String, _ old: String) {
        if !new.isExactly(old) { append("\(name) '\(shortened(new))', stored '\(shortened(old))'") }
    }
}
