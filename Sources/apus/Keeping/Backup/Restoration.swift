internal import Glibc
internal import SQLite

/// Restores a backup to a data folder that no server has open.
///
/// The files are first copied beside their targets and made durable. Then existing data is moved to a folder of its
/// own, never removed, and the copies are renamed. If the process is killed after the first of these renames, the data
/// folder has no database, and a server refuses to start, until the restoration is run again.
struct Restoration {
    let verification: BackupVerification
    let databasePath: String
    let artifactsPath: String
    /// Whether existing data is moved to a folder of its own; if not, the restoration fails if there is data.
    let replaces: Bool
    /// Whether artifacts may be hard links to the files of the backup.
    let mayLink: Bool

    /// - Parameters:
    ///   - isVerified: whether the caller has just compared the backup with its manifest.
    ///   - heldLock: the lock of the database if the caller has it; nil to acquire the lock.
    ///   - progress: is called after each file with its size in bytes.
    /// - Returns: the folder to which existing data was moved; nil if there was none.
    func run(
        isVerified: Bool = false,
        holding heldLock: OwnerLock? = nil,
        _ progress: (Int64) -> Void = { _ in }
    ) throws -> String? {
        let faults = isVerified ? [] : verification.faults()
        guard faults.isEmpty else {
            let more = faults.count > 5 ? " and \(faults.count - 5) more" : ""
            throw StartFailure(
                "The backup '\(verification.folder)' is damaged and is not restored: "
                    + faults.prefix(5).joined(separator: "; ") + more
            )
        }
        let lock: OwnerLock
        let fileLock: DatabaseFileLock?
        do {
            lock = try heldLock ?? OwnerLock(databasePath: databasePath)
            fileLock = FileKind(databasePath) == .file ? try DatabaseFileLock(databasePath: databasePath) : nil
        } catch {
            throw StartFailure.opening(databasePath, error)
        }
        defer {
            fileLock?.release()
            if heldLock == nil { lock.release() }
        }
        let artifactsLock = try ServedRoots.lock(artifactsPath, LOCK_EX)
        defer { withExtendedLifetime(artifactsLock) {} }
        let existing = Self.databaseFiles.map { databasePath + $0 }.filter { FileKind($0) != .absent }
        let hasArtifacts = FileKind(artifactsPath) != .absent && (try? Disk.entryNames(artifactsPath))?.isEmpty != true
        guard replaces || existing.isEmpty && !hasArtifacts else {
            throw StartFailure(
                "There is data at '\(existing.first ?? artifactsPath)'. Restore into another folder, or use --replace, which "
                    + "moves this data into a subfolder."
            )
        }
        try copy(progress)
        // A server may write further snapshots of the restored data to the folder of this snapshot, so the folder is recorded.
        let source = try BackupFolder(StorageLayout.parent(of: verification.folder))
        if verification.manifest.storesByContent {
            try SnapshotLineage(databasePath: databasePath).add(source.generations, in: source)
        }
        var oldDataFolder: String?
        if !existing.isEmpty || hasArtifacts {
            let folder =
                "\(StorageLayout.parent(of: databasePath))/replaced-\(BackupFolder.name(at: unixMilliseconds()))"
            try Disk.makeFolders(folder)
            // The database file is moved first: without it, no server starts with only a part of the old data.
            for path in existing { try Disk.rename(path, to: folder + "/" + Self.name(path)) }
            if hasArtifacts { try Disk.rename(artifactsPath, to: newPath(ofArtifacts: artifactsPath, in: folder)) }
            oldDataFolder = folder
        }
        if rmdir(artifactsPath) != 0, errno != ENOENT { throw DiskFailure.last("rmdir", artifactsPath) }
        try Disk.rename(staged(artifactsPath), to: artifactsPath)
        try Disk.rename(staged(databasePath), to: databasePath)
        try Disk.synchronize(StorageLayout.parent(of: databasePath))
        try Disk.synchronize(artifactsPath)
        return oldDataFolder
    }

    private static let databaseFiles = ["", "-wal", "-shm", "-journal"]

    private func copy(_ progress: (Int64) -> Void) throws {
        for path in [databasePath, artifactsPath] { try Disk.remove(staged(path)) }
        let source = verification.folder + "/" + BackupManifest.databaseName
        // The server will write to the database, so it must not be a hard link.
        _ = try Disk.linkOrCopy(source, at: staged(databasePath), mayLink: false)
        progress(verification.manifest.files[BackupManifest.databaseName]?.size ?? 0)
        try Disk.makeFolders(staged(artifactsPath))
        var madeFolders: Set<String> = []
        for path in verification.manifest.files.keys where path != BackupManifest.databaseName {
            let target = staged(artifactsPath) + "/" + path.dropFirst(BackupManifest.artifactsName.count + 1)
            let parent = StorageLayout.parent(of: target)
            if madeFolders.insert(parent).inserted { try Disk.makeFolders(parent) }
            let source = verification.manifest.location(of: path, in: verification.folder)
            // Several artifacts may share one stored content, each with its own modification time.
            let mayLink = mayLink && !verification.manifest.storesByContent
            guard try Disk.linkOrCopy(source, at: target, mayLink: mayLink) != nil else {
                throw StartFailure("'\(path)' has disappeared from the backup while it was restored.")
            }
            if let entry = verification.manifest.files[path], verification.manifest.storesByContent {
                try Disk.setModification(of: target, nanoseconds: entry.time)
            }
            progress(verification.manifest.files[path]?.size ?? 0)
        }
        try Disk.synchronize(StorageLayout.parent(of: databasePath))
        try Disk.synchronize(staged(artifactsPath))
    }

    /// The path to which existing artifacts are moved: in `folder`, or beside them if they may be on another disk.
    private func newPath(ofArtifacts artifacts: String, in folder: String) -> String {
        StorageLayout.parent(of: artifacts) == StorageLayout.parent(of: databasePath)
            ? folder + "/" + Self.name(artifacts) : "\(artifacts).\(Self.name(folder))"
    }

    private func staged(_ path: String) -> String { path + Self.stagedSuffix }

    /// The suffix of the paths of copies that have not been renamed to their targets yet.
    static let stagedSuffix = ".restoring"

    private static func name(_ path: String) -> Substring {
        path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path[...]
    }
}
