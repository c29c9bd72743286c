internal import ArtifactStore
internal import PostgreSQL
internal import PostgresStore
internal import Tracking

/// A PostgreSQL database with MLflow's tables, which servers may use during the import, and the storage of their artifacts.
final class DatabaseTarget: StoreTarget, Sendable {
    let title: String
    let store: any TrackingBackend
    let batches: RecordBatches
    private let artifacts: ArtifactTarget?

    /// - Parameter artifacts: the storage of the artifacts that the servers serve; nil if no artifacts are imported.
    /// - Throws: `StartFailure` for a database that cannot be used.
    init(_ address: PostgresAddress, artifacts: ArtifactTarget?) throws {
        self.artifacts = artifacts
        let (store, isAudited) = try Self.open(address)
        self.store = store
        batches = RecordBatches(store, isAudited: isAudited)
        title = store.displayURI
    }

    /// Opens a database; if it has users or tokens, with Apus's own tables, such as those of runs' creators and the audit log.
    private static func open(_ address: PostgresAddress) throws -> (PostgresStore, isAudited: Bool) {
        func open(usesOwnTables: Bool) throws(StartFailure) -> PostgresStore {
            try .ofCommand(
                address,
                artifactRoot: ArtifactLocation("mlflow-artifacts:/"),
                source: "--to",
                usesOwnTables: usesOwnTables
            )
        }
        let plain = try open(usesOwnTables: false)
        guard plain.hasUncheckedAccounts else { return (plain, false) }
        plain.close()
        do {
            return (try open(usesOwnTables: true), true)
        } catch {
            // One reason is a database user who may only use MLflow's tables.
            throw StartFailure(
                "The database has users or tokens, so an import must read the table of the users who created the runs: without it, the "
                    + "import could add data to a run that another user has created with the id of an imported run. \(error.message)"
            )
        }
    }

    func add(_ records: [TransferRecord]) throws { try batches.add(records) }

    func size(at path: ArtifactPath) throws -> Int64? { try artifacts?.size(at: path) }

    func storeFile(_ file: SourceFile, at path: ArtifactPath) throws -> Adoption {
        guard let artifacts else { throw FileRefusal(description: "\(ArtifactTarget.flag) was not given") }
        return try artifacts.storeFile(file, at: path)
    }
}
