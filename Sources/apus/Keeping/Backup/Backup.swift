internal import Files
internal import SQLite

/// Makes one complete backup, called a generation, while a server may be running.
///
/// The database is copied first, in the state of one moment, and then the artifacts. Therefore every artifact that the
/// copied database names is in the backup, unless it is deleted meanwhile. The folder of the generation gets its final
/// name when all of its files are durable.
struct Backup {
    let databasePath: String
    let artifactsPath: String
    let backupFolder: BackupFolder
    /// Whether artifacts, which do not change, may be hard links to the originals instead of copies.
    let mayLink: Bool

    struct Result {
        var folder = ""
        var files: Int64 = 0
        var bytes: Int64 = 0
        /// The number of artifacts that are the same as in the previous backup.
        var unchanged: Int64 = 0
        /// The number of artifacts that are hard links to the original.
        var linked: Int64 = 0
        /// The paths in the folder of artifacts that are neither files nor folders, such as symbolic links.
        var leftOut: [String] = []
    }

    func run() throws -> Result {
        let generations = try backupFolder.readGenerations()
        // Even if the clock was set back, the new name sorts after the names of all earlier generations.
        let now = max(unixMilliseconds(), (generations.last.flatMap(BackupFolder.time(ofName:)) ?? 0) + 1)
        let name = BackupFolder.name(at: now)
        let unfinished = "\(backupFolder.path)/\(BackupFolder.unfinishedPrefix)\(name)"
        var result = Result()
        var manifest = BackupManifest(created: now)
        try Disk.makeFolders(unfinished)
        do {
            let digest = try Self.copyDatabase(databasePath, to: unfinished + "/" + BackupManifest.databaseName)
            manifest.files[BackupManifest.databaseName] = BackupManifest.Entry(size: digest.size, sha256: digest.sha256)
            try placeArtifacts(in: unfinished, &manifest, &result)
            try Disk.write(manifest.text, to: unfinished + "/" + BackupManifest.name)
            try Disk.synchronize(unfinished)
        } catch {
            // The disk may be full, so the files are removed. If one cannot be removed now, the next backup removes it.
            try? Disk.remove(unfinished)
            throw error
        }
        result.folder = "\(backupFolder.path)/\(name)"
        try Disk.rename(unfinished, to: result.folder)
        try Disk.synchronize(backupFolder.path)
        result.files = Int64(manifest.files.count)
        result.bytes = manifest.bytes
        return result
    }

    /// Copies a database, in the state of one moment, to a new single file, and checks the copy for damage.
    ///
    /// - Returns: the SHA-256 in hexadecimal and the size of the copy.
    static func copyDatabase(_ databasePath: String, to path: String) throws -> (sha256: String, size: Int64) {
        try Disk.write([], to: path)
        let source = try Connection(path: databasePath, mode: .readOnly, busyTimeout: .seconds(60))
        defer { source.close() }
        let target = try Connection(path: path, mode: .readWrite)
        do {
            defer { target.close() }
            try source.copy(into: target)
            // The header of the copy asks for a write-ahead log. With DELETE, other tools can read the copy as a single file.
            try target.execute("PRAGMA journal_mode = DELETE")
            try requireUndamaged(target, databasePath)
        }
        return try Disk.digest(path)
    }

    /// Throws if the copy is damaged, because older, undamaged backups may be removed after this one.
    private static func requireUndamaged(_ copy: Connection, _ databasePath: String) throws {
        let fault: String?
        do {
            fault = try copy.prepare("PRAGMA quick_check(1)").firstRow { $0.string(0) }
        } catch let error as SQLiteError where error.isCorrupt {
            fault = error.message
        }
        guard let fault, fault != "ok" else { return }
        throw StartFailure(
            "The database '\(databasePath)' is damaged (\(fault)) and was not copied. \(StartFailure.adviceForDamage)"
        )
    }

    private func placeArtifacts(in folder: String, _ manifest: inout BackupManifest, _ result: inout Result) throws {
        let previous = backupFolder.generations.last.map { "\(backupFolder.path)/\($0)" }
        // If the manifest of the previous backup cannot be read, every artifact is copied again.
        let earlier = previous.flatMap { try? BackupManifest(Disk.contents($0 + "/" + BackupManifest.name), of: $0) }
            .flatMap { $0.storesByContent ? nil : $0 }
        var madeFolders: Set<String> = []
        var leftOut: [String] = []
        try Disk.walk(
            artifactsPath,
            leavingOut: { $0.hasPrefix(Self.unfinishedUpload) },
            other: { leftOut.append($0) }
        ) { path, status in
            let name = BackupManifest.artifactsName + "/" + path
            let target = folder + "/" + name
            let parent = StorageLayout.parent(of: target)
            if madeFolders.insert(parent).inserted { try Disk.makeFolders(parent) }
            let time = status.modification.seconds * 1_000_000_000 + status.modification.nanoseconds
            if let previous, let entry = earlier?.files[name], entry.size == status.size, entry.time == time,
                try Disk.linkOrCopy(previous + "/" + name, at: target, mayLink: mayLink) != nil
            {
                manifest.files[name] = entry
                result.unchanged += 1
                return
            }
            // A file that was deleted meanwhile is not part of the backup.
            guard let method = try Disk.linkOrCopy(artifactsPath + "/" + path, at: target, mayLink: mayLink) else {
                return
            }
            if method == .linked { result.linked += 1 }
            let digest = try Disk.digest(target)
            manifest.files[name] = BackupManifest.Entry(size: digest.size, sha256: digest.sha256, time: time)
        }
        result.leftOut = leftOut
    }

    /// The prefix of the names of files whose upload is not complete.
    static let unfinishedUpload = ".apus-upload-"
}
