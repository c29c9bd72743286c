internal import ArtifactStore
internal import Budgets
internal import Glibc
internal import Identities
internal import Synchronization
internal import Tracking

// An artifact belongs to each experiment whose location its path lies in, to that of each run and logged model whose id is
// in the path, and to that of each whose own location overlaps the path: locations may point into each other. What follows
// the folder of a run or a model are names of its files: an id among them gives nobody a say, because who makes a run chooses
// the id.

extension MLflowAPI {
    /// Throws `.permissionDenied` unless a client may do something with all artifacts at a path and beneath it.
    ///
    /// Blocks on reads of the store for a client that may not do everything. The refusal does not depend on what files there
    /// are.
    ///
    /// - Parameter action: if it is a deletion, all of them must be those of runs or models.
    func requirePermission(
        _ action: PermittedAction,
        at path: ArtifactPath,
        in root: any ArtifactStorage,
        for caller: Caller
    ) throws {
        guard let identity = caller.identity, let permissions = identity.permissions else { return }
        let owners = deciding(
            try store.readNow(.cheap) { try $0.artifactOwners(among: path.ownerIDs) },
            path,
            root
        )
        let experiments = try Set(owners.map(\.experimentID))
            .union(knownPlaces.experiments(at: path, in: root, of: self))
        let touched = experiments.flatMap { things(ofExperiment: $0, among: owners) }
        let isAllowed =
            experiments.isEmpty
            ? !identity.hidesOthers && permissions.defaultLevel >= action.level
            : touched.allSatisfy { permissions.allows(action, on: $0) }
        guard isAllowed, !owners.isEmpty || action != .delete else {
            throw TrackingError(
                .permissionDenied,
                identity.hidesOthers
                    ? "This path does not lie in the artifacts of the experiments that you are limited to, or others' lie there too."
                    : "Permission denied: '\(identity.name)' needs \(action.level.wireName) on all experiments whose artifacts lie "
                        + "at this path or beneath it. Who may manage them, or an admin, can grant that."
            )
        }
    }

    /// Of those whose ids are in a path, from the root downwards, the ones that have a say.
    private func deciding(
        _ owners: [ArtifactOwner],
        _ path: ArtifactPath,
        _ root: any ArtifactStorage
    ) -> [ArtifactOwner] {
        var isInFolder = false
        return owners.filter { owner in
            if holds(owner, path, root) { isInFolder = true } else if isInFolder { return false }
            return true
        }
    }

    /// Whether a path lies in the folder of a run or a model.
    private func holds(_ owner: ArtifactOwner, _ path: ArtifactPath, _ root: any ArtifactStorage) -> Bool {
        // What this server does not open holds no path of its own.
        guard let folder = try? folder(at: owner.location, owner: ""), folder.store === root,
            folder.base.components.count <= path.components.count
        else { return false }
        return zip(folder.base.components, path.components).allSatisfy { $0.isExactly($1) }
    }

    /// What of an experiment has artifacts at a path: the things that own them or, where none is known, all there may be.
    private func things(ofExperiment id: Int64, among owners: [ArtifactOwner]) -> [ProtectedThing] {
        let known = owners.filter { $0.experimentID == id }.map { owner in
            owner.isLoggedModel ? ProtectedThing.loggedModel(inExperiment: id) : .run(inExperiment: id)
        }
        return known.isEmpty ? [.experiment(id), .run(inExperiment: id), .loggedModel(inExperiment: id)] : known
    }

    /// The folder of a place, by the rule by which files are served.
    fileprivate func folder(of place: ArtifactPlace) throws -> ServedFolder {
        guard place.kind != .thing else { return try folder(at: place.location, owner: "") }
        // The ids go into the path, in front of a query: what lies in the folder tells which one it is.
        var folder = try folder(at: ArtifactLocation(place.location).appending("id").uri, owner: "")
        folder.base = folder.base.parent ?? .root
        return folder
    }
}

/// The folders that hold artifacts of experiments, read again when a location has changed.
final class KnownPlaces: Sendable {
    private struct Place {
        let experimentID: Int64
        let kind: ArtifactPlace.Kind
        let folder: ServedFolder
    }

    private struct Known {
        var version: Int64?
        var places: [Place] = []
    }

    private let known = Mutex(Known())

    /// The experiments that have artifacts at a path or beneath it, or whose location it lies in.
    func experiments(at path: ArtifactPath, in root: any ArtifactStorage, of api: MLflowAPI) throws -> Set<Int64> {
        // Two roots may lie in each other.
        let wanted = Self.components(of: root) + path.components
        var bases: [ObjectIdentifier: [String]] = [:]
        var found: Set<Int64> = []
        for place in try places(of: api) {
            let key = ObjectIdentifier(place.folder.store)
            let base = bases[key] ?? Self.components(of: place.folder.store)
            bases[key] = base
            let rest = place.folder.base.components
            // What lies beneath a shared folder is known by the ids.
            if place.kind == .shared, wanted.count > base.count + rest.count { continue }
            if Self.overlap(wanted, base, rest) { found.insert(place.experimentID) }
        }
        return found
    }

    private func places(of api: MLflowAPI) throws -> [Place] {
        let current = try api.store.readNow(.cheap) { try $0.artifactPlaceVersion() }
        if let places = known.withLock({ $0.version == current ? $0.places : nil }) { return places }
        let (version, stored) = try api.store.readNow {
            (try $0.artifactPlaceVersion(), try $0.artifactPlaces())
        }
        let places = stored.compactMap { place in
            (try? api.folder(of: place)).map { Place(experimentID: place.experimentID, kind: place.kind, folder: $0) }
        }
        known.withLock { $0 = Known(version: version, places: places) }
        return places
    }

    private static func components(of root: any ArtifactStorage) -> [String] {
        var path = root.location
        if let resolved = realpath(root.location, nil) {
            path = String(cString: resolved)
            free(resolved)
        }
        return path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
    }

    /// Whether a path begins with another one, which is in two parts, or is a beginning of it.
    private static func overlap(_ path: [String], _ base: [String], _ rest: [String]) -> Bool {
        for (index, component) in path.enumerated() {
            guard index < base.count + rest.count else { return true }
            let other = index < base.count ? base[index] : rest[index - base.count]
            guard component.isExactly(other) else { return false }
        }
        return true
    }
}

extension ArtifactPath {
    /// What may be the ids of the runs and models that the artifacts belong to, from the root downwards.
    ///
    /// The folder behind an id has the query of the experiment's location in its name.
    fileprivate var ownerIDs: [String] {
        components.indices.filter { index in
            guard index + 1 < components.count else { return true }
            let next = components[index + 1].utf8
            return next.elementsEqual("artifacts".utf8) || next.starts(with: "artifacts?".utf8)
        }.map { components[$0] }
    }
}
