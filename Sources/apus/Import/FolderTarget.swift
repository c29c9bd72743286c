internal import ArtifactStore
internal import Dispatch
internal import MLflowAPI
internal import SQLite
internal import Synchronization
internal import Tracking
internal import TrackingStore

/// A data folder that no server holds; this process owns it as long as the import lasts.
final class FolderTarget: ImportTarget, Sendable {
    /// The batches that the writer may still have to store while the next one is read.
    private static let batchesUnderway = 2

    let title: String
    private let store: TrackingStore
    private let artifacts: ArtifactRoot
    private let way: AdoptionWay
    private let places = DispatchSemaphore(value: batchesUnderway)
    /// Files whose sizes are noted together.
    private static let filesAtOnce = 1_000
    private let placed = Mutex<[(path: String, bytes: Int64)]>([])
    private let outcome = Mutex<(report: TransferReport, failure: (any Error)?)>((TransferReport(), nil))

    /// - Throws: `StartFailure`, whose owner is set when a server holds the folder.
    init(_ folder: String, by way: AdoptionWay) throws {
        try StorageLayout.makeFolders(folder, flag: "--to")
        let databasePath = folder + "/apus.db"
        var configuration = TrackingStore.Configuration(
            databasePath: databasePath,
            artifactRoot: ArtifactLocation("mlflow-artifacts:/"),
            migrations: try EmbeddedMigrations.load()
        )
        configuration.readerCount = 1
        do {
            store = try TrackingStore(configuration)
        } catch {
            throw StartFailure.opening(databasePath, error)
        }
        let kept = try KeepFreeSetting.amount(Environment.process)
        artifacts = ArtifactRoot(
            location: folder + "/artifacts",
            freeSpace: kept.map { amount in
                FreeSpace(keeping: amount, measure: { FreeSpace.disk(of: folder + "/artifacts") })
            }
        )
        self.way = way
        title = "data folder \(folder)"
    }

    func take(_ records: [TransferRecord]) throws {
        try throwFailure()
        places.wait()
        store.write {
            let report = try $0.importRecords(records)
            try $0.audit(.byCommand("import"), after: report.auditNote)
            return report
        } completion: { [self] result in
            outcome.withLock { outcome in
                switch result {
                case .success(let report): outcome.report.add(report)
                case .failure(let error): outcome.failure = outcome.failure ?? error
                }
            }
            places.signal()
        }
    }

    func size(at path: ArtifactPath) throws -> Int64? {
        let size: Int64
        do {
            size = try artifacts.open(path).size
        } catch .notFound {
            return nil
        }
        try note(path, bytes: size)
        return size
    }

    func place(_ file: SourceFile, at path: ArtifactPath) throws -> Adoption {
        let adoption = try artifacts.adopt(file.descriptor, at: path, by: way)
        switch adoption {
        case .different: break
        case .stored(let bytes), .same(let bytes): try note(path, bytes: bytes)
        }
        return adoption
    }

    /// Who placed a file that is there already may have been killed before it was noted.
    private func note(_ path: ArtifactPath, bytes: Int64) throws {
        let count = placed.withLock { placed in
            placed.append((path.description, bytes))
            return placed.count
        }
        if count >= Self.filesAtOnce { try notePlaced() }
    }

    /// Notes the files that were placed, for the sums of what is stored.
    private func notePlaced() throws {
        let files = placed.withLock { placed in
            defer { placed = [] }
            return placed
        }
        guard !files.isEmpty else { return }
        try store.writeNow { session in
            for file in files { try session.noteStored(file.path, bytes: file.bytes) }
        }
    }

    func finish() throws -> TransferReport {
        for _ in 0..<Self.batchesUnderway { places.wait() }
        for _ in 0..<Self.batchesUnderway { places.signal() }
        try notePlaced()
        try throwFailure()
        return outcome.withLock { $0.report }
    }

    func close() {
        // A semaphore must not be given up with fewer places than it was made with.
        for _ in 0..<Self.batchesUnderway { places.wait() }
        for _ in 0..<Self.batchesUnderway { places.signal() }
        store.close()
    }

    private func throwFailure() throws {
        if let failure = outcome.withLock({ $0.failure }) { throw failure }
    }
}
