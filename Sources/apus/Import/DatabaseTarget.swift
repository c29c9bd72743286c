internal import ArtifactStore
internal import PostgreSQL
internal import PostgresStore
internal import Tracking

/// A database of PostgreSQL with MLflow's tables, which servers may use meanwhile, and the folder of their artifacts.
final class DatabaseTarget: ImportTarget, Sendable {
    let title: String
    private let store: PostgresStore
    private let batches: RecordBatches
    private let artifacts: ArtifactRoot?
    private let way: AdoptionWay

    /// - Parameter folder: the folder of the artifacts that go through the servers; nil if none come.
    /// - Throws: `StartFailure` for a database that cannot be used.
    init(_ address: PostgresAddress, artifacts folder: String?, by way: AdoptionWay) throws {
        artifacts = try folder.map { try FolderTarget.artifactRoot($0) }
        self.way = way
        let store = try PostgresStore.ofCommand(
            address,
            artifactRoot: ArtifactLocation("mlflow-artifacts:/"),
            source: "--to"
        )
        self.store = store
        batches = RecordBatches { records, completion in
            store.write({ try $0.importRecords(records) }, completion: completion)
        }
        title = store.place
    }

    func take(_ records: [TransferRecord]) throws { try batches.take(records) }

    func size(at path: ArtifactPath) throws -> Int64? {
        do {
            return try artifacts?.open(path).size
        } catch .notFound {
            return nil
        }
    }

    func place(_ file: SourceFile, at path: ArtifactPath) throws -> Adoption {
        guard let artifacts else { throw FileRefusal(description: "--artifacts-to names no folder for it") }
        return try artifacts.adopt(file.descriptor, at: path, by: way)
    }

    func settle() throws -> [TransferOwner] { try batches.settle() }

    var mappings: [ExperimentMapping] { batches.mappings }

    func location(of owner: TransferOwner) throws -> String? {
        try store.readNow { try $0.artifactOwners(among: [owner.id.text]) }
            .first { $0.isLoggedModel == (owner.kind == .loggedModel) }?.location
    }

    func finish() throws -> TransferReport {
        batches.wait()
        return try batches.report()
    }

    func close() {
        batches.wait()
        store.close()
    }
}
