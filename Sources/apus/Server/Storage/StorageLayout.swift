internal import Glibc
internal import S3
internal import Tracking

/// The absolute paths of all data of a server.
struct StorageLayout {
    /// The SQLite database; not used if `postgres` is set.
    let databasePath: String
    /// The PostgreSQL database of a server; nil if its data is in SQLite.
    let postgres: PostgresURI?
    /// The folder of artifacts that go through the server; not used if `artifactBucket` is set.
    let artifactsPath: String
    /// The bucket and the prefix of artifacts that go through the server; nil if they are in `artifactsPath`.
    let artifactBucket: S3Location?
    /// Whether a flag or the environment says where artifacts that go through the server are.
    let namesArtifactLocation: Bool
    /// The location of the artifacts of new experiments, as clients see it.
    let artifactRoot: ArtifactLocation
    /// The bucket and the prefix of `artifactRoot`; nil if `artifactRoot` is not in an object store.
    let artifactRootBucket: S3Location?
    /// The local folder of `artifactRoot`; nil if clients do not write to a local folder themselves.
    let localArtifactRootPath: String?
    let servesArtifacts: Bool
    let servesOnlyArtifacts: Bool
    /// Whether equal files share disk space.
    let deduplicatesArtifacts: Bool
    let workingDirectory: String
    /// One line for each setting that was ignored.
    let remarks: [String]
    /// The largest size of the database's write-ahead log on the disk.
    let databaseLogBytes: Int

    /// Resolves flags and environment variables, and creates the folders of the database.
    ///
    /// - Parameters:
    ///   - keeping: the flags that only a server has; nil for other commands.
    ///   - allowsPostgres: whether the command also works on a database in PostgreSQL, as a server does.
    /// - Throws: `StartFailure` for a store that this server cannot use.
    init(
        _ options: StorageOptions,
        _ environment: Environment,
        keeping: DataHandlingOptions? = nil,
        allowsPostgres: Bool = false
    ) throws(StartFailure) {
        workingDirectory = try Self.currentFolder()
        let onlyArtifacts = try environment.isOn(.artifactsOnly) ?? false
        servesOnlyArtifacts = keeping?.artifactsOnly == true || onlyArtifacts
        postgres = try keeping != nil || allowsPostgres ? PostgresURI.find(options, environment) : nil
        let database: (path: String, remarks: [String], source: String?)
        if let postgres {
            let folder = try Self.dataFolder(options.dataDir, environment, workingDirectory)
            database = (folder + "/apus.db", [], postgres.source)
        } else {
            database = try Self.database(options, environment)
        }
        guard database.source == nil || !servesOnlyArtifacts else {
            throw StartFailure(
                "A server with --artifacts-only has no backend store; leave \(database.source ?? "it") out."
            )
        }
        (databasePath, remarks) = (database.path, database.remarks)
        servesArtifacts = try environment.isOn(.serveArtifacts, keeping?.serveArtifacts) ?? true
        deduplicatesArtifacts = try environment.isOn(.deduplicateArtifacts, keeping?.deduplicateArtifacts) ?? false
        let destination = environment.setting(.artifactsDestination, options.artifactsDestination)
        namesArtifactLocation = destination != nil
        artifactBucket = try destination.flatMap { setting throws(StartFailure) in try Self.bucket(setting) }
        if let artifactBucket {
            artifactsPath = Self.parent(of: databasePath) + "/artifacts"
            guard !deduplicatesArtifacts else {
                throw StartFailure(
                    "\(SettingDefinition.deduplicateArtifacts.flag) shares the space of local files; with artifacts in "
                        + "'\(artifactBucket.uri)' leave it out."
                )
            }
        } else {
            artifactsPath = try Self.artifactsPath(
                dataDir: options.dataDir,
                destination: options.artifactsDestination,
                environment
            )
        }
        let artifactLocation = artifactBucket?.uri ?? artifactsPath
        let fallback = Setting(source: "the default", text: servesArtifacts ? "mlflow-artifacts:/" : artifactLocation)
        let root = environment.setting(.defaultArtifactRoot, options.defaultArtifactRoot)
        (artifactRoot, localArtifactRootPath) = try Self.artifactRoot(root ?? fallback, workingDirectory)
        artifactRootBucket = try Self.bucket(root ?? fallback)
        databaseLogBytes = try StorageSize.logLimit(
            environment.setting(.databaseLogLimit, keeping?.databaseLogLimit)?.text
        )
        let folder = Self.parent(of: databasePath)
        guard postgres == nil else {
            // The data folder then contains only artifacts, or nothing. Only a server creates it, and only for artifacts.
            let isInFolder = artifactBucket == nil && artifactsPath == folder + "/artifacts"
            if isInFolder, keeping != nil { try Self.makeFolders(folder) }
            return
        }
        try StoragePaths.requireApart(
            databasePath: databasePath,
            artifacts: [
                (flag: "--artifacts-destination", path: artifactsPath),
                (flag: "--default-artifact-root", path: localArtifactRootPath),
            ]
        )
        try Self.makeFolders(folder)
        DataFolder(path: folder, databasePath: databasePath).restrictModes(workingDirectory: workingDirectory)
    }

    /// The buckets in which a server opens artifacts.
    var servedBuckets: Set<String> { Set([artifactBucket, artifactRootBucket].compactMap(\.?.bucket)) }

    /// The data folder, if it contains both the database and the artifacts under their usual names; otherwise nil.
    var dataFolder: String? {
        let folder = Self.parent(of: databasePath)
        let hasBoth = artifactBucket == nil && artifactsPath == folder + "/artifacts"
        return databasePath == folder + "/apus.db" && hasBoth ? folder : nil
    }

    /// The database of a server with these flags, and the setting that names it; nil for the usual file in the data folder.
    ///
    /// This method creates no files or folders.
    static func database(
        _ options: StorageOptions,
        _ environment: Environment
    ) throws(StartFailure) -> (path: String, remarks: [String], source: String?) {
        let workingDirectory = try currentFolder()
        let store = environment.setting(.backendStoreURI, options.backendStoreUri)
        if let store {
            let uri = try StoreURI(store, workingDirectory)
            try BackupFolder.refuse(asDataFolder: parent(of: uri.path))
            return (uri.path, uri.remarks, store.source)
        }
        let folder = try dataFolder(options.dataDir, environment, workingDirectory)
        try refuseFileStore(folder)
        try BackupFolder.refuse(asDataFolder: folder)
        return (folder + "/apus.db", [], nil)
    }

    /// The folder of artifacts of a server with these flags.
    ///
    /// This method creates no files or folders.
    static func artifactsPath(
        dataDir: String?,
        destination: String?,
        _ environment: Environment
    ) throws(StartFailure) -> String {
        let workingDirectory = try currentFolder()
        if let setting = environment.setting(.artifactsDestination, destination) {
            if let bucket = try bucket(setting) {
                throw StartFailure(
                    "\(setting.source): this command works on artifacts in a folder, and not on those in '\(bucket.uri)'."
                )
            }
            return try folder(setting, workingDirectory)
        }
        return try dataFolder(dataDir, environment, workingDirectory) + "/artifacts"
    }

    private static func dataFolder(
        _ option: String?,
        _ environment: Environment,
        _ workingDirectory: String
    ) throws(StartFailure) -> String {
        guard let setting = environment.setting(.dataDir, option) else {
            return absolute("apus-data", workingDirectory)
        }
        guard !setting.text.isEmpty else { throw StartFailure("\(setting.source) is empty; name a folder.") }
        try refuseAddress(setting, workingDirectory)
        return absolute(setting.text, workingDirectory)
    }

    static func currentFolder() throws(StartFailure) -> String {
        guard let buffer = getcwd(nil, 0) else { throw StartFailure("The working directory does not exist any more.") }
        defer { free(buffer) }
        guard let folder = String(validatingCString: buffer) else {
            throw StartFailure(
                "The name of the working directory is not UTF-8. Change to another directory, or use a link to it."
            )
        }
        return folder
    }

    /// The absolute form of a path, without `.` segments, doubled slashes and a slash at its end.
    static func absolute(_ path: String, _ folder: String) -> String {
        let segments = (path.hasPrefix("/") ? path : folder + "/" + path).split(separator: "/").filter { $0 != "." }
        return "/" + segments.joined(separator: "/")
    }

    static func parent(of path: String) -> String { String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) }

    /// Throws if the folder is an MLflow file store, because an empty database in it would look as if all runs were lost.
    private static func refuseFileStore(_ folder: String) throws(StartFailure) {
        let isFileStore = FileKind(folder + "/0/meta.yaml") == .file || FileKind(folder + "/.trash") == .folder
        guard isFileStore, FileKind(folder + "/apus.db") == .absent else { return }
        throw StartFailure(
            "'\(folder)' is an MLflow file store (mlruns), which cannot be served. Import it with apus import "
                + "'\(folder)' --to FOLDER, and serve that folder with --data-dir."
        )
    }

    /// Returns the bucket and the prefix that a setting names; nil if the setting is not an `s3:` URI.
    static func bucket(_ setting: Setting) throws(StartFailure) -> S3Location? {
        guard ArtifactLocation(setting.text).scheme == "s3" else { return nil }
        do throws(S3Failure) {
            return try S3Location(setting.text)
        } catch {
            throw StartFailure("\(setting.source): \(error.message)")
        }
    }

    /// The absolute path of the folder that a path or a `file:` URI names; the folder need not exist.
    static func folder(_ setting: Setting, _ workingDirectory: String) throws(StartFailure) -> String {
        try refuseAddress(setting, workingDirectory)
        let location = ArtifactLocation(setting.text)
        guard location.scheme != nil || setting.text.firstRange(of: "://") == nil else {
            throw StartFailure("\(setting.quoted): this is neither a path nor a URI; is there a space before it?")
        }
        let path: String
        switch location.scheme {
        case nil: path = absolute(setting.text, workingDirectory)
        case "file":
            do {
                path = absolute(try location.localPath, workingDirectory)
            } catch {
                throw StartFailure("\(setting.source): \(error.message)")
            }
        default:
            throw StartFailure(
                "\(setting.quoted): artifacts cannot be kept there; local folders, file:// URIs and s3:// URIs are supported."
            )
        }
        switch FileKind(path) {
        case .folder, .absent: return path
        case .file, .other: throw StartFailure("\(setting.source): '\(path)' is not a folder.")
        }
    }

    /// Throws if a setting for a folder looks like the address of a database with a password, and the folder does not exist.
    ///
    /// Otherwise a folder would be created whose path contains the password.
    ///
    /// - Parameter flag: the flag that takes the address of a database.
    static func refuseAddress(
        _ setting: Setting,
        _ workingDirectory: String,
        flag: String = SettingDefinition.backendStoreURI.flag
    ) throws(StartFailure) {
        guard HiddenPasswords.passwords(in: Array(setting.text.utf8)).contains(where: { !$0.isEmpty }),
            FileKind(absolute(setting.text, workingDirectory)) == .absent
        else { return }
        throw StartFailure(
            "\(setting.source) names no folder that exists, and looks like an address with a password. Write the address of a "
                + "PostgreSQL database as \(flag) postgresql://USER:PASSWORD@HOST:PORT/DATABASE. If you mean a folder of this name, "
                + "create it first."
        )
    }

    private static func artifactRoot(
        _ setting: Setting,
        _ workingDirectory: String
    ) throws(StartFailure) -> (ArtifactLocation, String?) {
        let root = setting.text
        if let bucket = try bucket(setting) { return (ArtifactLocation(bucket.uri), nil) }
        let location = ArtifactLocation(root)
        guard ["file", nil].contains(location.scheme) else {
            // Clients may keep artifacts at an address with a password, such as ftp://USER:PASSWORD@HOST.
            if root.hasPrefix("postgres") || !root.contains("://") { try refuseAddress(setting, workingDirectory) }
            return (location, nil)
        }
        let path = try folder(setting, workingDirectory)
        if location.scheme == nil { return (ArtifactLocation(root.hasPrefix("/") ? root : path), path) }
        let isRelative = !root.dropFirst("file:".count).hasPrefix("/")
        return (isRelative ? ArtifactLocation("file://" + path) : location, path)
    }

    /// Creates a folder and the missing folders above it, accessible to this user only.
    ///
    /// - Parameter flag: the flag that names the folder, for messages.
    static func makeFolders(_ path: String, flag: String = "--data-dir") throws(StartFailure) {
        var made = ""
        for segment in path.split(separator: "/") {
            made += "/" + segment
            guard mkdir(made, 0o700) != 0 else {
                DataFolder.synchronize(Self.parent(of: made))
                continue
            }
            let reason = String(cString: strerror(errno))
            var status = stat()
            guard stat(made, &status) == 0 else {
                throw StartFailure("The folder '\(made)' cannot be made: \(reason). Choose another with \(flag).")
            }
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw StartFailure("'\(made)' is a file where a folder is needed. Choose another with \(flag).")
            }
        }
    }
}
