internal import Files
internal import Glibc

/// Snapshots in a place that may be slow, may vanish, and may know neither links nor locks nor syncs.
///
/// A snapshot is a generation of a backup whose artifacts lie in `contents/`, each content once for all snapshots. It
/// counts from the moment when its manifest is there, which has a hash of itself: half of one is never taken for a whole.
struct SnapshotPlace {
    let place: BackupPlace

    private var temporary: String { "\(place.path)/\(BackupPlace.unfinishedPrefix)\(getpid())" }
    private var contents: String { "\(place.path)/\(BackupManifest.contentsName)" }

    /// Whether the content of an entry is there in its size.
    func holds(_ entry: BackupManifest.Entry) -> Bool {
        FileStatus(path: contentPath(entry.sha256))?.size == entry.size
    }

    private func contentPath(_ sha256: String) -> String {
        "\(place.path)/\(BackupManifest.contentPath(sha256))"
    }

    /// Stores the content of an artifact, unless it is there.
    ///
    /// - Returns: nil if the artifact is not there any more.
    func keep(_ artifact: String, time: Int64) throws -> BackupManifest.Entry? {
        guard FileKind(artifact) == .file else { return nil }
        let digest: (sha256: String, size: Int64)
        do {
            digest = try Disk.digest(artifact)
        } catch {
            guard error.code == ENOENT else { throw error }
            return nil
        }
        let entry = BackupManifest.Entry(size: digest.size, sha256: digest.sha256, time: time)
        if holds(entry) { return entry }
        let target = contentPath(entry.sha256)
        try makeFolder(contents)
        try makeFolder("\(contents)/\(entry.sha256.prefix(2))")
        return try put(artifact, at: target, as: entry) ? entry : nil
    }

    /// Publishes a snapshot: the database, and at last the manifest.
    ///
    /// - Parameter database: a copy that nobody writes to; the manifest is laid beside it before it is copied.
    func publish(_ name: String, database: String, _ manifest: BackupManifest) throws {
        let folder = "\(place.path)/\(name)"
        try makeFolder(folder)
        guard let entry = manifest.files[BackupManifest.databaseName],
            try put(database, at: folder + "/" + BackupManifest.databaseName, as: entry)
        else { throw StartFailure("the copy of the database '\(database)' is gone") }
        DataFolder.synchronize(folder)
        let local = database + "-manifest"
        try Disk.remove(local)
        try Disk.write(manifest.text, to: local)
        defer { unlink(local) }
        _ = try put(local, at: folder + "/" + BackupManifest.name)
        DataFolder.synchronize(folder)
        DataFolder.synchronize(place.path)
    }

    /// Copies a file to a temporary one and renames it.
    ///
    /// Where the file system cannot rename, it is written at its place: the manifest tells whether it is whole.
    /// - Returns: false if the file is not there any more.
    private func put(_ source: String, at target: String, as entry: BackupManifest.Entry? = nil) throws -> Bool {
        guard let copied = try Disk.copyDurably(source, to: temporary) else { return false }
        // An artifact that was replaced meanwhile belongs to the next snapshot.
        guard entry.map({ $0.sha256 == copied.sha256 }) ?? true else {
            try Disk.remove(temporary)
            throw StartFailure("'\(source)' was changed while it was copied")
        }
        guard rename(temporary, target) != 0 else { return true }
        let failure = DiskFailure.last("rename", target)
        guard [ENOSYS, EOPNOTSUPP, EINVAL, EPERM, EEXIST].contains(failure.code) else { throw failure }
        try Disk.remove(temporary)
        return try Disk.copyDurably(source, to: target) != nil
    }

    /// Makes one folder, and none above it, so that a place that has vanished is not made again.
    private func makeFolder(_ path: String) throws(DiskFailure) {
        guard mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        throw .last("mkdir", path)
    }

    /// Removes all but the newest snapshots, and what no other one needs.
    ///
    /// - Parameter sweeps: whether to look for contents that an interrupted removal has left.
    func keep(_ count: Int, sweeps: Bool) throws {
        let all = try place.readGenerations()
        var manifests: [String: BackupManifest] = [:]
        for name in all { manifests[name] = try? manifest(name) }
        let kept = all.suffix(count)
        var needed: Set<String> = []
        for name in kept { for (_, entry) in manifests[name]?.files ?? [:] { needed.insert(entry.sha256) } }
        for name in all.dropLast(count) {
            // Without its manifest it does not count, so that half of a removed one is never restored.
            try Disk.remove("\(place.path)/\(name)/\(BackupManifest.name)")
            try Disk.remove("\(place.path)/\(name)/\(BackupManifest.databaseName)")
            // Something else may be in it, which is not ours.
            rmdir("\(place.path)/\(name)")
        }
        removeHalves(before: kept.last)
        // A manifest that cannot be read may name any content.
        guard kept.allSatisfy({ manifests[$0] != nil }) else { return }
        var doomed: Set<String> = []
        for name in all.dropLast(count) {
            guard let manifest = manifests[name], manifest.isByContent else { continue }
            for (path, entry) in manifest.files where path != BackupManifest.databaseName {
                doomed.insert(entry.sha256)
            }
        }
        if sweeps, FileKind(contents) == .folder {
            for folder in try Disk.names(contents) where FileKind("\(contents)/\(folder)") == .folder {
                doomed.formUnion(try Disk.names(contents + "/" + folder).filter(BackupManifest.isDigest))
            }
        }
        for sha256 in doomed.subtracting(needed) { try Disk.remove(contentPath(sha256)) }
    }

    /// Removes what a killed process has left: temporary files.
    func removeUnfinished() throws {
        for name in try Disk.names(place.path) where name.hasPrefix(BackupPlace.unfinishedPrefix) {
            try Disk.remove("\(place.path)/\(name)")
        }
    }

    /// Removes snapshots that never got their manifest; those that are newer than all others may be about to get it.
    private func removeHalves(before newest: String?) {
        guard let newest, let names = try? Disk.names(place.path) else { return }
        for name in names where BackupPlace.isName(name) && name < newest {
            let folder = "\(place.path)/\(name)"
            guard FileKind("\(folder)/\(BackupManifest.name)") == .absent else { continue }
            unlink("\(folder)/\(BackupManifest.databaseName)")
            rmdir(folder)
        }
    }

    func manifest(_ name: String) throws -> BackupManifest {
        let folder = "\(place.path)/\(name)"
        return try BackupManifest(Disk.contents(folder + "/" + BackupManifest.name), of: folder)
    }
}
