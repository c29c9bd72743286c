internal import SQLite

/// Fills an empty data folder from a snapshot before a server opens it.
struct SnapshotRestoration {
    let settings: SnapshotSettings
    let layout: StorageLayout

    /// Restores the newest undamaged snapshot; if the data folder has a database, only checks that the snapshots were made of it.
    ///
    /// - Parameter report: is called with lines about restored and damaged snapshots, and about the progress of long work.
    /// - Throws: `StartFailure` if there are snapshots and none can be restored, if they are of other data, or if
    ///   another server is restoring them; `BackupManifest.LaterVersion` if a later version of Apus made the one to restore.
    func run(_ report: @escaping (String) -> Void) throws {
        try settings.makeFolder()
        guard settings.backupFolder.containsSnapshots != false else {
            throw StartFailure(
                "'\(settings.backupFolder.path)' contains backups. Give snapshots a folder of their own."
            )
        }
        let readLock = try settings.backupFolder.lockForReading()
        defer { withExtendedLifetime(readLock) {} }
        let names = try settings.backupFolder.readGenerations()
        guard FileKind(layout.databasePath) == .absent else { return try requireOwn(names) }
        guard !names.isEmpty else { return }
        // Several servers may start at once, and reading the snapshots may be slow, so only the server with this lock reads them.
        let lock: OwnerLock
        do {
            lock = try OwnerLock(databasePath: layout.databasePath)
        } catch {
            throw StartFailure.opening(layout.databasePath, error)
        }
        defer { lock.release() }
        guard FileKind(layout.databasePath) == .absent else { return try requireOwn(names) }
        try restoreNewest(of: names, holding: lock, report)
    }

    private func requireOwn(_ names: [String]) throws {
        let lineage = SnapshotLineage(databasePath: layout.databasePath)
        try lineage.requireOwn(names.last, of: settings.backupFolder)
        try lineage.requireNotEmptied(names, of: settings.backupFolder)
    }

    private func restoreNewest(
        of names: [String],
        holding lock: OwnerLock,
        _ report: @escaping (String) -> Void
    ) throws {
        var damages: [String] = []
        for name in names.reversed() {
            let folder = "\(settings.backupFolder.path)/\(name)"
            let verification: BackupVerification
            do {
                verification = try BackupVerification(folder)
            } catch let later as BackupManifest.LaterVersion {
                // Restoring an older snapshot instead would lose the changes in this one.
                throw later
            } catch {
                damages.append(StartFailure.message(for: error))
                continue
            }
            let size = verification.manifest.files.values.reduce(0) { $0 + $1.size }
            var checked = ReadingProgress("checked", of: folder, size, report)
            let faults = verification.faults { checked.add($0) }
            guard faults.isEmpty else {
                damages.append("The snapshot '\(folder)' is damaged: \(faults.prefix(3).joined(separator: "; ")).")
                continue
            }
            damages.forEach(report)
            var copied = ReadingProgress("copied", of: folder, size, report)
            let oldDataFolder = try restore(verification, holding: lock) { copied.add($0) }
            report("restored the snapshot '\(folder)' to \(layout.databasePath)")
            if let oldDataFolder { report("the data that was there before is in \(oldDataFolder)") }
            return
        }
        throw StartFailure(
            damages.joined(separator: " ") + " No snapshot can be restored; start with another --snapshot-to."
        )
    }

    private func restore(
        _ verification: BackupVerification,
        holding lock: OwnerLock,
        _ progress: (Int64) -> Void
    ) throws -> String? {
        // A killed restoration leaves its copy of the database. The artifacts that it has put in place are moved away.
        let wasKilled = FileKind(layout.databasePath + Restoration.stagedSuffix) == .file
        let restoration = Restoration(
            verification: verification,
            databasePath: layout.databasePath,
            artifactsPath: layout.artifactsPath,
            replaces: wasKilled,
            mayLink: false
        )
        return try restoration.run(isVerified: true, holding: lock, progress)
    }
}

/// Reports every few seconds how much of a snapshot has been checked or copied.
private struct ReadingProgress {
    private static let betweenLines = Duration.seconds(5)

    private let action: String
    private let folder: String
    private let size: Int64
    private let report: (String) -> Void
    private var done: Int64 = 0
    private var nextLine = ContinuousClock.now + betweenLines

    init(_ action: String, of folder: String, _ size: Int64, _ report: @escaping (String) -> Void) {
        (self.action, self.folder, self.size, self.report) = (action, folder, size, report)
    }

    mutating func add(_ bytes: Int64) {
        done += bytes
        guard .now >= nextLine else { return }
        nextLine = .now + Self.betweenLines
        report("restoring the snapshot '\(folder)': \(done >> 20) of \(size >> 20) MB \(action)")
    }
}
