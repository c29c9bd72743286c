internal import Files
internal import Glibc
internal import SQLite
internal import Tracking
internal import TrackingStore
internal import Transfer

/// An export as a folder on which `mlflow server` goes on: its database, and the artifacts that it serves.
///
/// The store is read at one moment, whether a server holds it or not; the artifacts after it, so that those that the
/// database knows are there. The folder has its name only when all of it is durable.
struct MLflowDatabaseExport {
    let databasePath: String
    let artifactsPath: String
    /// The folder that is made; an absolute path.
    let target: String

    struct Result {
        var runs = 0
        var points = 0
        var files = 0
        /// What MLflow's tables cannot hold, and what is no file among the artifacts; the first of them.
        fileprivate(set) var remarks: [String] = []
        fileprivate(set) var remarkCount = 0

        fileprivate mutating func remark(_ text: String) {
            remarkCount += 1
            if remarks.count < Self.maximumListed { remarks.append(text) }
        }

        private static let maximumListed = 1_000
    }

    static let databaseName = "mlflow.db"
    /// The folder that `mlflow server` serves artifacts from when it is not told another.
    static let artifactsName = "mlartifacts"
    private static let unfinishedUpload = ".apus-upload-"

    /// - Throws: `StartFailure` if the target is there, or the store cannot be read.
    func run() throws -> Result {
        guard FileKind(target) == .absent else {
            throw StartFailure("'\(target)' is there already. Name a folder that is not, with --output.")
        }
        guard !StoragePlaces.isInside(target, artifactsPath) else {
            throw StartFailure("'\(target)' lies in the folder of artifacts, which would be copied into itself.")
        }
        // What an interrupted export has left begins anew.
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

    /// Makes the folder, and keeps other exports away from it as long as the result lives.
    private func claim(_ folder: String) throws -> Descriptor {
        try Disk.makeFolders(folder)
        let raw = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard raw >= 0 else { throw DiskFailure.last("open", folder) }
        let descriptor = Descriptor(owning: raw)
        // A file system without locks answers with another error.
        guard flock(raw, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
            throw StartFailure("Another export to '\(target)' runs just now.")
        }
        return descriptor
    }

    private func writeDatabase(_ path: String, _ result: inout Result) throws {
        let migrations = try EmbeddedMigrations.load()
        do {
            guard try Migrator(migrations).inspect(path: databasePath) == .applied(version: migrations.count) else {
                throw StartFailure(
                    "'\(databasePath)' is of an older version of Apus. Start apus server on it once to bring it up to date."
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
            for (place, reason) in remarks { result.remark("\(place): \(reason)") }
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
            let place = folder + "/" + path
            let parent = String(place[..<(place.lastIndex(of: "/") ?? place.startIndex)])
            if madeFolders.insert(parent).inserted { try Disk.makeFolders(parent) }
            // MLflow may write into its files, so that they must not be those of this store. A file that was deleted
            // meanwhile is none.
            if try Disk.linkOrCopy(artifactsPath + "/" + path, at: place, mayLink: false) != nil { result.files += 1 }
        }
        for path in others { result.remark("artifact \(path): neither a file nor a folder") }
    }
}
