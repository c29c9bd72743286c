internal import Files
internal import Glibc

/// Makes one snapshot while the server is running.
///
/// The database is copied to the local disk first, because its write-ahead log cannot shrink during the copy, and the
/// snapshot folder may be slow. Artifacts that the folder already contains are not copied again.
struct Snapshot {
    let databasePath: String
    let artifactsPath: String
    let backupFolder: BackupFolder
    let lineage: SnapshotLineage
    let keep: Int
    /// Whether the files of the newest snapshot are known to exist, because this process has checked them before.
    let trustsNewest: Bool

    struct Result {
        /// The time of the new snapshot, or of the newest one if nothing has changed since, in Unix milliseconds.
        var created: Int64
        var isNew: Bool
    }

    func run() throws -> Result {
        guard FileKind(backupFolder.path) == .folder else {
            throw StartFailure(
                "The folder for snapshots '\(backupFolder.path)' does not exist at the moment. Is its disk mounted?"
            )
        }
        let lock = try backupFolder.lock()
        defer { withExtendedLifetime(lock) {} }
        guard backupFolder.containsSnapshots != false else {
            throw StartFailure("'\(backupFolder.path)' contains backups. Give snapshots a folder of their own.")
        }
        let target = SnapshotFolder(backupFolder: backupFolder)
        try target.removeUnfinished()
        let newest = try backupFolder.readGenerations().last
        try lineage.requireOwn(newest, of: backupFolder)
        let previous = try newest.flatMap { try readable($0, in: target) }
        // Even if the clock was set back, the new name sorts after the name of the previous snapshot.
        var manifest = BackupManifest(created: max(unixMilliseconds(), (previous?.created ?? 0) + 1))
        manifest.storesByContent = true
        let name = BackupFolder.name(at: manifest.created)
        guard name > newest ?? "" else {
            throw StartFailure("The snapshot '\(newest ?? "")' is newer than the clock of this machine.")
        }
        let local = Self.copy(of: databasePath)
        try Self.removeLeftovers(of: databasePath)
        defer { unlink(local) }
        let digest = try Backup.copyDatabase(databasePath, to: local)
        let database = BackupManifest.Entry(size: digest.size, sha256: digest.sha256)
        manifest.files[BackupManifest.databaseName] = database
        try storeArtifacts(in: target, previous, &manifest)
        if let newest, let previous, previous.files == manifest.files,
            trustsNewest
                || FileStatus(path: "\(backupFolder.path)/\(newest)/\(BackupManifest.databaseName)")?.size
                    == database.size
        {
            // An earlier process may have failed to remove old snapshots.
            if !trustsNewest { try target.removeOldSnapshots(keeping: keep, findsLeftovers: true) }
            return Result(created: previous.created, isNew: false)
        }
        try lineage.add([name])
        try target.publish(name, database: local, manifest)
        try lineage.add([name], in: backupFolder)
        try target.removeOldSnapshots(keeping: keep, findsLeftovers: !trustsNewest)
        return Result(created: manifest.created, isNew: true)
    }

    /// Removes the files beside the database that were left by a process that was killed during a snapshot.
    static func removeLeftovers(of databasePath: String) throws(DiskFailure) {
        for suffix in ["", "-journal", "-wal", "-shm", "-manifest"] { try Disk.remove(copy(of: databasePath) + suffix) }
    }

    /// The path of the copy of the database on the local disk.
    private static func copy(of databasePath: String) -> String { databasePath + ".snapshot" }

    /// The manifest of a snapshot; nil if it cannot be read or the generation is not a snapshot.
    ///
    /// - Throws: `BackupManifest.LaterVersion`.
    private func readable(_ name: String, in target: SnapshotFolder) throws -> BackupManifest? {
        do {
            let manifest = try target.manifest(name)
            return manifest.storesByContent ? manifest : nil
        } catch let later as BackupManifest.LaterVersion {
            throw later
        } catch {
            return nil
        }
    }

    private func storeArtifacts(
        in target: SnapshotFolder,
        _ previous: BackupManifest?,
        _ manifest: inout BackupManifest
    ) throws {
        try Disk.walk(artifactsPath, leavingOut: { $0.hasPrefix(Backup.unfinishedUpload) }) { path, status in
            let name = BackupManifest.artifactsName + "/" + path
            let time = status.modification.seconds * 1_000_000_000 + status.modification.nanoseconds
            if let entry = previous?.files[name], entry.size == status.size, entry.time == time,
                trustsNewest || target.holds(entry)
            {
                manifest.files[name] = entry
            } else if let entry = try target.store(artifactsPath + "/" + path, time: time) {
                manifest.files[name] = entry
            }
        }
    }
}
