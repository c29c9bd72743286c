internal import Files
internal import Glibc

/// Makes one snapshot beside a running server.
///
/// The database is copied to the local disk first, so that its log is held no longer than that takes, however slow the
/// place is; what the place has already is not copied again.
struct Snapshot {
    let databasePath: String
    let artifactsPath: String
    let place: BackupPlace
    let lineage: SnapshotLineage
    let keep: Int
    /// Whether what the newest snapshot names needs no look: this process has looked before.
    let trustsNewest: Bool

    struct Result {
        /// Unix milliseconds: of the new snapshot, or of the newest one if nothing has changed since.
        var created: Int64
        var isNew: Bool
    }

    func run() throws -> Result {
        guard FileKind(place.path) == .folder else {
            throw StartFailure("The folder for snapshots '\(place.path)' is not there just now.")
        }
        let lock = try place.lock()
        defer { withExtendedLifetime(lock) {} }
        guard place.holdsSnapshots != false else {
            throw StartFailure("'\(place.path)' holds backups. Give snapshots a folder of their own.")
        }
        let target = SnapshotPlace(place: place)
        try target.removeUnfinished()
        let newest = try place.readGenerations().last
        try lineage.requireOwn(newest, of: place)
        let previous = try newest.flatMap { try readable($0, in: target) }
        // Names sort by time, also after a clock was set back.
        var manifest = BackupManifest(created: max(unixMilliseconds(), (previous?.created ?? 0) + 1))
        manifest.isByContent = true
        let name = BackupPlace.name(at: manifest.created)
        guard name > newest ?? "" else {
            throw StartFailure("The snapshot '\(newest ?? "")' is newer than the clock of this machine.")
        }
        let local = Self.copy(of: databasePath)
        try Self.removeLeftovers(of: databasePath)
        defer { unlink(local) }
        let digest = try Backup.copyDatabase(databasePath, to: local)
        let database = BackupManifest.Entry(size: digest.size, sha256: digest.sha256)
        manifest.files[BackupManifest.databaseName] = database
        try keepArtifacts(in: target, previous, &manifest)
        if let newest, let previous, previous.files == manifest.files,
            trustsNewest
                || FileStatus(path: "\(place.path)/\(newest)/\(BackupManifest.databaseName)")?.size == database.size
        {
            // The removal of old ones may have failed before.
            if !trustsNewest { try target.keep(keep, sweeps: true) }
            return Result(created: previous.created, isNew: false)
        }
        try lineage.add([name])
        try target.publish(name, database: local, manifest)
        try lineage.add([name], in: place)
        try target.keep(keep, sweeps: !trustsNewest)
        return Result(created: manifest.created, isNew: true)
    }

    /// Removes what a process that was killed during a snapshot has left beside the database.
    static func removeLeftovers(of databasePath: String) throws(DiskFailure) {
        for end in ["", "-journal", "-wal", "-shm", "-manifest"] { try Disk.remove(copy(of: databasePath) + end) }
    }

    /// The copy of the database on the local disk.
    private static func copy(of databasePath: String) -> String { databasePath + ".snapshot" }

    /// The manifest of a snapshot; nil for one that cannot be read, which is not built upon.
    ///
    /// - Throws: `BackupManifest.LaterVersion`.
    private func readable(_ name: String, in target: SnapshotPlace) throws -> BackupManifest? {
        do {
            let manifest = try target.manifest(name)
            return manifest.isByContent ? manifest : nil
        } catch let later as BackupManifest.LaterVersion {
            throw later
        } catch {
            return nil
        }
    }

    private func keepArtifacts(
        in target: SnapshotPlace,
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
            } else if let entry = try target.keep(artifactsPath + "/" + path, time: time) {
                manifest.files[name] = entry
            }
        }
    }
}
