internal import ArtifactStore
internal import MLflowAPI
internal import PostgreSQL
internal import PostgresStore
internal import Tracking

/// A database of PostgreSQL with MLflow's tables, which servers may use meanwhile, and the place of their artifacts.
final class DatabaseTarget: ImportTarget, Sendable {
    let title: String
    private let store: PostgresStore
    private let batches: RecordBatches
    private let artifacts: ArtifactTarget?

    /// - Parameter artifacts: the place of the artifacts that go through the servers; nil if none come.
    /// - Throws: `StartFailure` for a database that cannot be used.
    init(_ address: PostgresAddress, artifacts: ArtifactTarget?) throws {
        self.artifacts = artifacts
        let (store, isAudited) = try Self.open(address)
        self.store = store
        batches = RecordBatches { records, completion in
            store.write(
                {
                    let report = try $0.importRecords(records)
                    if isAudited { try $0.audit(.byCommand("import"), after: report.auditNote) }
                    return report
                },
                completion: completion
            )
        }
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
        guard let artifacts else { throw FileRefusal(description: "\(ArtifactTarget.flag) names no place for it") }
        return try artifacts.place(file, at: path)
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
