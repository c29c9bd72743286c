internal import Files
internal import Glibc
internal import SQLite
internal import Tracking
internal import TrackingStore
internal import Transfer

/// Writes a folder on which `mlflow server` can work: a database of MLflow, and the artifacts that it serves.
///
/// The database is read as it is at one moment, even while a server has it open. The artifacts are copied after it, so
/// that those that the database names are there. The folder gets its final name when all of it is durable.
struct MLflowDatabaseExport {
    let databasePath: String
    let artifactsPath: String
    /// The absolute path of the folder to make.
    let target: String

    struct Result {
        var runs = 0
        var points = 0
        var files = 0
        /// The first 1,000 remarks about data that MLflow's tables cannot hold, and about artifacts that are not files.
        fileprivate(set) var remarks: [String] = []
        fileprivate(set) var remarkCount = 0

        fileprivate mutating func remark(_ text: String) {
            remarkCount += 1
            if remarks.count < Self.maximumListed { remarks.append(text) }
        }

        private static let maximumListed = 1_000
    }

    static let databaseName = "mlflow.db"
    /// The name of the folder from which `mlflow server` serves artifacts by default.
    static let artifactsName = "mlartifacts"
    private static let unfinishedUpload = ".apus-upload-"

    /// - Throws: `StartFailure` if the target exists, or the database cannot be read.
    func run() throws -> Result {
        guard FileKind(target) == .absent else {
            throw StartFailure("'\(target)' is there already. Name a folder that does not exist with --output.")
        }
        guard !StoragePaths.isInside(target, artifactsPath) else {
            throw StartFailure("'\(target)' lies in the folder of artifacts, which would be copied into itself.")
        }
        // Files that an interrupted export has left are removed.
        let unfinished = target + ".unfinished"
        let claim = try claim(unfinished)
        defer { withExtendedLifetime(claim) {} }
        for name in try Disk.names(unfinished) { try Disk.remove(unfinished + "/" + name) }
        var result = Result()
        do {
            try writeDatabase(unfinished + "/" + Self.databaseName, &result)
            try copyArtifacts(to: unfinished + "/" + Self.artifactsName, &result)
            try Disk.synchronize(unfinished)
            try Disk.rename(unfinished, to: target)
        } catch {
            try? Disk.remove(unfinished)
            throw error
        }
        return result
    }

    /// Makes the folder, and locks it against other exports until the result is released.
    private func claim(_ folder: String) throws -> Descriptor {
        try Disk.makeFolders(folder)
        let raw = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard raw >= 0 else { throw DiskFailure.last("open", folder) }
        let descriptor = Descriptor(owning: raw)
        // A file system without locks fails with another error, which is ignored.
        guard flock(raw, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
            throw StartFailure("Another export to '\(target)' is just running.")
        }
        return descriptor
    }

    private func writeDatabase(_ path: String, _ result: inout Result) throws {
        let migrations = try EmbeddedMigrations.load()
        do {
            guard try Migrator(migrations).inspect(path: databasePath) == .applied(version: migrations.count) else {
                throw StartFailure(
                    "An older version of Apus wrote '\(databasePath)'. Start apus server on it once to bring it up to date."
                )
            }
        } catch let error as MigrationError {
            throw StartFailure.opening(databasePath, error)
        }
        let source = try Connection(path: databasePath, mode: .readOnly, busyTimeout: .seconds(60))
        defer { source.close() }
        var remarks: [(String, String)] = []
        let writer = try StockWriter(path: path, schema: EmbeddedSchema.mlflow) { remarks.append(($0, $1)) }
        try RecordCursor.readAll(of: source) { record in
            try writer.take(record)
            switch record {
            case .run: result.runs += 1
            case .points(let points): result.points += points.points.count
            default: break
            }
            for (subject, reason) in remarks { result.remark("\(subject): \(reason)") }
            remarks.removeAll()
        }
        try writer.finish()
    }

    private func copyArtifacts(to folder: String, _ result: inout Result) throws {
        var madeFolders: Set<String> = []
        var others: [String] = []
        try Disk.makeFolders(folder)
        try Disk.walk(
            artifactsPath,
            leavingOut: { $0.hasPrefix(Self.unfinishedUpload) },
            other: { others.append($0) }
        ) { path, _ in
            let copy = folder + "/" + path
            let parent = String(copy[..<(copy.lastIndex(of: "/") ?? copy.startIndex)])
            if madeFolders.insert(parent).inserted { try Disk.makeFolders(parent) }
            // MLflow may write to its files, so they must not be hard links. A file deleted meanwhile is not counted.
            if try Disk.linkOrCopy(artifactsPath + "/" + path, at: copy, mayLink: false) != nil { result.files += 1 }
        }
        for path in others { result.remark("artifact \(path): neither a file nor a folder") }
    }
}
