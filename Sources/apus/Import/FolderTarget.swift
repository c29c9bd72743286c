internal import ArtifactStore
internal import Synchronization
internal import Tracking
internal import TrackingStore

/// A data folder that no server has open.
///
/// This process owns the folder during the import.
final class FolderTarget: StoreTarget, Sendable {
    let title: String
    private let folderStore: TrackingStore
    private let artifacts: ArtifactRoot
    private let way: AdoptionWay
    let batches: RecordBatches
    /// The number of files whose sizes are recorded in one transaction.
    private static let filesPerTransaction = 1_000
    /// The stored files that are not recorded in the database yet.
    private let unrecorded = Mutex<[(path: String, bytes: Int64)]>([])

    /// - Throws: `StartFailure`, whose owner is set if a server has the folder open.
    init(_ folder: String, by way: AdoptionWay) throws {
        try StorageLayout.makeFolders(folder, flag: "--to")
        let databasePath = folder + "/apus.db"
        var configuration = TrackingStore.Configuration(
            databasePath: databasePath,
            artifactRoot: ArtifactLocation("mlflow-artifacts:/"),
            migrations: try EmbeddedMigrations.load()
        )
        configuration.readerCount = 1
        let store: TrackingStore
        do {
            store = try TrackingStore(configuration)
        } catch {
            throw StartFailure.opening(databasePath, error)
        }
        folderStore = store
        batches = RecordBatches(store, isAudited: true)
        // No server has the folder open here, because opening the store would have failed.
        if let uri = ArtifactLocationFile(databasePath: databasePath).uri {
            store.close()
            throw StartFailure(
                "The server of '\(folder)' keeps its artifacts in '\(uri)', where this command cannot store them: start "
                    + "that server, and import with --to and its address."
            )
        }
        artifacts = try Self.artifactRoot(folder + "/artifacts")
        self.way = way
        title = "data folder \(folder)"
    }

    /// The folder of artifacts at a path; files are refused if they would use the space on its disk that must stay free.
    static func artifactRoot(_ path: String) throws -> ArtifactRoot {
        let freeSpace = try KeepFreeSetting.amount(Environment.process).map { amount in
            FreeSpace(keeping: amount, measure: { FreeSpace.disk(of: path) })
        }
        return ArtifactRoot(location: path, freeSpace: freeSpace)
    }

    func add(_ records: [TransferRecord]) throws { try batches.add(records) }

    func size(at path: ArtifactPath) throws -> Int64? {
        let size: Int64
        do {
            size = try artifacts.open(path).size
        } catch .notFound {
            return nil
        }
        try addUnrecorded(path, bytes: size)
        return size
    }

    func storeFile(_ file: SourceFile, at path: ArtifactPath) throws -> Adoption {
        let adoption = try artifacts.adopt(file.descriptor, at: path, by: way)
        switch adoption {
        case .different: break
        case .stored(let bytes), .same(let bytes): try addUnrecorded(path, bytes: bytes)
        }
        return adoption
    }

    /// Adds a file to the list of files to be recorded in the database, even if the file existed before.
    ///
    /// The process that stored the file before may have been killed before it recorded the file.
    private func addUnrecorded(_ path: ArtifactPath, bytes: Int64) throws {
        let count = unrecorded.withLock { unrecorded in
            unrecorded.append((path.description, bytes))
            return unrecorded.count
        }
        if count >= Self.filesPerTransaction { try recordFiles() }
    }

    /// Records the stored files in the database, which keeps the sum of their sizes.
    private func recordFiles() throws {
        let files = unrecorded.withLock { unrecorded in
            defer { unrecorded = [] }
            return unrecorded
        }
        guard !files.isEmpty else { return }
        try folderStore.writeNow { session in
            for file in files { try session.noteStored(file.path, bytes: file.bytes) }
        }
    }

    var store: any TrackingBackend { folderStore }

    func finish() throws -> TransferReport {
        batches.wait()
        try recordFiles()
        return try batches.report()
    }
}
