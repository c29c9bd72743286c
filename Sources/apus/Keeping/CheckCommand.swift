internal import ArgumentParser
internal import Files
internal import Glibc
internal import JSON
internal import SQLite
internal import TrackingStore

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a data folder, or a backup, and list what is wrong.",
        discussion: """
            In a data folder, which a server may have open, the command runs SQLite's own check, and checks references, the \
            summaries of metrics against their points, the counters of the model registry, and the artifacts against \
            their journal. In a backup, it compares every file with the manifest, and then checks the same. It changes \
            nothing without --repair. The exit status is 0 if nothing is wrong, and 1 otherwise.
            """
    )

    @Argument(
        help: ArgumentHelp(
            "A folder of backups, or one generation in it. (default: check the data folder)",
            valueName: "folder"
        ),
        completion: .directory
    )
    var backupPath: String?
    @OptionGroup(title: "Where the data is") var storage: StorageOptions
    @Flag(help: "Repair what can be repaired with certainty; no server may have the folder open.") var repair = false
    @Flag(help: "Print one line of JSON.") var json = false

    func validate() throws {
        guard backupPath == nil || !repair else {
            throw ValidationError("A backup is not repaired; restore another one.")
        }
    }

    func run() throws {
        try CommandFailure.reporting {
            var findings = Findings()
            if let backupPath {
                let folder = try Self.newestBackup(at: backupPath)
                findings.subject = folder
                let lock = try BackupFolder.ofGeneration(folder).lockForReading()
                defer { withExtendedLifetime(lock) {} }
                let verification = try BackupVerification(folder)
                findings.faults = verification.faults()
                // The database is checked only if no file was changed, because a changed database file may be unreadable.
                if findings.faults.isEmpty {
                    try check(
                        folder + "/" + BackupManifest.databaseName,
                        artifacts: .backup(verification.manifest),
                        &findings
                    )
                }
            } else {
                let environment = Environment.process
                let path = try StorageLayout.database(storage, environment).path
                guard FileKind(path) == .file else { throw AbsentDatabase(path: path).failure(allowsPostgres: false) }
                findings.subject = path
                let layout = try StorageLayout(storage, environment)
                if let bucket = layout.bucketURI {
                    throw StartFailure(
                        "apus check compares the journal with files of this machine, and these artifacts are in '\(bucket)'. "
                            + "To check only the database, make a backup, and give its folder to apus check."
                    )
                }
                let artifacts = CheckedArtifacts.folder(layout.artifactsPath)
                if repair { try repairData(path, artifacts, &findings) }
                try check(path, artifacts: artifacts, &findings)
            }
            report(findings)
            if !findings.faults.isEmpty { throw ExitCode.failure }
        }
    }

    /// The path of the newest backup in a folder, or of the folder itself if it is a backup.
    private static func newestBackup(at text: String) throws -> String {
        let backupFolder = try BackupFolder(text)
        let path = backupFolder.path
        guard FileKind(path + "/apus.db") == .absent || FileKind("\(path)/\(BackupManifest.name)") == .file
        else { throw StartFailure("'\(path)' is a data folder, not a backup: apus check --data-dir '\(text)'") }
        return try backupFolder.folder(nil)
    }

    private func repairData(_ path: String, _ artifacts: CheckedArtifacts, _ findings: inout Findings) throws {
        do {
            let lock = try OwnerLock(databasePath: path)
            defer { lock.release() }
            let fileLock = try DatabaseFileLock(databasePath: path)
            defer { fileLock.release() }
            let migrator = try Migrator(try EmbeddedMigrations.load())
            _ = try migrator.inspect(path: path)
            let (connection, _) = try Connection.openForWriting(path: path)
            defer { connection.close() }
            try migrator.migrate(connection)
            let check = StoreCheck(connection, mends: true)
            findings.mended = try connection.immediateTransaction {
                let faults = try check.faults()
                let comparison = JournalComparison(try ArtifactCheck(connection), artifacts)
                let entries = try comparison.addEntries(to: connection, wasKilled: lock.previousOwnerCrashed)
                return faults.filter(\.isMendable).map(\.text) + entries
            }
        } catch {
            throw StartFailure.opening(path, error)
        }
    }

    /// Checks a database, and then the artifact files against it.
    private func check(_ path: String, artifacts: CheckedArtifacts, _ findings: inout Findings) throws {
        let journal: ArtifactCheck
        do {
            let migrations = try EmbeddedMigrations.load()
            let state = try Migrator(migrations).inspect(path: path)
            findings.isOfOlderVersion = state != .applied(version: migrations.count)
            let connection = try Connection(path: path, mode: .readOnly, busyTimeout: .seconds(60))
            defer { connection.close() }
            let check = StoreCheck(connection, mends: false)
            (findings.faults, journal) = try connection.readTransaction { [findings] in
                let faults = try findings.isOfOlderVersion ? check.fileFaults() : check.faults()
                var journal = try ArtifactCheck(connection)
                if !findings.isOfOlderVersion, faults.isEmpty { try journal.readNeededFolders(connection) }
                return (faults.map(\.text), journal)
            }
        } catch {
            throw StartFailure.opening(path, error)
        }
        var needed = journal.neededFolders
        try artifacts.walk { file, bytes in
            findings.files += 1
            if !needed.isEmpty { for path in ArtifactCheck.pathAndParents(of: file) { needed[path] = nil } }
            if journal.isOwnerless(file) {
                findings.ownerlessFiles += 1
                findings.ownerlessBytes += bytes
                if findings.ownerless == nil { findings.ownerless = file }
            } else if journal.files[file] == nil {
                findings.unjournalled += 1
            }
        }
        for (folder, owner) in needed.sorted(by: { $0.key < $1.key }).prefix(Self.maximumListedFaults) {
            findings.notes.append("\(owner) has no file: there is none at \(folder)")
        }
        if needed.count > Self.maximumListedFaults {
            let rest = needed.count - Self.maximumListedFaults
            findings.notes.append("\(rest) more models and versions have no file")
        }
        let comparison = try comparison(path, artifacts, journal)
        switch artifacts {
        case .folder: addDifferences(comparison, wasKilled: Self.lastServerWasKilled(path), to: &findings)
        case .backup:
            // The files agree with the manifest, so they have not changed since the backup was made.
            let count = comparison.missing.count + comparison.newerThanJournal.count + comparison.changed.count
            guard count > 0 else { return }
            findings.notes.append(
                "\(Amount.text(Int64(count), "artifact")) differed from the journal when the backup was made: they were written or "
                    + "deleted during the backup, or lost before it; apus check --data-dir lists them"
            )
        }
    }

    /// Compares the files with the journal, and a second time if they differ.
    ///
    /// A running server changes a file a moment before it adds the entry to the journal.
    private func comparison(
        _ path: String,
        _ artifacts: CheckedArtifacts,
        _ journal: ArtifactCheck
    ) throws -> JournalComparison {
        let first = JournalComparison(journal, artifacts)
        guard !first.isEmpty, case .folder = artifacts else { return first }
        sleepFor(.milliseconds(100))
        let connection = try Connection(path: path, mode: .readOnly, busyTimeout: .seconds(60))
        defer { connection.close() }
        return JournalComparison(try connection.readTransaction { try ArtifactCheck(connection) }, artifacts)
    }

    private static let maximumListedFaults = 20

    /// Adds the differences to the findings.
    ///
    /// - Parameter wasKilled: whether the last server was killed; missing files are then no faults.
    private func addDifferences(_ comparison: JournalComparison, wasKilled: Bool, to findings: inout Findings) {
        if let first = comparison.newerThanJournal.first {
            findings.notes.append(
                "\(Amount.text(Int64(comparison.newerThanJournal.count), "artifact")) written after the last entry in the journal, such "
                    + "as \(first.path): by another program, or by a server that was killed. --repair adds the entries"
            )
        }
        if wasKilled, let first = comparison.missing.first {
            findings.notes.append(
                "\(Amount.text(Int64(comparison.missing.count), "artifact")) in the journal and not on the disk, such as "
                    + "\(first): the last server was killed, perhaps after it deleted them and before it noted that; otherwise "
                    + "they are lost. --repair adds a deletion to the journal"
            )
        }
        let missing =
            wasKilled ? [] : comparison.missing.map { "the artifact \($0) is in the journal and not on the disk" }
        let faults = missing + comparison.changed
        findings.faults += faults.prefix(Self.maximumListedFaults)
        if faults.count > Self.maximumListedFaults {
            findings.faults.append("\(faults.count - Self.maximumListedFaults) more artifacts are missing or changed")
        }
    }

    /// Whether the last server that used a database was killed, and no other one has been started since.
    private static func lastServerWasKilled(_ path: String) -> Bool {
        guard let owner = OwnerLock.owner(ofDatabase: path), owner.isOnThisMachine else { return false }
        return kill(owner.pid, 0) != 0 && errno == ESRCH
    }

    private func report(_ findings: Findings) {
        guard json else {
            for text in findings.mended { StandardStream.output.write("mended: \(text)") }
            for text in findings.faults { StandardStream.output.write("wrong: \(text)") }
            if findings.ownerlessFiles > 0 {
                let files = Amount.text(findings.ownerlessFiles, "file")
                StandardStream.output.write(
                    "note: \(files) (\(Amount.bytes(findings.ownerlessBytes))) of runs or models that do not exist, such as "
                        + (findings.ownerless ?? "")
                )
            }
            if findings.unjournalled > 0 {
                StandardStream.output.write(
                    "note: \(Amount.text(findings.unjournalled, "file")) without an entry in the journal, as after an import: "
                        + "the check cannot find out whether such files were changed or lost"
                )
            }
            for text in findings.notes { StandardStream.output.write("note: \(text)") }
            if findings.isOfOlderVersion {
                StandardStream.output.write(
                    "note: an older version of Apus wrote the database; only the files were checked, and SQLite's own check was run"
                )
            }
            if findings.faults.contains(where: { $0.hasPrefix(StoreCheck.fileFaultPrefix) }) {
                StandardStream.output.write("note: \(StartFailure.adviceForDamage)")
            }
            let count = Int64(findings.faults.count)
            let verdict = count == 0 ? "nothing is wrong" : Amount.text(count, "fault")
            StandardStream.output.write("\(findings.subject), \(Amount.text(findings.files, "artifact")): \(verdict)")
            return
        }
        let object = JSONWriter.objectText { writer in
            writer.member("checked", findings.subject)
            writer.member("sound", findings.faults.isEmpty)
            writer.member("faults", strings: findings.faults)
            writer.member("mended", strings: findings.mended)
            writer.member("notes", strings: findings.notes)
            writer.member("older_version", findings.isOfOlderVersion)
            writer.member("artifacts", findings.files)
            writer.member("unjournalled_files", findings.unjournalled)
            writer.member("ownerless_files", findings.ownerlessFiles)
            writer.member("ownerless_bytes", findings.ownerlessBytes)
        }
        StandardStream.output.write(object)
    }
}

/// The findings of a check.
private struct Findings {
    var subject = ""
    var faults: [String] = []
    var mended: [String] = []
    /// Whether the next server that opens the database will first change its tables.
    var isOfOlderVersion = false
    var files: Int64 = 0
    /// The number of files in folders of runs or models that do not exist; nobody needs these files.
    var ownerlessFiles: Int64 = 0
    var ownerlessBytes: Int64 = 0
    /// The path of one ownerless file, as an example.
    var ownerless: String?
    /// The number of files that have no entry in the journal.
    var unjournalled: Int64 = 0
    /// Messages for the user about facts that are not faults.
    var notes: [String] = []
}
