/// The tables in which a permanent removal finds what it may remove.
///
/// The extensions have the rules, which are the same for all stores; a store only reads its tables.
package protocol RemovalTables {
    /// Returns the runs, logged models or experiments that have one of the ids, deleted or not.
    func removalCandidates(_ kind: RemovalKind, ids: [String]) throws -> [RemovalCandidate]

    /// Returns deleted objects of the position's kind that are not being removed yet, in the order of the store.
    ///
    /// - Returns: the objects, each with its key for `RemovalPosition.last`.
    func deletedObjects(
        after position: RemovalPosition,
        limit: Int
    ) throws -> [(candidate: RemovalCandidate, key: String)]

    /// Whether an experiment has runs that were restored, or that were deleted later than a time or at an unknown time.
    func hasRunsToKeep(inExperiment id: String, deletedBefore limit: Int64?) throws -> Bool

    /// Returns the runs and logged models of an experiment, deleted or not.
    func contents(ofExperiment id: String) throws -> [PendingFolderRemoval]

    /// The number of points of a run's metrics.
    func pointCount(ofRun id: String) throws -> Int64

    /// Calls `body` for each run or logged model, with the id of its experiment.
    func forEachOwner(_ kind: RemovalKind, _ body: (RemovalCandidate, Int64) throws -> Void) throws

    /// Calls `body` for each active experiment, with its artifact location.
    func forEachActiveExperiment(_ body: (Int64, String) throws -> Void) throws

    /// Calls `body` for each version that is not a prompt, with the locations where its artifacts may be.
    func forEachVersion(_ body: (_ number: Int64, _ model: String, _ locations: Set<String>) throws -> Void) throws

    /// A text that changes whenever a version is added; it costs much less than `forEachVersion`.
    func versionsMark() throws -> String
}

extension RemovalTables {
    /// Returns, by id, the artifact locations of the runs or logged models; leaves out ids that do not exist.
    package func artifactLocations(_ kind: RemovalKind, ids: Set<String>) throws -> [String: String] {
        Dictionary(try removalCandidates(kind, ids: Array(ids)).map { ($0.id, $0.location) }) { first, _ in first }
    }

    /// The artifacts of all runs, logged models and model versions that a request does not remove.
    ///
    /// The cost is that of reading all runs, logged models and model versions.
    package func artifactsInUse(excluding request: RemovalRequest, in folders: ArtifactFolders) throws -> ArtifactsInUse
    {
        var inUse = ArtifactsInUse(in: folders)
        var references: [ArtifactsInUse.Reference] = []
        let experiments = Set(request.experimentIDs ?? [])
        for (kind, ids) in request.namedIDs where kind != .experiment {
            let named = Set(ids)
            try forEachOwner(kind) { candidate, experimentID in
                let isKept =
                    request.isForAllDeleted
                    ? request.keeps(candidate.stage, deletedTime: candidate.deletedTime)
                    : !named.contains(candidate.id) && !experiments.contains(experimentID)
                guard isKept else { return }
                inUse.add(
                    ArtifactsInUse.Dependent(.object(kind, id: candidate.id), experimentID: experimentID),
                    at: candidate.location,
                    or: &references
                )
            }
        }
        try forEachActiveExperiment { inUse.add(experiment: $0, at: $1) }
        try addArtifacts(of: references, to: &inUse)
        try addNewVersions(to: &inUse)
        return inUse
    }

    /// Adds the artifacts of all versions of registered models, if a version was added since `inUse` was read.
    ///
    /// A removal calls this in the transaction that decides about an object, so that the removal keeps an object from
    /// which a client has just created a version.
    package func addNewVersions(to inUse: inout ArtifactsInUse) throws {
        // The mark is read before the versions: if a version is added after this, the next call reads all versions again.
        let mark = try versionsMark()
        guard mark != inUse.versionsMark else { return }
        var references: [ArtifactsInUse.Reference] = []
        try forEachVersion { number, model, locations in
            for location in locations {
                inUse.add(ArtifactsInUse.Dependent(.version(number, ofModel: model)), at: location, or: &references)
            }
        }
        try addArtifacts(of: references, to: &inUse)
        inUse.versionsMark = mark
    }

    /// Looks up the artifact locations of the runs and models in the references, and adds them.
    private func addArtifacts(of references: [ArtifactsInUse.Reference], to inUse: inout ArtifactsInUse) throws {
        for kind in [RemovalKind.run, .loggedModel] {
            let ofKind = references.filter { $0.owner.kind == kind }
            let locations = try artifactLocations(kind, ids: Set(ofKind.map(\.owner.id)))
            for (dependent, owner) in ofKind {
                guard let location = locations[owner.id] else { continue }
                inUse.add(dependent, at: ArtifactLocation(location).appending(owner.path).uri)
            }
        }
    }

    /// Returns deleted objects that are not yet being removed.
    ///
    /// - Parameters:
    ///   - position: `start`, or the position that the last call returned.
    ///   - limit: the maximum number of objects to read.
    /// - Returns: the candidates with their keys, and the position for the next call; the position is nil at the end.
    package func deletedCandidates(
        _ position: RemovalPosition,
        limit: Int,
        _ request: RemovalRequest,
        _ inUse: ArtifactsInUse
    ) throws -> (candidates: [(candidate: RemovalCandidate, key: String)], next: RemovalPosition?) {
        var found = try deletedObjects(after: position, limit: limit)
        for index in found.indices { try addObstacles(to: &found[index].candidate, request, inUse) }
        guard let last = found.last else { return ([], position.next) }
        return (found, RemovalPosition(kind: position.kind, last: last.key))
    }

    /// Returns the objects that a request names, provided that all of them may be removed.
    ///
    /// - Parameter allowsOthers: whether to leave out unknown objects and those that must be kept, and not to throw for them.
    /// - Throws: `.resourceDoesNotExist` for an unknown id; `.invalidParameterValue` for an object that must be kept.
    package func namedCandidates(
        _ request: RemovalRequest,
        _ inUse: ArtifactsInUse,
        allowsOthers: Bool = false
    ) throws -> [RemovalCandidate] {
        var all: [RemovalCandidate] = []
        for (kind, ids) in request.namedIDs where !ids.isEmpty {
            let pairs = try removalCandidates(kind, ids: ids).map { (ExactText($0.id), $0) }
            let found = Dictionary(pairs) { first, _ in first }
            for id in ids {
                guard let candidate = found[ExactText(id)] else {
                    if allowsOthers { continue }
                    throw TrackingError.doesNotExist(
                        "There is no \(kind.noun) \(shortened(id)): it never existed or was already removed permanently."
                    )
                }
                all.append(candidate)
            }
        }
        for index in all.indices { try addObstacles(to: &all[index], request, inUse) }
        if allowsOthers { return all.filter { $0.obstacle(deletedBefore: request.deletedBefore) == nil } }
        for candidate in all {
            guard let obstacle = candidate.obstacle(deletedBefore: request.deletedBefore) else { continue }
            throw obstacle.refusal(candidate.kind, candidate.id)
        }
        return all
    }

    /// What a request would remove: the numbers of objects and points, and each object with its artifact folder; counts no files.
    ///
    /// The cost is that of reading all deleted objects, and the whole list is in memory.
    /// - Throws: the errors of `namedCandidates`.
    package func removalPreview(
        _ request: RemovalRequest,
        keeping inUse: ArtifactsInUse
    ) throws -> (count: RemovalCount, owners: [PendingFolderRemoval]) {
        var preview = RemovalPreview(tables: self)
        guard request.isForAllDeleted else {
            for candidate in try namedCandidates(request, inUse) { try preview.add(candidate) }
            return (preview.count, preview.owners)
        }
        var position: RemovalPosition? = .start
        while let from = position {
            let part = try deletedCandidates(from, limit: 1_000, request, inUse)
            for (candidate, _) in part.candidates {
                if let obstacle = candidate.obstacle(deletedBefore: request.deletedBefore) {
                    preview.count.count(candidate, keptBy: obstacle)
                } else {
                    try preview.add(candidate)
                }
            }
            position = part.next
        }
        return (preview.count, preview.owners)
    }

    /// Adds what may prevent the removal of a candidate: the object that needs its artifacts and, for an experiment, whether some
    /// of its runs must be kept.
    private func addObstacles(
        to candidate: inout RemovalCandidate,
        _ request: RemovalRequest,
        _ inUse: ArtifactsInUse
    ) throws {
        guard candidate.kind == .experiment else {
            candidate.dependent = inUse.dependent(on: candidate.id, at: candidate.location)
            return
        }
        let id = Int64(candidate.id)
        // A run, model or version outside of the experiment that uses artifacts of the experiment.
        candidate.dependent = try contents(ofExperiment: candidate.id).lazy
            .compactMap { inUse.dependent(on: $0.id, at: $0.location, outsideExperiment: id) }.first
        candidate.hasRunsToKeep = try hasRunsToKeep(inExperiment: candidate.id, deletedBefore: request.deletedBefore)
    }
}

/// Adds up what would be removed.
///
/// A run counts once, even if the request names both the run and its experiment.
private struct RemovalPreview {
    let tables: any RemovalTables
    var count = RemovalCount()
    var owners: [PendingFolderRemoval] = []
    private var seen: Set<String> = []

    init(tables: any RemovalTables) { self.tables = tables }

    mutating func add(_ candidate: RemovalCandidate) throws {
        try add(PendingFolderRemoval(candidate.kind, candidate.id, at: candidate.location))
    }

    private mutating func add(_ owner: PendingFolderRemoval) throws {
        guard seen.insert("\(owner.kind) \(owner.id)").inserted else { return }
        count.count(owner.kind)
        owners.append(owner)
        switch owner.kind {
        case .run: count.points += try tables.pointCount(ofRun: owner.id)
        case .loggedModel: return
        case .experiment: for part in try tables.contents(ofExperiment: owner.id) { try add(part) }
        }
    }
}
