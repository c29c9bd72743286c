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
        artifacts = ArtifactRoot(location: folder + "/artifacts")
        self.way = way
        title = "data folder \(folder)"
    }

    func take(_ records: [TransferRecord]) throws {
        try throwFailure()
        places.wait()
        store.write {
            let report = try $0.take(records)
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
        do {
            return try artifacts.open(path).size
        } catch .notFound {
            return nil
        }
    }

    func place(_ file: SourceFile, at path: ArtifactPath) throws -> Adoption {
        try artifacts.adopt(file.descriptor, at: path, by: way)
    }

    func finish() throws -> TransferReport {
        for _ in 0..<Self.batchesUnderway { places.wait() }
        for _ in 0..<Self.batchesUnderway { places.signal() }
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
