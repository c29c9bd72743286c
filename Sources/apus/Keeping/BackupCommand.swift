internal import ArgumentParser
internal import JSON
internal import S3

struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the database and the artifacts to another folder, with or without a server on them.",
        discussion: """
            Makes a new generation in PLACE, a folder named by its time, with a manifest of sizes and hashes. It holds \
            every write that was answered before the command began. An artifact that the generation before has already \
            shares its space; others are copied or, on the same file system, linked. A backup that is interrupted leaves \
            nothing that counts.
            """
    )

    @Argument(
        help: ArgumentHelp("The folder for backups; made if it is absent.", valueName: "place"),
        completion: .directory
    )
    var place: String
    @OptionGroup(title: "Where data lies") var storage: StorageOptions
    @Option(help: ArgumentHelp("Then remove all but this many generations, the newest. (default: keep all)"))
    var keep: Int?
    @Flag(help: "Copy artifacts, also where hard links are possible.") var copy = false
    @Flag(help: "One line of JSON.") var json = false

    func validate() throws {
        guard keep.map({ $0 > 0 }) ?? true else { throw ValidationError("--keep must be at least 1.") }
    }

    func run() throws {
        try CommandFailure.reporting {
            let environment = Environment.process
            let path = try StorageLayout.database(storage, environment).path
            guard FileKind(path) == .file else {
                throw StartFailure("There is no database at '\(path)'. Name the folder of all data with --data-dir.")
            }
            let layout = try StorageLayout(storage, environment)
            let place = try BackupPlace(place)
            guard !StoragePlaces.isInside(place.path, layout.artifactsPath) else {
                throw StartFailure(
                    "'\(place.path)' lies in the folder of artifacts, which would be copied into itself."
                )
            }
            if let folder = layout.dataFolder, StoragePlaces.isInside(place.path, folder) {
                throw StartFailure(
                    "'\(place.path)' lies in the data folder and would be lost with it. Name a place elsewhere, best on "
                        + "another disk."
                )
            }
            guard place.holdsSnapshots != true else {
                throw StartFailure(
                    "'\(place.path)' holds the snapshots of a server. Give backups a place of their own."
                )
            }
            let backup = Backup(
                databasePath: path,
                artifactsPath: layout.artifactsPath,
                place: place,
                mayLink: !copy
            )
            let claim = try place.claim()
            defer { withExtendedLifetime(claim) {} }
            let result = try backup.run()
            if let keep { try place.keep(keep) }
            BackupAudit.noteBackup(at: result.folder, of: path)
            report(result)
            if let bucket = layout.artifactBucket {
                StandardStream.error.write(
                    "apus: not in the backup: the artifacts in '\(bucket.uri)'; keep them by the versioning of the bucket"
                )
            }
            if let local = layout.localArtifactRootPath, local != layout.artifactsPath {
                StandardStream.error.write(
                    "apus: not in the backup: '\(local)', where clients keep artifacts themselves"
                )
            }
        }
    }

    private func report(_ result: Backup.Result) {
        for path in result.leftOut.prefix(20) { StandardStream.error.write("apus: no file, left out: \(path)") }
        guard json else {
            let files = Amount.text(result.files, "file")
            StandardStream.output.write(
                "\(result.folder): \(files), \(Amount.bytes(result.bytes)); \(result.unchanged) unchanged since the backup "
                    + "before, \(result.linked) linked"
            )
            return
        }
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("backup", result.folder)
        writer.member("files", result.files)
        writer.member("bytes", result.bytes)
        writer.member("unchanged", result.unchanged)
        writer.member("linked", result.linked)
        writer.member("left_out", result.leftOut.count)
        writer.endObject()
        StandardStream.output.write(String(decoding: writer.takeBytes(), as: UTF8.self))
    }
}

struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Put a backup into a data folder that no server holds.",
        discussion: """
            Every file of the backup is first held against the manifest; a damaged backup is refused. What stands in the \
            data folder is refused too or, with --replace, moved into a folder `replaced-…` beside it.
            """
    )

    @Argument(help: ArgumentHelp("A folder of backups, or one generation.", valueName: "place"), completion: .directory)
    var place: String
    @OptionGroup(title: "Where data lies") var storage: StorageOptions
    @Option(help: ArgumentHelp("The generation by its name. (default: the newest)", valueName: "name"))
    var generation: String?
    @Flag(help: "Move what stands in the data folder aside.") var replace = false
    @Flag(help: "Copy artifacts, also where hard links are possible.") var copy = false

    func run() throws {
        try CommandFailure.reporting {
            let folder = try BackupPlace(place).folder(generation)
            let place = try BackupPlace.ofGeneration(folder)
            let target = try StorageLayout.database(storage, .process).path
            guard !StoragePlaces.isInside(target, place.path) else {
                throw StartFailure(
                    "The data folder of '\(target)' lies in '\(place.path)', which holds backups. Restore into another folder."
                )
            }
            let claim = try place.lockForReading()
            defer { withExtendedLifetime(claim) {} }
            let layout = try StorageLayout(storage, .process)
            let restoration = Restoration(
                verification: try BackupVerification(folder),
                databasePath: layout.databasePath,
                artifactsPath: layout.artifactsPath,
                replaces: replace,
                mayLink: !copy
            )
            let aside = try restoration.run()
            BackupAudit.noteRestoration(from: folder, to: layout.databasePath)
            StandardStream.output.write("restored \(folder) to \(layout.databasePath)")
            if let aside { StandardStream.output.write("what stood there is in \(aside)") }
        }
    }
}
