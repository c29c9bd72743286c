internal import Files
internal import Glibc
internal import Tracking

/// Finds the artifacts of a source, and decides which locations they have after the import.
///
/// Locations inside the source's own artifact root become `mlflow-artifacts:` locations, so that the data folder can be
/// moved later. Other locations stay as they are.
package struct ArtifactFinder {
    /// The folder to which relative locations are relative, and which is searched for a copy of the artifacts.
    private let folder: String
    /// The folder with the artifacts that the user has named, which is searched first; nil if none was named.
    private let namedFolder: String?
    /// The local folders that contain the folders of the source's experiments, without a slash at the end.
    private var roots: [String] = []

    package init(folder: String, namedFolder: String?) {
        self.folder = folder
        self.namedFolder = namedFolder
    }

    /// Adds the artifact root that an experiment's location shows: the parent of the folder whose name is the experiment's id.
    package mutating func learnRoot(from location: String, ofExperiment id: String) {
        guard let path = localPath(location), path.hasSuffix("/" + id) else { return }
        let root = String(path.dropLast(id.utf8.count + 1))
        if !root.isEmpty, !roots.contains(root) { roots.append(root) }
    }

    /// The path of a location relative to the source's artifact root; nil for a location outside of the root.
    package func relativePath(_ location: String) -> String? {
        if let rest = proxiedPath(location) { return Self.hasNoParentSegment(rest) ? rest : nil }
        guard let path = localPath(location), Self.hasNoParentSegment(path) else { return nil }
        for root in roots where path.hasPrefix(root + "/") { return String(path.dropFirst(root.utf8.count + 1)) }
        return nil
    }

    /// The location that the artifacts have after the import.
    package func movedLocation(_ location: String) -> String {
        relativePath(location).map { "mlflow-artifacts:/\($0)" } ?? location
    }

    /// The folder of this machine with the files of a location, and the target of the files; nil if no such folder exists.
    ///
    /// Returns only a folder whose path has the form that MLflow gives to the artifacts of this run or model. If other folders
    /// were returned, the author of a source could make the import copy a folder of the user, which the server then publishes.
    package func folder(of location: String, owner id: String) -> ArtifactFolder? {
        guard let target = relativePath(location), ("/" + target).hasSuffix("/\(id)/artifacts"),
            Self.isFolder(target, ofOneOf: [id])
        else { return nil }
        let found = possibleRoots(for: location, target).first { isFolder($0 + "/" + target) }
        return found.map { ArtifactFolder(root: $0, relativePath: target, target: target) }
    }

    /// Emits the folder of this machine with the files of a location.
    ///
    /// - Parameter reportMissing: called if no such folder exists although the location is in the source's artifact root.
    func emitFolder(
        of location: String,
        owner id: String,
        _ emit: (TransferItem) throws -> Void,
        reportMissing: () -> Void
    ) throws {
        if let folder = folder(of: location, owner: id) {
            try emit(.artifacts(folder))
        } else if relativePath(location) != nil {
            reportMissing()
        }
    }

    /// Whether a path in the artifact root is the folder that a server makes for one of the owners, or a path in this folder.
    ///
    /// If the path contains the folders of several runs or models, only the outermost one counts.
    static func isFolder(_ path: String, ofOneOf owners: [String]) -> Bool {
        let names = path.split(separator: "/").map { String($0) }
        for (name, next) in zip(names, names.dropFirst()) where next == "artifacts" {
            if owners.contains(where: { $0.isExactly(name) }) { return true }
            if isIdentifier(name) { return false }
        }
        return false
    }

    /// Whether a name looks like the id that a server gives to a run or model.
    private static func isIdentifier(_ name: String) -> Bool {
        let digits = name.hasPrefix("m-") ? name.dropFirst(2) : name[...]
        return digits.utf8.count == 32 && digits.allSatisfy { $0.isASCII && $0.isHexDigit }
    }

    /// The hint for the user if no folder exists that may contain the artifacts of a location; otherwise nil.
    ///
    /// A missing folder is not always an error, because MLflow makes the folder when the first artifact is logged.
    package func hint(for location: String) -> String? {
        guard let target = relativePath(location), !possibleRoots(for: location, target).contains(where: isFolder)
        else { return nil }
        return
            "No artifacts are at \(location) or beside the source. If there are some, import again with "
            + "--artifacts-from and the folder that contains them; if they are in a bucket, import from the address of "
            + "a server that has them."
    }

    private static func hasNoParentSegment(_ path: String) -> Bool { !path.split(separator: "/").contains("..") }

    private func possibleRoots(for location: String, _ target: String) -> [String] {
        var folders = [namedFolder].compactMap { $0 }
        if let path = localPath(location) {
            folders += [String(path.dropLast(target.utf8.count + 1)), folder + "/mlruns"]
        }
        return folders + [folder + "/mlartifacts", folder + "/artifacts"]
    }

    private func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The path of an `mlflow-artifacts:` location, whatever its host.
    private func proxiedPath(_ location: String) -> String? {
        let scheme = "mlflow-artifacts:"
        guard location.hasPrefix(scheme) else { return nil }
        var rest = location.dropFirst(scheme.utf8.count)
        if rest.hasPrefix("//") { rest = rest.dropFirst(2).drop { $0 != "/" } }
        let path = rest.drop { $0 == "/" }
        return path.isEmpty ? nil : String(path)
    }

    /// The absolute path of a local location; nil for others.
    private func localPath(_ location: String) -> String? {
        let parsed = ArtifactLocation(location)
        switch parsed.scheme {
        case "file":
            guard let path = try? parsed.localPath, path.hasPrefix("/") else { return nil }
            return withoutSlash(path)
        case nil:
            guard !location.isEmpty else { return nil }
            if location.hasPrefix("/") { return withoutSlash(location) }
            let relative = location.hasPrefix("./") ? String(location.dropFirst(2)) : location
            return withoutSlash(folder + "/" + relative)
        default: return nil
        }
    }

    private func withoutSlash(_ path: String) -> String {
        path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }
}
