internal import ArtifactStore
internal import Budgets
internal import Glibc
internal import Identities
internal import Synchronization
internal import Tracking

// An artifact can belong to several experiments: to each experiment whose location contains the artifact's path, to the
// experiment of each run or logged model whose id is in the path, and to the experiment of each run or logged model whose own
// location overlaps the path. In a path, the components after the folder of a run or a model are names of files. An id among
// these names does not count, because clients choose the names.

extension MLflowAPI {
    /// Throws `.permissionDenied` unless a client may perform an action on all artifacts at a path and beneath it.
    ///
    /// Blocks on reads of the store for a client with limited permissions. Which files exist has no influence on the refusal.
    ///
    /// - Parameter action: a deletion is allowed only of artifacts of runs or models.
    func requirePermission(
        _ action: PermittedAction,
        at path: ArtifactPath,
        in root: any ArtifactStorage,
        for caller: Caller
    ) throws {
        guard let identity = caller.identity, let permissions = identity.permissions else { return }
        let owners = actualOwners(try store.readNow(.cheap) { try $0.artifactOwners(among: path.ownerIDs) }, path, root)
        let experiments = try Set(owners.map(\.experimentID))
            .union(experimentFolders.experiments(at: path, in: root, of: self))
        let experimentResources = experiments.flatMap { resources(ofExperiment: $0, among: owners) }
        let isAllowed =
            experiments.isEmpty
            ? !identity.hidesUnreadable && permissions.defaultLevel >= action.level
            : experimentResources.allSatisfy { permissions.allows(action, on: $0) }
        guard isAllowed, !owners.isEmpty || action != .delete else {
            // Experiments that the client may not read are not named.
            let lacking = experiments.sorted().filter { id in
                permissions.allows(.read, on: .experiment(id))
                    && !resources(ofExperiment: id, among: owners).allSatisfy { permissions.allows(action, on: $0) }
            }
            let named = lacking.prefix(5).map { String($0) }.joined(separator: ", ")
            throw TrackingError.permissionDenied(
                identity.hidesUnreadable
                    ? "This path is not in the artifacts of the experiments that you are limited to, or it also contains artifacts of others."
                    : "Permission denied: '\(identity.name)' needs \(action.level.wireName) on all experiments whose artifacts are "
                        + "at this path or beneath it\(named.isEmpty ? "" : ", such as those with the ids \(named)"). A user who may "
                        + "manage them, or an admin, can grant that."
            )
        }
    }

    /// Removes the owners whose ids come after the folder of a run or a model in the path, where they are only names of files.
    ///
    /// - Parameter owners: the runs and models whose ids are in the path, in the order of the path.
    private func actualOwners(
        _ owners: [ArtifactOwner],
        _ path: ArtifactPath,
        _ root: any ArtifactStorage
    ) -> [ArtifactOwner] {
        var isInFolder = false
        return owners.filter { owner in
            if isBeneathFolder(of: owner, path, root) { isInFolder = true } else if isInFolder { return false }
            return true
        }
    }

    /// Whether a path is in the folder of a run or a model.
    private func isBeneathFolder(of owner: ArtifactOwner, _ path: ArtifactPath, _ root: any ArtifactStorage) -> Bool {
        // A location that this server does not open contains no path of the root.
        guard let folder = try? folder(at: owner.location, owner: ""), folder.store === root,
            folder.base.components.count <= path.components.count
        else { return false }
        return zip(folder.base.components, path.components).allSatisfy { $0.isExactly($1) }
    }

    /// The resources of an experiment that own artifacts at a path; if no owner is known, all resources that could be owners.
    private func resources(ofExperiment id: Int64, among owners: [ArtifactOwner]) -> [ProtectedThing] {
        let known = owners.filter { $0.experimentID == id }.map { owner in
            owner.isLoggedModel ? ProtectedThing.loggedModel(inExperiment: id) : .run(inExperiment: id)
        }
        return known.isEmpty ? [.experiment(id), .run(inExperiment: id), .loggedModel(inExperiment: id)] : known
    }

    /// The folder of a location with artifacts, found in the same way as for a request of a file.
    fileprivate func folder(of place: ExperimentArtifactLocation) throws -> ServedFolder {
        guard place.kind != .thing else { return try folder(at: place.location, owner: "") }
        // In a run's or model's location, the id is between the path and the query of this location. So this looks up the folder
        // of such a location, and takes its parent.
        var folder = try folder(at: ArtifactLocation(place.location).appending("id").uri, owner: "")
        folder.base = folder.base.parent ?? .root
        return folder
    }
}

/// A cache of the folders with artifacts of experiments; they are read again when a location has changed.
final class ExperimentFolderCache: Sendable {
    private struct Folder {
        let experimentID: Int64
        let kind: ExperimentArtifactLocation.Kind
        let folder: ServedFolder
    }

    private struct Content {
        var version: Int64?
        var folders: [Folder] = []
    }

    private let content = Mutex(Content())

    /// The experiments that have artifacts at a path or beneath it, or whose location contains the path.
    func experiments(at path: ArtifactPath, in root: any ArtifactStorage, of api: MLflowAPI) throws -> Set<Int64> {
        // Absolute paths are compared, because one root may be inside another.
        let fullPath = Self.components(of: root) + path.components
        var bases: [ObjectIdentifier: [String]] = [:]
        var found: Set<Int64> = []
        for folder in try folders(of: api) {
            let key = ObjectIdentifier(folder.folder.store)
            let base = bases[key] ?? Self.components(of: folder.folder.store)
            bases[key] = base
            let rest = folder.folder.base.components
            // The path is beneath a shared folder, where the ids in the path determine its owners.
            if folder.kind == .shared, fullPath.count > base.count + rest.count { continue }
            if Self.overlap(fullPath, base, rest) { found.insert(folder.experimentID) }
        }
        return found
    }

    private func folders(of api: MLflowAPI) throws -> [Folder] {
        let current = try api.store.readNow(.cheap) { try $0.experimentArtifactLocationVersion() }
        if let folders = content.withLock({ $0.version == current ? $0.folders : nil }) { return folders }
        let (version, stored) = try api.store.readNow {
            (try $0.experimentArtifactLocationVersion(), try $0.experimentArtifactLocations())
        }
        let folders = stored.compactMap { place in
            (try? api.folder(of: place)).map { Folder(experimentID: place.experimentID, kind: place.kind, folder: $0) }
        }
        content.withLock { $0 = Content(version: version, folders: folders) }
        return folders
    }

    private static func components(of root: any ArtifactStorage) -> [String] {
        var path = root.location
        if let resolved = realpath(root.location, nil) {
            path = String(cString: resolved)
            free(resolved)
        }
        return path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
    }

    /// Whether one of two paths begins with the other one, which is given in two parts.
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
    /// The components that may be ids of runs and models to which the artifacts belong, from the root downwards.
    ///
    /// The folder after such an id is named `artifacts`, or `artifacts?` and the query of the experiment's location.
    fileprivate var ownerIDs: [String] {
        components.indices.filter { index in
            guard index + 1 < components.count else { return true }
            let next = components[index + 1].utf8
            return next.elementsEqual("artifacts".utf8) || next.starts(with: "artifacts?".utf8)
        }.map { components[$0] }
    }
}
