internal import ArgumentParser
internal import JSON

struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the database and the artifacts to another folder, even while a server is running on them.",
        discussion: """
            Makes a new backup in the folder: a subfolder named by its time, called a generation, with a manifest of \
            sizes and hashes. The backup contains every write that was answered before the command began. Artifacts that \
            are in the previous backup too become hard links to its files if possible; others are copied or, on the same \
            file system, linked. An interrupted backup is never listed or restored, and the next backup removes its files.
            """
    )

    @Argument(
        help: ArgumentHelp("The folder for backups; made if it is absent.", valueName: "folder"),
        completion: .directory
    )
    var backupPath: String
    @OptionGroup(title: "Where the data is") var storage: StorageOptions
    @Option(help: ArgumentHelp("Keep this many of the newest backups, and remove the older ones. (default: keep all)"))
    var keep: Int?
    @Flag(help: "Copy artifacts even where hard links are possible.") var copy = false
    @Flag(help: "Print one line of JSON.") var json = false

    func validate() throws {
        guard keep.map({ $0 > 0 }) ?? true else { throw ValidationError("--keep must be at least 1.") }
    }

    func run() throws {
        try CommandFailure.reporting {
            let environment = Environment.process
            let path = try StorageLayout.database(storage, environment).path
            guard FileKind(path) == .file else { throw AbsentDatabase(path: path).failure(allowsPostgres: false) }
            let layout = try StorageLayout(storage, environment)
            let backupFolder = try BackupFolder(backupPath)
            guard !StoragePaths.isInside(backupFolder.path, layout.artifactsPath) else {
                throw StartFailure(
                    "'\(backupFolder.path)' is in the folder of artifacts, which would be copied into itself."
                )
            }
            if let folder = layout.dataFolder, StoragePaths.isInside(backupFolder.path, folder) {
                throw StartFailure(
                    "'\(backupFolder.path)' is in the data folder and would be lost with it. Name a folder outside of it, "
                        + "if possible on another disk."
                )
            }
            guard backupFolder.containsSnapshots != true else {
                throw StartFailure(
                    "'\(backupFolder.path)' contains the snapshots of a server. Give backups a folder of their own."
                )
            }
            let backup = Backup(
                databasePath: path,
                artifactsPath: layout.artifactsPath,
                backupFolder: backupFolder,
                mayLink: !copy
            )
            let lock = try backupFolder.prepareForBackup()
            defer { withExtendedLifetime(lock) {} }
            let result = try backup.run()
            if let keep { try backupFolder.removeOldGenerations(keeping: keep) }
            BackupAudit.recordBackup(at: result.folder, of: path)
            report(result)
            if let bucket = layout.bucketURI {
                StandardStream.error.write(
                    "apus: not in the backup: the artifacts in '\(bucket)'; protect them by the versioning of the bucket"
                )
            }
            if let local = layout.localArtifactRootPath, local != layout.artifactsPath {
                StandardStream.error.write(
                    "apus: not in the backup: '\(local)', where clients store artifacts themselves"
                )
            }
        }
    }

    private func report(_ result: Backup.Result) {
        for path in result.leftOut.prefix(20) { StandardStream.error.write("apus: not a file, left out: \(path)") }
        guard json else {
            let files = Amount.text(result.files, "file")
            StandardStream.output.write(
                "\(result.folder): \(files), \(Amount.bytes(result.bytes)); \(result.unchanged) unchanged since the previous "
                    + "backup, \(result.linked) linked"
            )
            return
        }
        let object = JSONWriter.objectText { writer in
            writer.member("backup", result.folder)
            writer.member("files", result.files)
            writer.member("bytes", result.bytes)
            writer.member("unchanged", result.unchanged)
            writer.member("linked", result.linked)
            writer.member("left_out", result.leftOut.count)
        }
        StandardStream.output.write(object)
    }
}

struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Restore a backup to a data folder that no server has open.",
        discussion: """
            First every file of the backup is compared with the manifest; a damaged backup is refused. If the data \
            folder already contains data, the command fails or, with --replace, moves that data into a subfolder \
            `replaced-…`.
            """
    )

    @Argument(
        help: ArgumentHelp("A folder of backups, or one generation in it.", valueName: "folder"),
        completion: .directory
    )
    var backupPath: String
    @OptionGroup(title: "Where the data is") var storage: StorageOptions
    @Option(help: ArgumentHelp("The name of the generation. (default: the newest)", valueName: "name"))
    var generation: String?
    @Flag(help: "Move data that is in the data folder into a subfolder.") var replace = false
    @Flag(help: "Copy artifacts even where hard links are possible.") var copy = false

    func run() throws {
        try CommandFailure.reporting {
            let folder = try BackupFolder(backupPath).folder(generation)
            let backupFolder = try BackupFolder.ofGeneration(folder)
            let target = try StorageLayout.database(storage, .process).path
            guard !StoragePaths.isInside(target, backupFolder.path) else {
                throw StartFailure(
                    "The data folder of '\(target)' is in '\(backupFolder.path)', which contains backups. Restore into another "
                        + "folder."
                )
            }
            let lock = try backupFolder.lockForReading()
            defer { withExtendedLifetime(lock) {} }
            let layout = try StorageLayout(storage, .process)
            let restoration = Restoration(
                verification: try BackupVerification(folder),
                databasePath: layout.databasePath,
                artifactsPath: layout.artifactsPath,
                replaces: replace,
                mayLink: !copy
            )
            let oldDataFolder = try restoration.run()
            BackupAudit.recordRestoration(from: folder, to: layout.databasePath)
            StandardStream.output.write("restored \(folder) to \(layout.databasePath)")
            if let oldDataFolder {
                StandardStream.output.write("the data that was there before is in \(oldDataFolder)")
            }
        }
    }
}
