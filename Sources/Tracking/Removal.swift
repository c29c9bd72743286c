/// The kinds of objects that can be removed permanently; the database stores the raw values.
package enum RemovalKind: Int64, Sendable, CaseIterable {
    case run = 0
    case loggedModel = 1
    case experiment = 2

    /// The word for the kind in messages.
    package var noun: String {
        switch self {
        case .run: "run"
        case .loggedModel: "logged model"
        case .experiment: "experiment"
        }
    }
}

/// The deleted runs, logged models and experiments that a client wants to remove permanently.
package struct RemovalRequest: Sendable, Equatable {
    package var runIDs: [String]?
    package var loggedModelIDs: [String]?
    package var experimentIDs: [Int64]?
    /// Unix milliseconds: objects that were deleted later, or at an unknown time, are not removed; nil sets no limit.
    package var deletedBefore: Int64?

    package init(deletedBefore: Int64?) { self.deletedBefore = deletedBefore }

    /// Whether the request is for all deleted objects, because it names no ids.
    package var isForAllDeleted: Bool { runIDs == nil && loggedModelIDs == nil && experimentIDs == nil }

    /// Whether a request for all deleted objects keeps an object in this state.
    package func keeps(_ stage: LifecycleStage, deletedTime: Int64) -> Bool {
        stage != .deleted || deletedBefore.map { deletedTime <= 0 || deletedTime > $0 } ?? false
    }

    /// The ids that the request names, as texts.
    package var namedIDs: [(kind: RemovalKind, ids: [String])] {
        [
            (.run, runIDs ?? []), (.loggedModel, loggedModelIDs ?? []),
            (.experiment, (experimentIDs ?? []).map { String($0) }),
        ]
    }
}

/// The position of a search for all deleted objects.
package struct RemovalPosition: Sendable, Equatable {
    package var kind: RemovalKind
    /// The store's key of the object that was read last; empty before the first one.
    package var last: String

    package init(kind: RemovalKind, last: String = "") {
        self.kind = kind
        self.last = last
    }

    /// The position before the first row of the first kind.
    ///
    /// Experiments are first, because the removal of an experiment also removes its runs and models, which then need no rows of
    /// their own in the table of removals.
    package static let start = RemovalPosition(kind: .experiment)

    /// The position before the first row of the next kind; nil after the last kind.
    package var next: RemovalPosition? {
        switch kind {
        case .experiment: RemovalPosition(kind: .run)
        case .run: RemovalPosition(kind: .loggedModel)
        case .loggedModel: nil
        }
    }
}

/// One run, logged model or experiment, with the facts that decide whether it may be removed permanently.
package struct RemovalCandidate: Sendable {
    package var kind: RemovalKind
    package var id: String
    /// The URI or path of the folder of its artifacts.
    package var location: String
    package var stage: LifecycleStage
    /// Unix milliseconds; 0 or less if unknown.
    package var deletedTime: Int64
    /// The object that needs the artifacts of the candidate or, for an experiment, of its runs and models; nil if there is none.
    package var dependent: ArtifactsInUse.Dependent?
    /// Whether this is an experiment with a run that must be kept, because the run was restored, or was deleted later than the
    /// request allows or at an unknown time.
    package var hasRunsToKeep = false

    package init(kind: RemovalKind, id: String, location: String, stage: LifecycleStage, deletedTime: Int64) {
        self.kind = kind
        self.id = id
        self.location = location
        self.stage = stage
        self.deletedTime = deletedTime
    }

    /// The reason why the candidate must not be removed; nil if it may be removed.
    package func obstacle(deletedBefore limit: Int64?) -> RemovalObstacle? {
        if stage != .deleted { return .notDeleted }
        if let limit {
            if deletedTime <= 0 { return .undated }
            if deletedTime > limit { return .tooYoung }
        }
        if hasRunsToKeep { return .hasRunsToKeep }
        return dependent.map { .inUse(by: $0) }
    }
}

/// The reason why a run, logged model or experiment is not removed permanently.
package enum RemovalObstacle: Sendable {
    case notDeleted, tooYoung, undated, hasRunsToKeep
    case inUse(by: ArtifactsInUse.Dependent)

    /// The error for a request that names the object by its id.
    package func refusal(_ kind: RemovalKind, _ id: String) -> TrackingError {
        let object = "The \(kind.noun) \(id)"
        let text =
            switch self {
            case .notDeleted:
                "\(object) is not deleted. Only deleted objects can be removed permanently; delete it first."
            case .tooYoung:
                "\(object) was deleted later than `older_than` allows. Give a shorter time, or leave it out."
            case .undated:
                "It is not known when the \(kind.noun) \(id) was deleted, so `older_than` cannot be applied. Leave it out."
            case .hasRunsToKeep:
                "\(object) contains runs that were restored, or that were deleted later than `older_than` allows or at "
                    + "an unknown time. Delete the restored runs, or leave `older_than` out."
            case .inUse(let dependent):
                "\(object) has artifacts that \(dependent.text) needs. Delete \(dependent.text) first."
            }
        return .invalidParameter(text)
    }
}

/// How much a request has removed permanently or, for a preview, would remove.
package struct RemovalCount: Sendable, Equatable {
    package var runs: Int64 = 0
    package var loggedModels: Int64 = 0
    package var experiments: Int64 = 0
    package var points: Int64 = 0
    package var files: Int64 = 0
    package var bytes: Int64 = 0
    /// Uploads in several parts that were not completed in time.
    package var expiredUploads: Int64 = 0
    package var artifactJournalEntries: Int64 = 0
    /// Deleted objects that are not removed, because something else needs their artifacts.
    package var kept: Int64 = 0
    /// Deleted objects that are not removed, because the request sets an age and their time of deletion is unknown.
    package var undated: Int64 = 0
    /// For each of the first 20 objects in `kept`, a sentence that says what needs its artifacts.
    package var reasons: [String] = []
    /// The artifact folders that are not removed, because this server is not allowed to use their location.
    package var unservedFolders: Int64 = 0

    package init() {}

    /// Counts removed objects of a kind.
    package mutating func count(_ kind: RemovalKind, _ number: Int64 = 1) {
        switch kind {
        case .run: runs += number
        case .loggedModel: loggedModels += number
        case .experiment: experiments += number
        }
    }

    /// Counts a deleted object that is kept because something needs its artifacts or because its time of deletion is unknown.
    ///
    /// Objects that are kept for other reasons are not counted.
    package mutating func count(_ candidate: RemovalCandidate, keptBy obstacle: RemovalObstacle) {
        switch obstacle {
        case .notDeleted, .tooYoung, .hasRunsToKeep: return
        case .undated: undated += 1
        case .inUse(let dependent): count(candidate.kind, candidate.id, keptFor: dependent)
        }
    }

    /// Counts a deleted object that is kept because something needs its artifacts.
    package mutating func count(_ kind: RemovalKind, _ id: String, keptFor dependent: ArtifactsInUse.Dependent) {
        kept += 1
        add(reasons: ["The \(kind.noun) \(id) has artifacts that \(dependent.text) needs."])
    }

    private mutating func add(reasons more: [String]) { reasons += more.prefix(Self.reasonLimit - reasons.count) }

    private static let reasonLimit = 20

    package mutating func add(_ other: RemovalCount) {
        runs += other.runs
        loggedModels += other.loggedModels
        experiments += other.experiments
        points += other.points
        files += other.files
        bytes += other.bytes
        expiredUploads += other.expiredUploads
        artifactJournalEntries += other.artifactJournalEntries
        kept += other.kept
        undated += other.undated
        add(reasons: other.reasons)
        unservedFolders += other.unservedFolders
    }
}

/// A run, logged model or experiment that is removed, but whose artifact folder has not been removed yet.
package struct PendingFolderRemoval: Sendable, Equatable {
    /// The row id in the table of removals; 0 for an object without a row there.
    package var row: Int64
    package var kind: RemovalKind
    package var id: String
    package var location: String

    package init(_ kind: RemovalKind, _ id: String, at location: String, row: Int64 = 0) {
        self.row = row
        self.kind = kind
        self.id = id
        self.location = location
    }
}

extension TrackingError {
    /// The error for the restoration of an object that is in the table of removals.
    package static func beingRemoved(_ kind: RemovalKind, _ id: String) -> TrackingError {
        TrackingError(.invalidState, "The \(kind.noun) \(id) is being removed permanently and cannot be restored.")
    }

    /// The error for a new model version whose artifacts are those of an object that is being removed.
    package static func artifactsBeingRemoved(_ kind: RemovalKind, _ id: String) -> TrackingError {
        TrackingError(
            .invalidState,
            "The \(kind.noun) \(id), whose artifacts this model version would use, is being removed permanently together "
                + "with them. Use the artifacts of another run or logged model."
        )
    }
}
