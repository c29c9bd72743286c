internal import ArgumentParser
internal import Files
internal import JSON
internal import SQLite
internal import TrackingStore

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a data folder, or a backup, and say what is wrong.",
        discussion: """
            Of a data folder: SQLite's own check, references, the summaries of metrics against their points, the counters \
            of the model registry, and the artifacts against their journal; with or without a server on it. Of a backup: \
            every file against the manifest, then the same. Reads everything, and changes nothing without --repair. Exits \
            with 0 if nothing is wrong, with 1 otherwise.
            """
    )

    @Argument(help: ArgumentHelp("A folder of backups, or one generation; else the data folder.", valueName: "place"))
    var place: String?
    @OptionGroup(title: "Where data lies") var storage: StorageOptions
    @Flag(help: "Mend what can be mended with certainty; no server may hold the folder.") var repair = false
    @Flag(help: "One line of JSON.") var json = false

    func validate() throws {
        guard place == nil || !repair else { throw ValidationError("A backup is not repaired; restore another one.") }
    }

    func run() throws {
        try CommandFailure.reporting {
            var findings = Findings()
            if let place {
                let folder = try BackupPlace(place).folder(nil)
                findings.subject = folder
                let verification = try BackupVerification(folder)
                findings.faults = verification.faults()
                // A file that was changed need not even be a database.
                if findings.faults.isEmpty {
                    try check(
                        folder + "/" + BackupManifest.databaseName,
                        artifacts: folder + "/" + BackupManifest.artifactsName,
                        &findings
                    )
                }
            } else {
                let environment = Environment.process
                let path = try StorageLayout.database(storage, environment).path
                guard FileKind(path) == .file else {
                    throw StartFailure(
                        "There is no database at '\(path)'. Name the folder of all data with --data-dir."
                    )
                }
                findings.subject = path
                let artifacts = try StorageLayout(storage, environment).artifactsPath
                if repair { try mend(path, &findings) }
                try check(path, artifacts: artifacts, &findings)
            }
            report(findings)
            if !findings.faults.isEmpty { throw ExitCode.failure }
        }
    }

    private func mend(_ path: String, _ findings: inout Findings) throws {
        do {
            let lock = try OwnerLock(databasePath: path)
            defer { lock.release() }
            let claim = try DatabaseClaim(databasePath: path)
            defer { claim.release() }
            let migrator = try Migrator(try EmbeddedMigrations.load())
            _ = try migrator.inspect(path: path)
            let (connection, _) = try Connection.openForWriting(path: path)
            defer { connection.close() }
            try migrator.migrate(connection)
            let check = StoreCheck(connection, mends: true)
            let faults = try connection.immediateTransaction { try check.faults() }
            findings.mended = faults.filter(\.isMendable).map(\.text)
        } catch {
            throw StartFailure.opening(path, error)
        }
    }

    /// Reads the database first and the files after it: what a server stores meanwhile is then in neither or in both.
    private func check(_ path: String, artifacts: String, _ findings: inout Findings) throws {
        let known: ArtifactCheck
        do {
            let migrations = try EmbeddedMigrations.load()
            let state = try Migrator(migrations).inspect(path: path)
            findings.isOfOlderVersion = state != .applied(version: migrations.count)
            let connection = try Connection(path: path, mode: .readOnly, busyTimeout: .seconds(60))
            defer { connection.close() }
            let check = StoreCheck(connection, mends: false)
            (findings.faults, known) = try connection.readTransaction { [findings] in
                let faults = try findings.isOfOlderVersion ? check.fileFaults() : check.faults()
                return (faults.map(\.text), try ArtifactCheck(connection))
            }
        } catch {
            throw StartFailure.opening(path, error)
        }
        let missing = try missingArtifacts(path, artifacts, known)
        findings.faults += missing.prefix(20)
        if missing.count > 20 { findings.faults.append("\(missing.count - 20) more artifacts are missing or changed") }
        try Disk.walk(artifacts, leavingOut: { $0.hasPrefix(".apus-upload-") }) { file, status in
            findings.files += 1
            guard known.isOwnerless(file) else { return }
            findings.ownerlessFiles += 1
            findings.ownerlessBytes += status.size
            if findings.ownerless.count < 5 { findings.ownerless.append(file) }
        }
    }

    /// What the journal tells of and the disk does not hold, a line each.
    private func missingArtifacts(_ path: String, _ artifacts: String, _ known: ArtifactCheck) throws -> [String] {
        func fault(_ file: String, _ bytes: Int64) -> String? {
            guard let status = FileStatus(path: artifacts + "/" + file) else {
                return "the artifact \(file) is in the journal and not on the disk"
            }
            // Overwritten by a program that writes beside the server, or not by Apus.
            return status.size == bytes ? nil : "the artifact \(file) has \(status.size) bytes, not \(bytes)"
        }
        let suspects = known.files.filter { fault($0.key, $0.value) != nil }
        guard !suspects.isEmpty else { return [] }
        // A server deletes or replaces a file a moment before it says so in the journal.
        sleepFor(.milliseconds(100))
        let connection = try Connection(path: path, mode: .readOnly, busyTimeout: .seconds(60))
        defer { connection.close() }
        let later = try connection.readTransaction { try ArtifactCheck(connection) }
        return later.files.filter { suspects[$0.key] != nil }.sorted { $0.key < $1.key }
            .compactMap { fault($0.key, $0.value) }
    }

    private func report(_ findings: Findings) {
        guard json else {
            for text in findings.mended { StandardStream.output.write("mended: \(text)") }
            for text in findings.faults { StandardStream.output.write("wrong: \(text)") }
            if findings.ownerlessFiles > 0 {
                let files = Amount.text(findings.ownerlessFiles, "file")
                StandardStream.output.write(
                    "note: \(files) (\(Amount.bytes(findings.ownerlessBytes))) of runs or models that do not exist, such as "
                        + (findings.ownerless.first ?? "")
                )
            }
            if findings.isOfOlderVersion {
                StandardStream.output.write(
                    "note: an older version of Apus wrote the database; only SQLite's own check and the files were looked at"
                )
            }
            let count = Int64(findings.faults.count)
            let verdict = count == 0 ? "nothing is wrong" : Amount.text(count, "fault")
            StandardStream.output.write("\(findings.subject), \(Amount.text(findings.files, "artifact")): \(verdict)")
            return
        }
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("checked", findings.subject)
        writer.member("sound", findings.faults.isEmpty)
        writer.memberArray("faults") { writer in for text in findings.faults { writer.string(text) } }
        writer.memberArray("mended") { writer in for text in findings.mended { writer.string(text) } }
        writer.member("older_version", findings.isOfOlderVersion)
        writer.member("artifacts", findings.files)
        writer.member("ownerless_files", findings.ownerlessFiles)
        writer.member("ownerless_bytes", findings.ownerlessBytes)
        writer.endObject()
        StandardStream.output.write(String(decoding: writer.takeBytes(), as: UTF8.self))
    }
}

/// What a check has found.
private struct Findings {
    var subject = ""
    var faults: [String] = []
    var mended: [String] = []
    /// Whether the next server on it will first change its tables.
    var isOfOlderVersion = false
    var files: Int64 = 0
    /// Files in folders of runs or models that do not exist: of no harm, but of no use.
    var ownerlessFiles: Int64 = 0
    var ownerlessBytes: Int64 = 0
    var ownerless: [String] = []
}
