internal import Files
internal import Glibc

/// Stores snapshots in a folder that may be slow or become unavailable, and whose file system may lack links, locks or flushes.
///
/// A snapshot is a folder with a database and a manifest. Its artifacts are stored beside it, in `contents/`, each content
/// once for all snapshots. A snapshot is complete when its manifest exists. The manifest ends with its own hash, so that an
/// incomplete manifest is recognized.
struct SnapshotFolder {
    let backupFolder: BackupFolder

    private var temporaryFile: String { "\(backupFolder.path)/\(BackupFolder.unfinishedPrefix)\(getpid())" }
    private var contentsFolder: String { "\(backupFolder.path)/\(BackupManifest.contentsName)" }

    /// Whether a file for the content of an entry exists and has the entry's size.
    func holds(_ entry: BackupManifest.Entry) -> Bool {
        FileStatus(path: contentPath(entry.sha256))?.size == entry.size
    }

    private func contentPath(_ sha256: String) -> String {
        "\(backupFolder.path)/\(BackupManifest.contentPath(sha256))"
    }

    /// Stores the content of an artifact file unless it is stored already.
    ///
    /// - Parameters:
    ///   - artifact: the path of the file.
    ///   - time: its modification time in nanoseconds since 1970.
    /// - Returns: nil if the file does not exist any more.
    func store(_ artifact: String, time: Int64) throws -> BackupManifest.Entry? {
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
        try makeFolder(contentsFolder)
        try makeFolder("\(contentsFolder)/\(entry.sha256.prefix(2))")
        return try copyAndRename(artifact, at: target, as: entry) ? entry : nil
    }

    /// Copies the database and then the manifest, which completes the snapshot.
    ///
    /// - Parameter database: the path of a copy of the database that nobody writes to. The manifest is first written beside it.
    func publish(_ name: String, database: String, _ manifest: BackupManifest) throws {
        let folder = "\(backupFolder.path)/\(name)"
        try makeFolder(folder)
        guard let entry = manifest.files[BackupManifest.databaseName],
            try copyAndRename(database, at: folder + "/" + BackupManifest.databaseName, as: entry)
        else { throw StartFailure("the copy of the database '\(database)' has been removed") }
        DataFolder.synchronize(folder)
        let local = database + "-manifest"
        try Disk.remove(local)
        try Disk.write(manifest.text, to: local)
        defer { unlink(local) }
        _ = try copyAndRename(local, at: folder + "/" + BackupManifest.name)
        DataFolder.synchronize(folder)
        DataFolder.synchronize(backupFolder.path)
    }

    /// Copies a file to a temporary file and renames the temporary file.
    ///
    /// If the file system cannot rename, the target is written directly: the manifest shows whether the file is complete.
    /// - Parameter entry: the expected content; nil for any.
    /// - Returns: false if the source does not exist any more.
    private func copyAndRename(
        _ source: String,
        at target: String,
        as entry: BackupManifest.Entry? = nil
    ) throws -> Bool {
        guard let copied = try Disk.copyDurably(source, to: temporaryFile) else { return false }
        // If an artifact was replaced during the copy, this snapshot fails, and the next one contains the new artifact.
        guard entry.map({ $0.sha256 == copied.sha256 }) ?? true else {
            try Disk.remove(temporaryFile)
            throw StartFailure("'\(source)' was changed while it was copied")
        }
        guard rename(temporaryFile, target) != 0 else { return true }
        let failure = DiskFailure.last("rename", target)
        guard [ENOSYS, EOPNOTSUPP, EINVAL, EPERM, EEXIST].contains(failure.code) else { throw failure }
        try Disk.remove(temporaryFile)
        return try Disk.copyDurably(source, to: target) != nil
    }

    /// Creates one folder, but no folders above it: if the disk is not mounted, the snapshot folder must not be created instead.
    private func makeFolder(_ path: String) throws(DiskFailure) {
        guard mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        throw .last("mkdir", path)
    }

    /// Removes all but the newest snapshots, and the contents that no remaining snapshot needs.
    ///
    /// - Parameter findsLeftovers: whether to list all contents, to find those that an interrupted removal has left.
    func removeOldSnapshots(keeping count: Int, findsLeftovers: Bool) throws {
        let all = try backupFolder.readGenerations()
        var manifests: [String: BackupManifest] = [:]
        for name in all { manifests[name] = try? manifest(name) }
        let kept = all.suffix(count)
        var needed: Set<String> = []
        for name in kept { for (_, entry) in manifests[name]?.files ?? [:] { needed.insert(entry.sha256) } }
        for name in all.dropLast(count) {
            // The manifest is removed first, so that a half-removed snapshot is never restored.
            try Disk.remove("\(backupFolder.path)/\(name)/\(BackupManifest.name)")
            try Disk.remove("\(backupFolder.path)/\(name)/\(BackupManifest.databaseName)")
            // If the folder contains other files, the call fails and the folder stays.
            rmdir("\(backupFolder.path)/\(name)")
        }
        removeUnpublishedSnapshots(olderThan: kept.last)
        // A manifest that cannot be read may name any content, so no content is removed.
        guard kept.allSatisfy({ manifests[$0] != nil }) else { return }
        var unneeded: Set<String> = []
        for name in all.dropLast(count) {
            guard let manifest = manifests[name], manifest.storesByContent else { continue }
            for (path, entry) in manifest.files where path != BackupManifest.databaseName {
                unneeded.insert(entry.sha256)
            }
        }
        if findsLeftovers, FileKind(contentsFolder) == .folder {
            for folder in try Disk.entryNames(contentsFolder) where FileKind("\(contentsFolder)/\(folder)") == .folder {
                unneeded.formUnion(try Disk.entryNames(contentsFolder + "/" + folder).filter(BackupManifest.isDigest))
            }
        }
        for sha256 in unneeded.subtracting(needed) { try Disk.remove(contentPath(sha256)) }
    }

    /// Removes the temporary files that a killed process has left.
    func removeUnfinished() throws {
        for name in try Disk.entryNames(backupFolder.path) where name.hasPrefix(BackupFolder.unfinishedPrefix) {
            try Disk.remove("\(backupFolder.path)/\(name)")
        }
    }

    /// Removes the snapshots without a manifest that are older than `newest`; a newer snapshot may not have its manifest yet.
    private func removeUnpublishedSnapshots(olderThan newest: String?) {
        guard let newest, let names = try? Disk.entryNames(backupFolder.path) else { return }
        for name in names where BackupFolder.isName(name) && name < newest {
            let folder = "\(backupFolder.path)/\(name)"
            guard FileKind("\(folder)/\(BackupManifest.name)") == .absent else { continue }
            unlink("\(folder)/\(BackupManifest.databaseName)")
            rmdir(folder)
        }
    }

    func manifest(_ name: String) throws -> BackupManifest {
        let folder = "\(backupFolder.path)/\(name)"
        return try BackupManifest(Disk.contents(folder + "/" + BackupManifest.name), of: folder)
    }
}
