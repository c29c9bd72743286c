internal import Glibc
internal import Tracking

/// Where everything lies, every path absolute.
struct StorageLayout {
    let databasePath: String
    /// The folder of artifacts that go through the server.
    let artifactsPath: String
    /// Beneath it lie the artifacts of new experiments, as clients see it.
    let artifactRoot: ArtifactLocation
    /// The local folder of `artifactRoot` when clients write there themselves.
    let localArtifactRootPath: String?
    let servesArtifacts: Bool
    let servesOnlyArtifacts: Bool
    /// Whether equal files share their space.
    let deduplicatesArtifacts: Bool
    let workingDirectory: String

    /// Resolves flags and environment, and makes the folders of the database.
    ///
    /// - Throws: `StartFailure` for a store that this server cannot be.
    init(_ options: StorageOptions, _ environment: Environment) throws(StartFailure) {
        workingDirectory = try Self.currentFolder()
        let dataFolder = try Self.dataFolder(options.dataDir, environment, workingDirectory)
        let onlyArtifacts = try environment.bool("MLFLOW_ARTIFACTS_ONLY") ?? false
        servesOnlyArtifacts = options.artifactsOnly || onlyArtifacts
        if let store = options.backendStoreUri ?? environment["MLFLOW_BACKEND_STORE_URI"] {
            guard !servesOnlyArtifacts else {
                throw StartFailure(
                    "A server with --artifacts-only has no backend store; leave --backend-store-uri out."
                )
            }
            databasePath = try Self.databasePath(store, workingDirectory)
        } else {
            databasePath = dataFolder + "/apus.db"
        }
        let serving = try environment.bool("MLFLOW_SERVE_ARTIFACTS")
        servesArtifacts = options.serveArtifacts ?? serving ?? true
        let deduplicating = try environment.bool("APUS_DEDUPLICATE_ARTIFACTS")
        deduplicatesArtifacts = options.deduplicateArtifacts ?? deduplicating ?? false
        artifactsPath = try Self.artifactsPath(
            dataDir: options.dataDir,
            destination: options.artifactsDestination,
            environment
        )
        let root = options.defaultArtifactRoot ?? environment["MLFLOW_DEFAULT_ARTIFACT_ROOT"]
        let fallback = servesArtifacts ? "mlflow-artifacts:/" : artifactsPath
        (artifactRoot, localArtifactRootPath) = try Self.artifactRoot(root ?? fallback, workingDirectory)
        try requireDatabaseOutsideArtifacts()
        try Self.makeFolders(Self.parent(of: databasePath))
    }

    /// The folder of artifacts that go through a server with these flags; nothing is made.
    static func artifactsPath(
        dataDir: String?,
        destination: String?,
        _ environment: Environment
    ) throws(StartFailure) -> String {
        let workingDirectory = try currentFolder()
        if let destination = destination ?? environment["MLFLOW_ARTIFACTS_DESTINATION"] {
            return try folder(destination, workingDirectory)
        }
        return try dataFolder(dataDir, environment, workingDirectory) + "/artifacts"
    }

    private static func dataFolder(
        _ option: String?,
        _ environment: Environment,
        _ workingDirectory: String
    ) throws(StartFailure) -> String {
        guard option != "" else { throw StartFailure("--data-dir is empty; name a folder.") }
        return absolute(option ?? environment["APUS_DATA_DIR"] ?? "apus-data", workingDirectory)
    }

    private static func currentFolder() throws(StartFailure) -> String {
        guard let buffer = getcwd(nil, 0) else { throw StartFailure("The working directory is gone.") }
        defer { free(buffer) }
        return String(cString: buffer)
    }

    /// The path made absolute, without `.` segments, doubled slashes and a slash at its end.
    static func absolute(_ path: String, _ folder: String) -> String {
        let whole = path.hasPrefix("/") ? path : folder + "/" + path
        let segments = whole.split(separator: "/").filter { $0 != "." }
        return "/" + segments.joined(separator: "/")
    }

    private static func parent(of path: String) -> String {
        String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }

    private static func databasePath(_ uri: String, _ folder: String) throws(StartFailure) -> String {
        let prefix = "sqlite:///"
        let isURI = uri.hasPrefix(prefix)
        if !isURI, let scheme = ArtifactLocation(uri).scheme {
            throw StartFailure(
                "The store '\(scheme):…' is not supported. Use a SQLite file: --backend-store-uri sqlite:///apus.db, "
                    + "sqlite:////absolute/path/apus.db, or leave the flag out and set --data-dir."
            )
        }
        let path = absolute(isURI ? String(uri.dropFirst(prefix.count)) : uri, folder)
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            throw StartFailure(
                "'\(path)' is a folder, perhaps an MLflow file store (mlruns), which cannot be served. Name a SQLite file "
                    + "such as --backend-store-uri sqlite:///apus.db, or a folder for all data with --data-dir."
            )
        }
        return path
    }

    /// The folder that a path or a `file:` URI names.
    private static func folder(_ location: String, _ workingDirectory: String) throws(StartFailure) -> String {
        switch ArtifactLocation(location).scheme {
        case nil: return absolute(location, workingDirectory)
        case "file":
            do {
                return absolute(try ArtifactLocation(location).localPath, workingDirectory)
            } catch {
                throw StartFailure(error.message)
            }
        default:
            throw StartFailure(
                "Artifacts cannot be kept at '\(location)': only local folders and file:// URIs are supported."
            )
        }
    }

    private static func artifactRoot(
        _ root: String,
        _ workingDirectory: String
    ) throws(StartFailure) -> (ArtifactLocation, String?) {
        let location = ArtifactLocation(root)
        switch location.scheme {
        case nil:
            let path = root.hasPrefix("/") ? root : absolute(root, workingDirectory)
            return (ArtifactLocation(path), absolute(path, workingDirectory))
        case "file":
            let path = try folder(root, workingDirectory)
            let isRelative = !root.dropFirst("file:".count).hasPrefix("/")
            return (isRelative ? ArtifactLocation("file://" + path) : location, path)
        default:
            return (location, nil)
        }
    }

    /// Makes a folder and those above it, readable for this user alone.
    private static func makeFolders(_ path: String) throws(StartFailure) {
        var made = ""
        for segment in path.split(separator: "/") {
            made += "/" + segment
            guard mkdir(made, 0o700) != 0 else { continue }
            let reason = String(cString: strerror(errno))
            var status = stat()
            guard stat(made, &status) == 0 else {
                throw StartFailure("The folder '\(made)' cannot be made: \(reason). Choose another with --data-dir.")
            }
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw StartFailure("'\(made)' is a file where a folder is needed. Choose another with --data-dir.")
            }
        }
    }
}
