internal import ArtifactStore
internal import Synchronization
package import Tracking

/// The position at which the next call continues a removal that was not finished in the time of one call.
package enum RemovalProgressMark: Sendable, Equatable {
    /// The removal is of all deleted objects, and continues after this position.
    case objects(RemovalPosition)
    /// The removal is of objects that the request names; the value is the number of those that are done.
    case named(Int)
    /// The removal of objects is over; entries of the journal and uploads are left.
    case extras

    /// Parses `text`; nil for any other text.
    package init?(_ text: String) {
        if text == "extras" {
            self = .extras
            return
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        if parts[0] == "named" {
            guard let count = Int(parts[1]), count >= 0 else { return nil }
            self = .named(count)
        } else {
            guard let kind = Int64(parts[0]).flatMap({ RemovalKind(rawValue: $0) }) else { return nil }
            self = .objects(RemovalPosition(kind: kind, last: String(parts[1])))
        }
    }

    /// Whether a removal by the request can have stopped here.
    ///
    /// Otherwise the mark is refused: a client that repeats a call without the names would remove everything that is deleted.
    package func belongs(to request: RemovalRequest) -> Bool {
        switch self {
        case .objects: request.isForAllDeleted
        case .named: !request.isForAllDeleted
        case .extras: true
        }
    }

    /// The mark for a client, which sends it with its next call.
    package var text: String {
        switch self {
        case .objects(let position): "\(position.kind.rawValue):\(position.last)"
        case .named(let count): "named:\(count)"
        case .extras: "extras"
        }
    }
}

extension MLflowAPI {
    /// Removes objects permanently, one by one, from a store that has no table of removals; blocks for about the given time.
    ///
    /// - Parameters:
    ///   - mark: the mark that the last call has returned; nil for the first call.
    ///   - audit: the audit entry for each run, model and experiment.
    /// - Throws: `.temporarilyUnavailable` if another removal is running; for a first call that names ids, the errors of
    ///   `RemovalTables.namedCandidates`, and nothing was removed then.
    package func removeOneByOne(
        _ request: RemovalRequest,
        from mark: RemovalProgressMark?,
        for duration: Duration,
        _ extras: RemovalExtras,
        _ audit: AuditEntry? = .byCommand("gc")
    ) throws -> RemovalProgress {
        guard let store = store as? any RemovingOneByOne else { return RemovalProgress() }
        // Owed entries of the journal about files that are removed now must not be written afterwards.
        try writeOwedEntries()
        let audit = store.keepsArtifactJournal ? audit : nil
        let work = RemovalWork(api: self, store: store, request: request, audit: audit, end: .now + duration)
        let progress = try removalLock.runAlone { () throws -> RemovalProgress in
            try work.run(from: mark ?? (request.isForAllDeleted ? .objects(.start) : .named(0)))
            if work.progress.next == .extras {
                work.progress.isDone = try removeExtras(extras, audit, &work.progress, until: work.end)
                if work.progress.isDone { work.progress.next = nil }
            }
            return work.progress
        }
        guard let progress else {
            throw TrackingError(.temporarilyUnavailable, "Another removal is running; try again in a moment.")
        }
        return progress
    }
}

/// The removals of one call.
private final class RemovalWork {
    private let api: MLflowAPI
    private let store: any RemovingOneByOne
    private let request: RemovalRequest
    private let audit: AuditEntry?
    private let uses = UsedArtifacts()
    let end: ContinuousClock.Instant
    var progress = RemovalProgress()

    /// The number of objects that are looked up at once.
    private static let lookUpLimit = 500

    init(
        api: MLflowAPI,
        store: any RemovingOneByOne,
        request: RemovalRequest,
        audit: AuditEntry?,
        end: ContinuousClock.Instant
    ) {
        (self.api, self.store, self.request, self.audit, self.end) = (api, store, request, audit, end)
    }

    private var isTimeOver: Bool { .now >= end }

    /// Removes objects until the time is over, and sets the mark for the next call.
    func run(from mark: RemovalProgressMark) throws {
        progress.next = mark
        switch mark {
        case .objects(let position): try removeAll(from: position)
        case .named(let count): try removeNamed(after: count)
        case .extras: break
        }
    }

    private func removeAll(from start: RemovalPosition) throws {
        try uses.set(api.artifactsInUse(excluding: request))
        var position: RemovalPosition? = start
        while let from = position {
            let part = try store.readRemovals { [request, uses] tables in
                try tables.deletedCandidates(from, limit: Self.lookUpLimit, request, uses.updated(from: tables))
            }
            for (candidate, key) in part.candidates {
                if let obstacle = candidate.obstacle(deletedBefore: request.deletedBefore) {
                    progress.count.count(candidate, keptBy: obstacle)
                } else if try !remove(candidate) {
                    return
                }
                progress.next = .objects(RemovalPosition(kind: candidate.kind, last: key))
                if isTimeOver { return }
            }
            position = part.next
            progress.next = part.next.map { .objects($0) } ?? .extras
        }
    }

    private func removeNamed(after count: Int) throws {
        try uses.set(api.artifactsInUse(excluding: request))
        var named: [(kind: RemovalKind, id: String)] = []
        for (kind, ids) in request.namedIDs { named += ids.map { (kind, $0) } }
        // A later call does not find the objects that are removed already; the first call has checked all of them.
        let isFirst = count == 0
        let candidates = try store.readRemovals { [request, uses] tables in
            try tables.namedCandidates(request, uses.updated(from: tables), allowsOthers: !isFirst)
        }
        for (index, name) in named.enumerated().dropFirst(count) {
            let candidate = candidates.first { $0.kind == name.kind && $0.id == name.id }
            if let candidate, try !remove(candidate) { return }
            progress.next = .named(index + 1)
            if isTimeOver { return }
        }
        progress.next = .extras
    }

    /// Removes an object, with all that an experiment contains.
    ///
    /// - Returns: false if the time is over before the experiment is empty.
    private func remove(_ candidate: RemovalCandidate) throws -> Bool {
        let owner = PendingFolderRemoval(candidate.kind, candidate.id, at: candidate.location)
        guard candidate.kind == .experiment, let id = Int64(candidate.id) else {
            remove(owner, ofExperiment: nil)
            return true
        }
        let failures = progress.failures.count
        for part in try store.readRemovals({ try $0.contents(ofExperiment: candidate.id) }) {
            // If an object could not be removed, its experiment is kept, and the next call continues after that experiment.
            if isTimeOver { return progress.failures.count > failures }
            remove(part, ofExperiment: id)
        }
        guard progress.failures.count == failures else { return true }
        let experiments = progress.count.experiments
        remove(owner, ofExperiment: nil)
        // Tokens that were limited to removed experiments must no longer refer to them.
        if progress.count.experiments > experiments { try api.settings.access?.reload() }
        return true
    }

    private func remove(_ owner: PendingFolderRemoval, ofExperiment experimentID: Int64?) {
        // The transaction may run several times, but files that were removed stay removed.
        let files = FileRemoval()
        do {
            let count = try store.removeNow { [api, request, audit, uses] session in
                let count = try session.removePermanently(
                    owner,
                    ofExperiment: experimentID,
                    deletedBefore: request.deletedBefore,
                    unless: { owner in
                        let inUse = try uses.updated(from: session)
                        let (id, location) = (owner.id, owner.location)
                        files.dependent = inUse.dependent(on: id, at: location, outsideExperiment: experimentID)
                        return files.dependent != nil
                    },
                    removingFiles: { try files.remove($0, by: api) }
                )
                if count != nil { try session.audit(audit?.about(owner.kind.auditKind, owner.id)) }
                return count
            }
            if let dependent = files.dependent { progress.count.count(owner.kind, owner.id, keptFor: dependent) }
            guard let count else { return }
            progress.count.add(count)
            if files.areUnserved { progress.count.unservedFolders += 1 }
        } catch {
            progress.failures.append("\(owner.location): \(MLflowAPI.reason(error, owner.location))")
        }
        progress.count.add(files.count)
    }
}

/// The artifacts in use, as the removal has last read them.
private final class UsedArtifacts: Sendable {
    private let artifacts = Mutex(ArtifactsInUse(in: ArtifactFolders(served: "/")))

    func set(_ new: ArtifactsInUse) { artifacts.withLock { $0 = new } }

    /// Returns the artifacts in use, including those of model versions that were created since the last read.
    func updated(from tables: any RemovalTables) throws -> ArtifactsInUse {
        try artifacts.withLock { artifacts in
            try tables.addNewVersions(to: &artifacts)
            return artifacts
        }
    }
}

/// What the removal of one object has found and removed.
private final class FileRemoval: Sendable {
    private let state = Mutex((count: RemovalCount(), areUnserved: false, dependent: ArtifactsInUse.Dependent?.none))

    /// What needs the artifacts, so that the object was kept; nil if nothing does.
    var dependent: ArtifactsInUse.Dependent? {
        get { state.withLock { $0.dependent } }
        set { state.withLock { $0.dependent = newValue } }
    }

    var count: RemovalCount { state.withLock { $0.count } }

    /// Whether the server does not open the folder of the files.
    var areUnserved: Bool { state.withLock { $0.areUnserved } }

    func remove(_ owner: PendingFolderRemoval, by api: MLflowAPI) throws -> RemovedFiles {
        var count = RemovalCount()
        defer { state.withLock { $0.count.add(count) } }
        let removed = try api.removeFiles(of: owner, &count)
        state.withLock { $0.areUnserved = removed == nil && owner.kind != .experiment }
        return removed ?? RemovedFiles()
    }
}
