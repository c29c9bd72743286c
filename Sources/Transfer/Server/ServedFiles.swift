internal import Coding
internal import JSON
internal import Tracking

/// Lists the artifacts of runs and models on a server, folder by folder.
final class ServedFiles {
    /// The deepest level of folders that is read; a deeper folder is treated as part of a cycle.
    private static let maximumDepth = 100
    /// The number of successive folders without a file after which the folders count as endless.
    private static let maximumEmptyFolders = 1_000

    private let client: any ServerCalls
    private let finder: ArtifactFinder
    private let skipsArtifacts: Bool
    /// The answer by which the server refused all artifacts (501 or 503); after that, the server is not asked again.
    private var refusalOfAllArtifacts: RefusedCall?

    /// - Parameter skipsArtifacts: whether locations stay as they are and no files are imported.
    init(client: any ServerCalls, finder: ArtifactFinder, skipsArtifacts: Bool) {
        self.client = client
        self.finder = finder
        self.skipsArtifacts = skipsArtifacts
    }

    enum Owner {
        case run(String)
        case model(String)

        var id: String {
            switch self {
            case .run(let id), .model(let id): id
            }
        }

        var title: String {
            switch self {
            case .run(let id): "run \(id)"
            case .model(let id): "model \(id)"
            }
        }
    }

    /// The location that the artifacts have after the import.
    func movedLocation(_ location: String) -> String { skipsArtifacts ? location : finder.movedLocation(location) }

    /// Emits the files of a run or model that the server serves or has on its own disk; files at other locations, such
    /// as object storage, are left out.
    func read(_ owner: Owner, at location: String, _ emit: (TransferItem) throws -> Void) throws {
        guard !skipsArtifacts, var target = finder.relativePath(location) else { return }
        while target.hasSuffix("/") { target.removeLast() }
        // Only a folder of the form that MLflow makes is read, because another folder may contain files of other runs.
        guard target.hasSuffix("\(owner.id)/artifacts"), ArtifactFinder.isFolder(target, ofOneOf: [owner.id]) else {
            return try emit(.skipped(owner.title, "its artifacts are at \(location), which is not its own folder"))
        }
        let routes = ArtifactRoutes(owner: owner, proxiedFolder: location.hasPrefix("mlflow-artifacts:") ? target : nil)
        var foldersToList = [(path: "", depth: 0)]
        var emptyFolders = 0
        while let (folder, depth) = foldersToList.popLast() {
            guard emptyFolders < Self.maximumEmptyFolders else {
                let reason = "its folders do not end: \(emptyFolders) successive folders have no file"
                return try emit(.skipped("artifacts of \(owner.title)", reason))
            }
            emptyFolders += 1
            do {
                if let refusalOfAllArtifacts { throw refusalOfAllArtifacts }
                let list = try client.get(routes.listPath(folder)).parsedObject()["files"]
                for file in list.map({ Array($0.elements) }) ?? [] {
                    let name = routes.fileName(file["path"]?.string ?? "")
                    guard Self.isSafeFileName(name) else {
                        let reason = "its artifact '\(shortened(name))' has a name that no file can have"
                        try emit(.skipped(owner.title, reason))
                        continue
                    }
                    let path = folder.isEmpty ? name : folder + "/" + name
                    guard file["is_dir"]?.bool == true else {
                        emptyFolders = 0
                        try emit(.remoteFile(remoteFile(path, routes, owner, target, file["file_size"])))
                        continue
                    }
                    guard depth < Self.maximumDepth else {
                        try emit(.skipped(owner.title, "its artifact folder '\(shortened(path))' is nested too deeply"))
                        continue
                    }
                    foldersToList.append((path, depth + 1))
                }
            } catch let refusal as RefusedCall {
                if refusal.status == 501 || refusal.status == 503 { refusalOfAllArtifacts = refusal }
                let suffix = folder.isEmpty ? "" : ", folder \(folder)"
                try emit(.skipped("artifacts of \(owner.title)\(suffix)", refusal.description))
            }
        }
    }

    private func remoteFile(
        _ path: String,
        _ routes: ArtifactRoutes,
        _ owner: Owner,
        _ target: String,
        _ size: JSONValue?
    ) -> RemoteFile {
        let client = client
        // Protobuf's JSON form writes 64-bit integers as strings.
        let bytes = size?.int64 ?? size?.string.flatMap { Int64($0) }
        return RemoteFile(
            title: "artifact \(path) of \(owner.title)",
            target: target + "/" + path,
            size: bytes,
            fetch: { try client.fetch(routes.filePath(path), bytes: bytes) }
        )
    }

    private static func isSafeFileName(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && !name.utf8.contains(UInt8(ascii: "/")) && !name.utf8.contains(0)
    }
}

/// The calls by which the artifacts of a run or model are listed and read.
private struct ArtifactRoutes {
    let owner: ServedFiles.Owner
    /// The owner's folder, relative to the root of the artifacts that the server itself stores (`mlflow-artifacts:`); nil if the
    /// artifacts are elsewhere and are requested by the owner's id.
    let proxiedFolder: String?

    /// The path of the call that lists a folder.
    ///
    /// - Parameter folder: the folder relative to the owner's artifacts; empty for the outermost folder.
    func listPath(_ folder: String) -> String {
        if let proxiedFolder {
            let path = folder.isEmpty ? proxiedFolder : proxiedFolder + "/" + folder
            return "/api/2.0/mlflow-artifacts/artifacts?path=\(PercentCoding.encode(path))"
        }
        let id = PercentCoding.encode(owner.id)
        let path = PercentCoding.encode(folder)
        return switch owner {
        case .run: "/api/2.0/mlflow/artifacts/list?run_id=\(id)" + (path.isEmpty ? "" : "&path=\(path)")
        case .model:
            "/api/2.0/mlflow/logged-models/\(id)/artifacts/directories"
                + (path.isEmpty ? "" : "?artifact_directory_path=\(path)")
        }
    }

    /// The name of a listed file; in a list by the owner's id, it is the last part of the path.
    func fileName(_ path: String) -> String {
        guard proxiedFolder == nil, let slash = path.lastIndex(of: "/") else { return path }
        return String(path[path.index(after: slash)...])
    }

    /// The path of the call that reads the file with this path, relative to the owner's artifacts.
    func filePath(_ path: String) -> String {
        if let proxiedFolder {
            let parts = (proxiedFolder + "/" + path).split(separator: "/").map { PercentCoding.encode($0) }
            return "/api/2.0/mlflow-artifacts/artifacts/\(parts.joined(separator: "/"))"
        }
        let id = PercentCoding.encode(owner.id)
        let path = PercentCoding.encode(path)
        return switch owner {
        case .run: "/get-artifact?run_id=\(id)&path=\(path)"
        case .model: "/ajax-api/2.0/mlflow/logged-models/\(id)/artifacts/files?artifact_file_path=\(path)"
        }
    }
}
