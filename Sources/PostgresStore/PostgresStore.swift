package import Budgets
package import PostgreSQL
package import Tracking

/// The tracking store over a PostgreSQL database in MLflow's own schema, which servers of MLflow may use at the same time.
///
/// One writer commits the changes of many requests together (group commit), on one connection; a few readers work at the same
/// time, each with a connection of its own. All wait on threads of the store. `init` and `close` block the calling thread.
package final class PostgresStore: Sendable {
    /// The settings of a store.
    package struct Configuration: Sendable {
        package var address: PostgresAddress
        /// The folder for the artifacts of experiments that are created without an artifact location.
        package var artifactRoot: ArtifactLocation
        /// The buckets that the server opens, which a client with limited permissions may not choose for artifacts.
        package var servedBuckets: Set<String> = []
        /// The statements that make an empty database of MLflow.
        package var schema: MLflowSchema
        /// The scripts that make this server's own tables, one after another; empty if it needs none of them.
        package var ownTables: [String] = []
        /// The most connections that read; with the writer's, the store uses one more.
        package var readerCount = 8
        /// How long a request waits for its turn, or for a database that is away, before it is answered with 429.
        package var patience: Duration = .seconds(10)
        /// How long the server of the database may take to answer COMMIT before the connection counts as lost.
        package var commitTime: Duration = .seconds(10)
        /// How long the database may work on one statement of a change; on one that changes all runs of an experiment, ten times as
        /// long.
        package var statementTime: Duration = .seconds(30)
        /// The limits that reads and writes share with the rest of the server.
        package var budgets = Budgets()
        /// Called before MLflow's tables are made in an empty database.
        package var beginsTables: @Sendable () -> Void = {}
        /// Receives messages for the server's log.
        package var report: @Sendable (String) -> Void = { _ in }

        package init(address: PostgresAddress, artifactRoot: ArtifactLocation, schema: MLflowSchema) {
            self.address = address
            self.artifactRoot = artifactRoot
            self.schema = schema
        }
    }

    /// The URI of the database for messages, without a password.
    package let place: String
    package let permissionChanges: PermissionChanges
    /// The schema of the database that has MLflow's tables.
    package let schema: String
    /// Whether the database has users or tokens for servers that ask for them, and this server does not.
    package let hasUnaskedAccounts: Bool
    private let writer: GroupWriter
    private let readers: ReaderCrew
    private let faults: FaultLog

    /// How long all statements at the start may take.
    private static let startTime = Duration.seconds(60)

    /// Connects, and makes MLflow's tables if the database is empty.
    ///
    /// - Throws: `PostgresError` if the database cannot be reached or used, `UnfitDatabase` if its tables are those of another
    ///   version; the description of each is for the operator and contains no password.
    package init(_ configuration: Configuration) throws {
        var connector = Connector(address: configuration.address, readsOnPrimary: !configuration.ownTables.isEmpty)
        let first = try connector.open(.writer)
        place = first.place
        first.watch = PostgresWatch(deadline: .now + Self.startTime, cancels: false)
        // Other servers may be making the tables.
        try first.send("SET lock_timeout = '20s'")
        try SessionCheck(first, connector).requireSession()
        schema = try SchemaCheck(first, configuration.schema, beginsTables: configuration.beginsTables)
            .prepare(artifactRoot: configuration.artifactRoot)
        connector.schema = schema
        permissionChanges = PermissionChanges(stored: try Self.accessVersion(first, configuration.ownTables))
        hasUnaskedAccounts = try configuration.ownTables.isEmpty && OwnTables.areThere(first)
        first.close()
        faults = FaultLog(place: place, report: configuration.report)
        let readers = ReaderCrew(
            connector,
            permissionChanges,
            count: configuration.readerCount,
            budgets: configuration.budgets,
            patience: configuration.patience
        )
        self.readers = readers
        let group = WriteGroup(
            connector,
            artifactRoot: configuration.artifactRoot,
            servedBuckets: configuration.servedBuckets,
            permissionChanges: permissionChanges,
            patience: configuration.patience,
            statementTime: configuration.statementTime,
            commitTime: configuration.commitTime,
            makeRoom: { readers.dropIdle() },
            faults: faults,
            report: configuration.report
        )
        writer = try GroupWriter(
            group,
            queue: configuration.budgets.queuedWrites,
            patience: configuration.patience
        )
    }

    /// Makes this server's own tables, if it needs them; returns the number of the stored rights.
    private static func accessVersion(
        _ pipeline: PostgresPipeline,
        _ scripts: [String]
    ) throws -> StoredAccessVersion? {
        guard !scripts.isEmpty else { return nil }
        try OwnTables(pipeline, scripts).prepare()
        let version = try pipeline.rows(AccessDialect.selectVersion).first { $0.int64(0) }
        return StoredAccessVersion(version ?? 0)
    }

    /// Runs one write request on the writer; calls `completion` when its changes are committed.
    ///
    /// - Parameters:
    ///   - work: makes the changes of one request. If it throws, all of them are undone. It may run several times.
    ///   - caller: the client whose share of the write queue is used.
    ///   - bytes: the size of the request.
    ///   - completion: called on the writer's thread, or on the calling thread if the request is refused; must be quick.
    package func write<Value: Sendable>(
        _ work: @escaping @Sendable (PostgresWriteSession) throws -> Value,
        for caller: Caller = .server,
        bytes: Int = 0,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        writer.submit(work, for: caller, bytes: bytes) { completion($0.mapError(self.failure)) }
    }

    /// Runs one read request on a reader's thread, in one transaction, without blocking.
    ///
    /// A read that starts after a write was acknowledged sees that write.
    /// - Parameters:
    ///   - work: reads the values. It may run again from the start, in a new transaction.
    ///   - cost: `.cheap` for a look-up of one entity. Cheap reads never wait for an expensive one.
    ///   - caller: the client that waits. The read ends when the client disconnects.
    ///   - effort: adds up the time of all reads for one answer; together they have the limits of one read.
    ///   - completion: called on a reader's thread, or on the calling thread if the read is refused.
    package func read<Value: Sendable>(
        _ work: @escaping @Sendable (PostgresReadSession) throws -> Value,
        cost: ReadCost = .expensive,
        for caller: Caller = .server,
        effort: ReadEffort? = nil,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        readers.submit(work, cost: cost, for: caller, effort: effort) { completion($0.mapError(self.failure)) }
    }

    package var writerStatistics: WriterStatistics { writer.statistics }

    package var readerStatistics: ReaderStatistics { readers.statistics }

    /// Finishes the queued requests and closes the connections; blocks until all is done.
    package func close() {
        readers.close()
        writer.close()
    }

    /// Closes the connections that no read uses, without blocking; for an idle server.
    package func rest() { readers.dropIdle() }

    /// Translates a failure of PostgreSQL, and reports those that need the operator's attention.
    private func failure(_ error: any Error) -> any Error {
        faults.note(error)
        return TrackingError.translated(error)
    }
}
