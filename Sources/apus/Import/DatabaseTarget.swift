internal import ArtifactStore
internal import PostgreSQL
internal import PostgresStore
internal import Tracking

/// A database of PostgreSQL with MLflow's tables, which servers may use meanwhile, and the place of their artifacts.
final class DatabaseTarget: StoreTarget, Sendable {
    let title: String
    let store: any TrackingBackend
    let batches: RecordBatches
    private let artifacts: ArtifactTarget?

    /// - Parameter artifacts: the place of the artifacts that go through the servers; nil if none come.
    /// - Throws: `StartFailure` for a database that cannot be used.
    init(_ address: PostgresAddress, artifacts: ArtifactTarget?) throws {
        self.artifacts = artifacts
        let (store, isAudited) = try Self.open(address)
        self.store = store
        batches = RecordBatches(store, isAudited: isAudited)
        title = store.place
    }

    /// Opens a database, with its own tables of users and runs' creators and its audit if it has users or tokens.
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
        guard plain.hasUnaskedAccounts else { return (plain, false) }
        plain.close()
        do {
            return (try open(usesOwnTables: true), true)
        } catch {
            // The user of the database may perhaps write MLflow's tables alone.
            throw StartFailure(
                "The database has users or tokens, so that an import must know who made its runs: otherwise it would add to a run that "
                    + "somebody has made there in advance with the id of an imported one. \(error.message)"
            )
        }
    }

    func take(_ records: [TransferRecord]) throws { try batches.take(records) }

    func size(at path: ArtifactPath) throws -> Int64? { try artifacts?.size(at: path) }

    func place(_ file: SourceFile, at path: ArtifactPath) throws -> Adoption {
        guard let artifacts else {
            throw FileRefusal(description: "\(ArtifactTarget.flag) does not name a place for it")
        }
        return try artifacts.place(file, at: path)
    }
}
