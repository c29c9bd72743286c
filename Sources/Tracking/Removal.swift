/// What can be removed for good; the raw values are stored.
package enum RemovalKind: Int64, Sendable, CaseIterable {
    case run = 0
    case loggedModel = 1
    case experiment = 2

    /// How a message calls it.
    package var noun: String {
        switch self {
        case .run: "run"
        case .loggedModel: "logged model"
        case .experiment: "experiment"
        }
    }
}

/// Which deleted things shall be removed for good.
package struct RemovalRequest: Sendable, Equatable {
    package var runIDs: [String]?
    package var loggedModelIDs: [String]?
    package var experimentIDs: [Int64]?
    /// Unix milliseconds: what was deleted later, or nobody knows when, stays; nil where no age is asked for.
    package var deletedBefore: Int64?

    package init(deletedBefore: Int64?) {
        self.deletedBefore = deletedBefore
    }

    /// Whether nothing is named, so that everything that is deleted is meant.
    package var isOfEverything: Bool { runIDs == nil && loggedModelIDs == nil && experimentIDs == nil }

    /// Whether something in this state stays when everything is meant that is deleted and old enough.
    package func leaves(_ stage: LifecycleStage, deletedTime: Int64) -> Bool {
        stage != .deleted || deletedBefore.map { deletedTime <= 0 || deletedTime > $0 } ?? false
    }

    /// The ids that it names, as texts.
    package var names: [(kind: RemovalKind, ids: [String])] {
        [
            (.run, runIDs ?? []), (.loggedModel, loggedModelIDs ?? []),
            (.experiment, (experimentIDs ?? []).map { String($0) }),
        ]
    }
}

/// How far a search for everything that is deleted has come.
package struct RemovalPosition: Sendable {
    package var kind: RemovalKind
    /// The row that was looked at last.
    package var row: Int64

    package init(kind: RemovalKind, row: Int64) {
        self.kind = kind
        self.row = row
    }

    /// Experiments first, so that what belongs to them need not be put on the list one by one.
    package static let start = RemovalPosition(kind: .experiment, row: -1)

    package var next: RemovalPosition? {
        switch kind {
        case .experiment: RemovalPosition(kind: .run, row: 0)
        case .run: RemovalPosition(kind: .loggedModel, row: 0)
        case .loggedModel: nil
        }
    }
}

/// One run, model or experiment with the facts that decide whether it may be removed for good.
package struct RemovalCandidate: Sendable {
    package var kind: RemovalKind
    package var id: String
    /// Where its artifacts lie.
    package var location: String
    package var stage: LifecycleStage
    /// Unix milliseconds; 0 or less if unknown.
    package var deletedTime: Int64
    /// What needs its artifacts, or those of something that belongs to it.
    package var user: ArtifactsInUse.User?
    /// Of an experiment: whether a run in it was restored, or was deleted later than the request allows.
    package var holdsOthers = false

    package init(kind: RemovalKind, id: String, location: String, stage: LifecycleStage, deletedTime: Int64) {
        self.kind = kind
        self.id = id
        self.location = location
        self.stage = stage
        self.deletedTime = deletedTime
    }

    /// Why it must stay; nil where it may be removed.
    package func obstacle(deletedBefore limit: Int64?) -> RemovalObstacle? {
        if stage != .deleted { return .notDeleted }
        if let limit {
            if deletedTime <= 0 { return .undated }
            if deletedTime > limit { return .tooYoung }
        }
        if holdsOthers { return .holdsOthers }
        return user.map { .inUse(by: $0) }
    }
}

/// Why something is not removed for good.
package enum RemovalObstacle: Sendable {
    case notDeleted, tooYoung, undated, holdsOthers
    case inUse(by: ArtifactsInUse.User)

    /// The refusal for a thing that was asked for by its id.
    package func refusal(_ kind: RemovalKind, _ id: String) -> TrackingError {
        let thing = "The \(kind.noun) \(id)"
        let text =
            switch self {
            case .notDeleted: "\(thing) is not deleted. Only what is deleted can be removed for good; delete it first."
            case .tooYoung: "\(thing) was deleted later than `older_than` allows."
            case .undated:
                "Nobody knows when the \(kind.noun) \(id) was deleted, so that `older_than` cannot be applied."
            case .holdsOthers:
                "\(thing) holds runs that were restored, or that were deleted later than `older_than` allows, or nobody "
                    + "knows when."
            case .inUse(let user):
                "\(thing) has artifacts that \(user.text) needs. Delete that first."
            }
        return .invalidParameter(text)
    }
}

/// How much was, or would be, removed for good.
package struct RemovalCount: Sendable, Equatable {
    package var runs: Int64 = 0
    package var loggedModels: Int64 = 0
    package var experiments: Int64 = 0
    package var points: Int64 = 0
    package var files: Int64 = 0
    package var bytes: Int64 = 0
    package var uploads: Int64 = 0
    package var journalEntries: Int64 = 0
    /// Deleted things that stay because something else needs their artifacts.
    package var kept: Int64 = 0
    /// Deleted things that stay because an age is asked for, and nobody knows when they were deleted.
    package var undated: Int64 = 0
    /// Of the first things that are kept, what needs their artifacts: a sentence each.
    package var reasons: [String] = []
    /// Folders of artifacts that lie where this server opens none, and stay.
    package var elsewhere: Int64 = 0

    package init() {}

    package mutating func count(_ kind: RemovalKind, _ number: Int64 = 1) {
        switch kind {
        case .run: runs += number
        case .loggedModel: loggedModels += number
        case .experiment: experiments += number
        }
    }

    /// Counts a deleted thing that stays, if a person should hear of it.
    package mutating func count(_ candidate: RemovalCandidate, keptBy obstacle: RemovalObstacle) {
        switch obstacle {
        case .notDeleted, .tooYoung, .holdsOthers: return
        case .undated: undated += 1
        case .inUse(let user):
            kept += 1
            add(reasons: ["The \(candidate.kind.noun) \(candidate.id) has artifacts that \(user.text) needs."])
        }
    }

    private mutating func add(reasons more: [String]) {
        reasons += more.prefix(Self.toldReasons - reasons.count)
    }

    private static let toldReasons = 20

    package mutating func add(_ other: RemovalCount) {
        runs += other.runs
        loggedModels += other.loggedModels
        experiments += other.experiments
        points += other.points
        files += other.files
        bytes += other.bytes
        uploads += other.uploads
        journalEntries += other.journalEntries
        kept += other.kept
        undated += other.undated
        add(reasons: other.reasons)
        elsewhere += other.elsewhere
    }
}

/// A thing whose rows are gone, and whose folder of artifacts is left.
package struct RemovedOwner: Sendable, Equatable {
    /// The row in the list of removals.
    package var row: Int64
    package var kind: RemovalKind
    package var id: String
    package var location: String

    package init(row: Int64, kind: RemovalKind, id: String, location: String) {
        self.row = row
        self.kind = kind
        self.id = id
        self.location = location
    }
}

extension TrackingError {
    /// Something is on the list of what is removed for good, so that it cannot be restored.
    package static func beingRemoved(_ kind: RemovalKind, _ id: String) -> TrackingError {
        TrackingError(.invalidState, "The \(kind.noun) \(id) is being removed for good and cannot be restored.")
    }
}
