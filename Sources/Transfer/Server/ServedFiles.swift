internal import Coding
internal import JSON
internal import Tracking

/// The artifacts that a server serves, listed folder by folder.
final class ServedFiles {
    /// Folders within folders that are still read; deeper ones are taken for a cycle.
    private static let maximumDepth = 100
    /// Folders one after another in which no file is; a list with more is taken for one without an end.
    private static let maximumEmptyFolders = 1_000

    private let calls: any ServerCalls
    private let places: ArtifactPlaces
    private let isLeft: Bool
    /// The answer by which the server has said that it serves no artifacts at all; it is not asked again.
    private var lasting: RefusedCall?

    /// - Parameter isLeft: whether locations stay as they are, and no files come.
    init(calls: any ServerCalls, places: ArtifactPlaces, isLeft: Bool) {
        self.calls = calls
        self.places = places
        self.isLeft = isLeft
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

    /// The location after the move.
    func movedLocation(_ location: String) -> String { isLeft ? location : places.movedLocation(location) }

    /// Passes on the files of a run or model.
    ///
    /// Locations that are neither served nor on the server's own disk, as in object storage, stay as they are.
    func read(_ owner: Owner, at location: String, _ take: (TransferItem) throws -> Void) throws {
        guard !isLeft, var target = places.relativePath(location) else { return }
        while target.hasSuffix("/") { target.removeLast() }
        // The folders that MLflow makes; another one might hold those of other runs.
        guard target.hasSuffix("\(owner.id)/artifacts"), ArtifactPlaces.isFolder(target, ofOneOf: [owner.id]) else {
            return try take(.skipped(owner.title, "its artifacts are at \(location), which is no folder of its own"))
        }
        let routes = ArtifactRoutes(owner: owner, proxied: location.hasPrefix("mlflow-artifacts:") ? target : nil)
        var waiting = [(path: "", depth: 0)]
        var emptyFolders = 0
        while let (folder, depth) = waiting.popLast() {
            guard emptyFolders < Self.maximumEmptyFolders else {
                let reason = "its folders do not end: \(emptyFolders) one after another have no file"
                return try take(.skipped("artifacts of \(owner.title)", reason))
            }
            emptyFolders += 1
            do {
                if let lasting { throw lasting }
                let list = try calls.get(routes.list(folder)).root()["files"]
                for file in list.map({ Array($0.elements) }) ?? [] {
                    let name = routes.name(file["path"]?.string ?? "")
                    guard Self.isPlain(name) else {
                        let reason = "its artifact '\(shortened(name))' has no name that a file can have"
                        try take(.skipped(owner.title, reason))
                        continue
                    }
                    let path = folder.isEmpty ? name : folder + "/" + name
                    guard file["is_dir"]?.bool == true else {
                        emptyFolders = 0
                        try take(.remoteFile(remoteFile(path, routes, owner, target, file["file_size"])))
                        continue
                    }
                    guard depth < Self.maximumDepth else {
                        try take(.skipped(owner.title, "its artifact folder '\(shortened(path))' is too deep"))
                        continue
                    }
                    waiting.append((path, depth + 1))
                }
            } catch let refusal as RefusedCall {
                if refusal.status == 501 || refusal.status == 503 { lasting = refusal }
                let place = folder.isEmpty ? "" : ", folder \(folder)"
                try take(.skipped("artifacts of \(owner.title)\(place)", refusal.description))
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
        let calls = calls
        // Protobuf's JSON has 64-bit integers in strings.
        let bytes = size?.int64 ?? size?.string.flatMap { Int64($0) }
        return RemoteFile(
            place: "artifact \(path) of \(owner.title)",
            target: target + "/" + path,
            size: bytes,
            fetch: { try calls.fetch(routes.file(path), bytes: bytes) }
        )
    }

    /// Whether a name cannot lead out of its folder.
    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && !name.utf8.contains(UInt8(ascii: "/")) && !name.utf8.contains(0)
    }
}

/// The calls by which the artifacts of a run or model are listed and read.
private struct ArtifactRoutes {
    let owner: ServedFiles.Owner
    /// The path beneath the server's root of artifacts; nil where the server keeps them elsewhere and has to be asked by
    /// the id of their owner.
    let proxied: String?

    /// - Parameter folder: beneath the owner's artifacts; empty for them all.
    func list(_ folder: String) -> String {
        if let proxied {
            let whole = folder.isEmpty ? proxied : proxied + "/" + folder
            return "/api/2.0/mlflow-artifacts/artifacts?path=\(PercentCoding.encode(whole))"
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

    /// The name of a listed file in its folder: lists by owner have whole paths.
    func name(_ path: String) -> String {
        guard proxied == nil, let slash = path.lastIndex(of: "/") else { return path }
        return String(path[path.index(after: slash)...])
    }

    func file(_ path: String) -> String {
        if let proxied {
            let parts = (proxied + "/" + path).split(separator: "/").map { PercentCoding.encode($0) }
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
