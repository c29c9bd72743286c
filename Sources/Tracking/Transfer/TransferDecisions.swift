/// Where an experiment goes that comes from another store.
package enum ExperimentPlace: Sendable, Equatable {
    /// It becomes a new experiment, with its own id or, where that is taken, the next free one.
    case new(keepsID: Bool)
    /// It is this experiment.
    case existing(Int64)
    /// It takes the place of an experiment that nobody has used: the one that every store begins with.
    case unused(Int64)

    /// An experiment that is here already.
    package struct Holder: Sendable, Equatable {
        package var id: Int64
        package var creationTime: Int64
        /// Whether it is the first experiment of the store, untouched: without runs, models and tags.
        package var isUnused: Bool

        package init(id: Int64, creationTime: Int64, isUnused: Bool) {
            self.id = id
            self.creationTime = creationTime
            self.isUnused = isUnused
        }
    }

    /// Decides by who holds the id and who holds the name.
    ///
    /// The name decides, because names are unique, and people know experiments by them. Without the name, an experiment
    /// with this id and this time of creation is the same, renamed since.
    package static func of(_ experiment: Experiment, holderOfID: Holder?, holderOfName: Holder?) -> ExperimentPlace {
        if let holderOfID, holderOfID.isUnused, holderOfName == nil || holderOfName?.id == holderOfID.id {
            return .unused(holderOfID.id)
        }
        if let holderOfName { return .existing(holderOfName.id) }
        guard let holderOfID else { return .new(keepsID: experiment.id != Experiment.noID) }
        return holderOfID.creationTime == experiment.creationTime ? .existing(holderOfID.id) : .new(keepsID: false)
    }
}

extension Experiment {
    /// The id of an experiment whose source has no ids: its name alone says which one it is.
    package static let noID = Int64.min

    /// The location that the experiment gets where its id becomes another one.
    ///
    /// The folder of its old id would be that of another experiment.
    package func location(movingTo newID: Int64, beneath root: ArtifactLocation) -> String {
        let isDefault =
            artifactLocation.isEmpty || artifactLocation.isExactly(Self.defaultLocation(id: id, beneath: root))
        return isDefault ? Self.defaultLocation(id: newID, beneath: root) : artifactLocation
    }

    /// The facts in which another experiment of this name or id differs, for a remark.
    package func differences(from stored: Experiment) -> [String] {
        var facts: [String] = []
        if !name.isExactly(stored.name) { facts.append("name '\(shortened(name))', here '\(shortened(stored.name))'") }
        if lifecycleStage != stored.lifecycleStage {
            facts.append("it is \(lifecycleStage.wireName), here \(stored.lifecycleStage.wireName)")
        }
        return facts
    }
}

extension RunInfo {
    /// Whether the run has ended since it was stored: then its end is taken over.
    ///
    /// It was stored while it ran, or it was resumed and has ended again.
    package func ends(_ stored: RunInfo) -> Bool {
        guard let earlier = stored.endTime else { return stored.isOpen && (endTime != nil || status != stored.status) }
        return !isOpen && (endTime ?? earlier) > earlier
    }

    private var isOpen: Bool { status == .running || status == .scheduled }

    /// The facts in which the stored run of this id differs, for a remark.
    package func differences(from stored: RunInfo) -> [String] {
        var facts: [String] = []
        func compare(_ name: String, _ mine: String, _ other: String) {
            if !mine.isExactly(other) { facts.append("\(name) '\(shortened(mine))', here '\(shortened(other))'") }
        }
        compare("name", name, stored.name)
        compare("user", userID, stored.userID)
        compare("start time", String(startTime), String(stored.startTime))
        if !ends(stored) {
            compare("status", status.wireName, stored.status.wireName)
            compare("end time", endTime.map { String($0) } ?? "none", stored.endTime.map { String($0) } ?? "none")
        }
        // The source may have none, and the run has one here.
        if !artifactURI.isEmpty { compare("artifact location", artifactURI, stored.artifactURI) }
        compare("life-cycle stage", lifecycleStage.wireName, stored.lifecycleStage.wireName)
        return facts
    }
}

extension LoggedModelInfo {
    /// Whether the stored model was pending and is ready or failed now.
    package func finishes(_ stored: LoggedModelInfo) -> Bool {
        stored.status == .pending && (status == .ready || status == .failed)
    }

    /// The facts in which the stored model of this id differs, for a remark.
    package func differences(from stored: LoggedModelInfo) -> [String] {
        var facts: [String] = []
        func compare(_ name: String, _ mine: String, _ other: String) {
            if !mine.isExactly(other) { facts.append("\(name) '\(shortened(mine))', here '\(shortened(other))'") }
        }
        compare("name", name, stored.name)
        compare("type", modelType, stored.modelType)
        compare("source run", sourceRunID, stored.sourceRunID)
        compare("creation time", String(creationTime), String(stored.creationTime))
        if !finishes(stored) { compare("status", status.wireName, stored.status.wireName) }
        compare("artifact location", artifactURI, stored.artifactURI)
        compare("life-cycle stage", lifecycleStage.wireName, stored.lifecycleStage.wireName)
        return facts
    }
}

extension ModelVersion {
    /// The facts in which the stored version of this number differs, for a remark.
    package func differences(from stored: ModelVersion) -> [String] {
        var facts: [String] = []
        func compare(_ name: String, _ mine: String, _ other: String) {
            if !mine.isExactly(other) { facts.append("\(name) '\(shortened(mine))', here '\(shortened(other))'") }
        }
        compare("source", source, stored.source)
        compare("run", runID, stored.runID)
        compare("creation time", String(creationTime), String(stored.creationTime))
        compare("stage", stage.wireName, stored.stage.wireName)
        compare("description", description ?? "", stored.description ?? "")
        return facts
    }
}
