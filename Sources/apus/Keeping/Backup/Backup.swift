internal import Files
internal import Glibc
internal import SQLite

/// Makes one generation of a backup, while a server may be running.
///
/// First the database, at one moment; then the artifacts, so that every artifact that the database knows of is there
/// unless it is deleted meanwhile. The generation has a name only when all of it is durable.
struct Backup {
    let databasePath: String
    let artifactsPath: String
    let place: BackupPlace
    /// Whether files that do not change may share their space by hard links.
    let mayLink: Bool

    struct Result {
        var folder = ""
        var files: Int64 = 0
        var bytes: Int64 = 0
        /// Of these, what the backup before had already, and what shares the space of the original.
        var unchanged: Int64 = 0
        var linked: Int64 = 0
        /// What is in the folder of artifacts and is no file.
        var leftOut: [String] = []
    }

    func run() throws -> Result {
        let generations = try place.readGenerations()
        // Names sort by time, also after the clock was set back: the newest is the one that was made last.
        let now = max(unixMilliseconds(), (generations.last.flatMap(BackupPlace.time(ofName:)) ?? 0) + 1)
        let name = BackupPlace.name(at: now)
        let unfinished = "\(place.path)/\(BackupPlace.unfinishedPrefix)\(name)"
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
            // A disk that is full must not stay full; what cannot be removed now is removed by the next backup.
            try? Disk.remove(unfinished)
            throw error
        }
        result.folder = "\(place.path)/\(name)"
        try Disk.rename(unfinished, to: result.folder)
        try Disk.synchronize(place.path)
        result.files = Int64(manifest.files.count)
        result.bytes = manifest.bytes
        return result
    }

    /// Copies a database, as it is at one moment, to a new file, which any tool can read.
    static func copyDatabase(_ databasePath: String, to path: String) throws -> (sha256: String, size: Int64) {
        try Disk.write([], to: path)
        let source = try Connection(path: databasePath, mode: .readOnly, busyTimeout: .seconds(60))
        defer { source.close() }
        let target = try Connection(path: path, mode: .readWrite)
        do {
            defer { target.close() }
            try source.copy(into: target)
            // The copy says that it has a write-ahead log; without one it is a single file, which any tool can read.
            try target.execute("PRAGMA journal_mode = DELETE")
            try requireSound(target, databasePath)
        }
        return try Disk.digest(path)
    }

    /// Refuses a copy with damage, which would push the good copies before it out of the place.
    private static func requireSound(_ copy: Connection, _ databasePath: String) throws {
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
        let previous = place.generations.last.map { "\(place.path)/\($0)" }
        // A backup before that cannot be read is not built upon.
        let known = previous.flatMap { try? BackupManifest(Disk.contents($0 + "/" + BackupManifest.name), of: $0) }
            .flatMap { $0.isByContent ? nil : $0 }
        var madeFolders: Set<String> = []
        var leftOut: [String] = []
        try Disk.walk(
            artifactsPath,
            leavingOut: { $0.hasPrefix(Self.unfinishedUpload) },
            other: { leftOut.append($0) }
        ) { path, status in
            let name = BackupManifest.artifactsName + "/" + path
            let target = folder + "/" + name
            let parent = String(target[..<(target.lastIndex(of: "/") ?? target.startIndex)])
            if madeFolders.insert(parent).inserted { try Disk.makeFolders(parent) }
            let time = status.modification.seconds * 1_000_000_000 + status.modification.nanoseconds
            if let previous, let entry = known?.files[name], entry.size == status.size, entry.time == time,
                try Disk.place(previous + "/" + name, at: target, mayLink: mayLink) != nil
            {
                manifest.files[name] = entry
                result.unchanged += 1
                return
            }
            // A file that was deleted meanwhile is none.
            guard let way = try Disk.place(artifactsPath + "/" + path, at: target, mayLink: mayLink) else { return }
            if way == .linked { result.linked += 1 }
            let digest = try Disk.digest(target)
            manifest.files[name] = BackupManifest.Entry(size: digest.size, sha256: digest.sha256, time: time)
        }
        result.leftOut = leftOut
    }

    /// The names of unfinished uploads begin so.
    static let unfinishedUpload = ".apus-upload-"
}
