internal import Files
internal import Glibc
internal import PostgreSQL
internal import SQLite
internal import Tracking
internal import TrackingStore
internal import Transfer

/// Writes a database of MLflow and a folder of artifacts, which `mlflow server` can use.
///
/// The database is read in the state of one moment, even while a server has it open, and then the artifacts are copied.
/// Therefore every artifact that the database names is copied, unless it is deleted meanwhile. The folder gets its
/// final name when its files are durable. Only then the transaction that fills a PostgreSQL database is committed.
struct MLflowDatabaseExport {
    let databasePath: String
    let artifactsPath: String
    /// The absolute path of the folder to create, for the artifacts and, unless `postgres` is set, for the database.
    let target: String
    /// The PostgreSQL database to fill; nil to create a SQLite database in the folder.
    let postgres: PostgresAddress?

    struct Result {
        /// The URI of the PostgreSQL database without the password; empty if a SQLite database was created.
        fileprivate(set) var uri = ""
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

    /// - Throws: `StartFailure` if the target exists, or the database cannot be read.
    func run() throws -> Result {
        guard FileKind(target) == .absent else {
            let option = postgres == nil ? "--output" : "--artifacts-to"
            throw StartFailure("'\(target)' is there already. Name a folder that does not exist with \(option).")
        }
        guard !StoragePaths.isInside(target, artifactsPath) else {
            throw StartFailure("'\(target)' is in the folder of artifacts, which would be copied into itself.")
        }
        let unfinished = target + ".unfinished"
        let lock = try makeLockedFolder(unfinished)
        defer { withExtendedLifetime(lock) {} }
        // An interrupted export may have left files in the folder.
        for name in try Disk.entryNames(unfinished) { try Disk.remove(unfinished + "/" + name) }
        var result = Result()
        do {
            if let postgres { try fill(postgres, unfinished, &result) } else { try fillFolder(unfinished, &result) }
        } catch {
            try? Disk.remove(unfinished)
            throw error
        }
        return result
    }

    private func fillFolder(_ unfinished: String, _ result: inout Result) throws {
        let remarks = Remarks()
        let path = unfinished + "/" + Self.databaseName
        let writer = try MLflowDatabaseWriter(path: path, schema: EmbeddedSchema.mlflow, report: remarks.add)
        try write(to: writer, remarks, &result)
        try writer.commit()
        try copyArtifacts(to: unfinished + "/" + Self.artifactsName, &result)
        try Disk.synchronize(unfinished)
        try Disk.rename(unfinished, to: target)
    }

    private func fill(_ postgres: PostgresAddress, _ unfinished: String, _ result: inout Result) throws {
        do {
            let remarks = Remarks()
            let writer = try MLflowDatabaseWriter(
                postgres,
                schema: EmbeddedSchema.mlflowInPostgreSQL,
                report: remarks.add
            )
            result.uri = writer.location
            try write(to: writer, remarks, &result)
            try copyArtifacts(to: unfinished, &result)
            try Disk.synchronize(unfinished)
            try Disk.rename(unfinished, to: target)
            try commit(writer)
        } catch let error as PostgresError {
            throw StartFailure("The database cannot be filled, and was not changed: \(error)")
        }
    }

    /// Commits the transaction, and removes the folder if the commit has failed, but not if its result is unknown.
    private func commit(_ writer: MLflowDatabaseWriter) throws {
        do {
            try writer.commit()
        } catch let error as PostgresError where error.isDisconnection {
            throw StartFailure(
                "The connection broke during the commit, so it is unknown whether \(writer.location) was filled: \(error). "
                    + "If it has tables, it is filled, and the artifacts are in '\(target)'; otherwise remove that folder and "
                    + "export again."
            )
        } catch {
            try? Disk.remove(target)
            throw error
        }
    }

    /// Creates the folder, and locks it against other exports until the returned descriptor is released.
    private func makeLockedFolder(_ folder: String) throws -> Descriptor {
        try Disk.makeFolders(folder)
        let raw = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard raw >= 0 else { throw DiskFailure.last("open", folder) }
        let descriptor = Descriptor(owning: raw)
        // On a file system without locks, `flock` fails with another error, which is ignored.
        guard flock(raw, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
            throw StartFailure("Another export to '\(target)' is running. Try again when it has ended.")
        }
        return descriptor
    }

    private func write(to writer: MLflowDatabaseWriter, _ remarks: Remarks, _ result: inout Result) throws {
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
        try RecordCursor.readAll(of: source) { record in
            try writer.add(record)
            switch record {
            case .run: result.runs += 1
            case .points(let points): result.points += points.points.count
            default: break
            }
            for remark in remarks.removeAll() { result.remark(remark) }
        }
        try writer.finish()
    }

    private func copyArtifacts(to folder: String, _ result: inout Result) throws {
        var madeFolders: Set<String> = []
        var others: [String] = []
        try Disk.makeFolders(folder)
        try Disk.walk(
            artifactsPath,
            leavingOut: { $0.hasPrefix(Backup.unfinishedUpload) },
            other: { others.append($0) }
        ) { path, _ in
            let copy = folder + "/" + path
            let parent = StorageLayout.parent(of: copy)
            if madeFolders.insert(parent).inserted { try Disk.makeFolders(parent) }
            // MLflow may write to its files, so they must not be hard links. A file deleted meanwhile is not counted.
            if try Disk.linkOrCopy(artifactsPath + "/" + path, at: copy, mayLink: false) != nil { result.files += 1 }
        }
        for path in others { result.remark("artifact \(path): neither a file nor a folder") }
    }
}

/// Collects the remarks of a writer until they are removed.
private final class Remarks {
    private var new: [String] = []

    func add(_ subject: String, _ reason: String) { new.append("\(subject): \(reason)") }

    func removeAll() -> [String] {
        defer { new = [] }
        return new
    }
}
