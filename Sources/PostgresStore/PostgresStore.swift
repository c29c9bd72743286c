package import Budgets
package import PostgreSQL
internal import Synchronization
package import Tracking

/// The tracking store over a PostgreSQL database in MLflow's own schema, which servers of MLflow may use at the same time.
///
/// Each of two writing threads commits the changes of many requests together (group commit). A few threads read at the same time.
/// Each thread has its own connection. `init` and `close` block the caller.
package final class PostgresStore: Sendable {
    package struct Configuration: Sendable {
        package var address: PostgresAddress
        /// The folder for the artifacts of experiments that are created without an artifact location.
        package var artifactRoot: ArtifactLocation
        /// The buckets that the server opens, which a client with limited permissions may not choose for artifacts.
        package var servedBuckets: Set<String> = []
        /// The statements that create MLflow's tables in an empty database.
        package var schema: MLflowSchema
        /// The scripts that create Apus's own tables, in their order; empty if the server needs none of them.
        package var ownTables: [String] = []
        /// Whether to create these tables if they are missing; otherwise the store works without them.
        package var makesOwnTables = true
        /// The settings that should be the same for all servers of the database, by their flags; the servers compare them if the
        /// database has the tables of `ownTables`.
        package var sharedSettings: [String: String] = [:]
        /// The maximum number of runs that may be stored; needs the tables of `ownTables`.
        package var runQuota = RunQuota()
        /// The maximum number of connections for reads; the writer uses two more.
        package var readerCount = 8
        /// How long a request waits for its turn, or for a database that cannot be reached, before it is answered with 429.
        package var queueTimeout: Duration = .seconds(10)
        /// The time limit for the answer to COMMIT, after which the connection counts as lost.
        package var commitTime: Duration = .seconds(10)
        /// The time limit for one statement of a change; ten times as long if the change affects all runs of an experiment.
        package var statementTime: Duration = .seconds(30)
        /// The limits that reads and writes share with the rest of the server.
        package var budgets = Budgets()
        /// Called before MLflow's tables are created in an empty database.
        package var willCreateTables: @Sendable () -> Void = {}
        /// Receives messages for the server's log.
        package var report: @Sendable (String) -> Void = { _ in }

        package init(address: PostgresAddress, artifactRoot: ArtifactLocation, schema: MLflowSchema) {
            self.address = address
            self.artifactRoot = artifactRoot
            self.schema = schema
        }
    }

    /// The URI of the database for messages, without a password.
    package let displayURI: String
    package let permissionChanges: PermissionChanges
    /// Passes on how much each owner has stored, after each commit that changes this.
    package let storageUseChanges = StorageUseChanges()
    /// The schema of the database that has MLflow's tables.
    package let schema: String
    /// Whether the database has users or tokens although this server checks neither.
    package let hasUncheckedAccounts: Bool
    /// The shared settings whose values differ from those of the server that was started before on the same database.
    package let differentSettings: [DifferentSetting]
    /// Whether MLflow keeps users in this database, too.
    package let hasUsersOfMLflow: Bool
    private let writer: GroupWriter
    private let removals: RemovalWriter
    private let readers: PostgresReaderPool
    private let faults: FaultLog
    private let isUnreachable = Atomic<Bool>(false)

    /// How many transactions store changes at the same time.
    ///
    /// More transactions would wait for the same disk and processors, and fewer requests would share each of them.
    private static let writerCount = 2
    /// The time limit for all statements at the start.
    private static let startTimeout = Duration.seconds(60)

    /// Connects, and creates MLflow's tables if the database is empty.
    ///
    /// - Throws: `PostgresError` if the database cannot be reached or used, `UnfitDatabase` if its tables are those of another
    ///   version; the description of each is for the operator and contains no password.
    package init(_ configuration: Configuration) throws {
        var connector = Connector(
            address: configuration.address,
            readsOnPrimary: !configuration.ownTables.isEmpty,
            report: configuration.report
        )
        let connection = try connector.open(.writer)
        displayURI = connection.displayURI
        connection.watch = PostgresWatch(deadline: .now + Self.startTimeout, cancels: false)
        // Another server may be creating the tables, and holds locks on them.
        try connection.send("SET lock_timeout = '20s'")
        try SessionCheck(connection, connector).requireSession()
        schema = try SchemaCheck(connection, configuration.schema, willCreateTables: configuration.willCreateTables)
            .prepare(artifactRoot: configuration.artifactRoot)
        connector.schema = schema
        let hasOwnTables = try OwnTables.exist(connection)
        let scripts = hasOwnTables || configuration.makesOwnTables ? configuration.ownTables : []
        permissionChanges = PermissionChanges(stored: try Self.prepareOwnTables(connection, scripts))
        let settings = scripts.isEmpty ? [:] : configuration.sharedSettings
        differentSettings = try settings.isEmpty ? [] : ServerSettingsTable(pipeline: connection).replace(by: settings)
        hasUncheckedAccounts = try configuration.ownTables.isEmpty && OwnTables.haveAccounts(connection)
        hasUsersOfMLflow =
            try !configuration.ownTables.isEmpty
            && connection.rows("SELECT to_regclass('alembic_version_auth') IS NOT NULL").first { $0.bool(0) } == true
        connection.close()
        faults = FaultLog(displayURI: displayURI, report: configuration.report)
        let readers = PostgresReaderPool(
            connector,
            permissionChanges,
            count: configuration.readerCount,
            budgets: configuration.budgets,
            queueTimeout: configuration.queueTimeout
        )
        self.readers = readers
        // If the database cannot be reached, all groups notice it, and only the first one reports it.
        let reports: [@Sendable (String) -> Void] = [configuration.report, { _ in }]
        let makeWriter: @Sendable (Int) throws -> GroupWriter = {
            [connector, faults, permissionChanges, storageUseChanges] count in
            let groups = reports.prefix(count).map { report in
                WriteGroup(
                    connector,
                    artifactRoot: configuration.artifactRoot,
                    servedBuckets: configuration.servedBuckets,
                    permissionChanges: permissionChanges,
                    runQuota: configuration.runQuota,
                    storageUseChanges: storageUseChanges,
                    queueTimeout: configuration.queueTimeout,
                    statementTime: configuration.statementTime,
                    commitTime: configuration.commitTime,
                    closeIdleReaders: { readers.closeIdle() },
                    faults: faults,
                    report: report
                )
            }
            let queue = configuration.budgets.queuedWrites
            return try GroupWriter(groups, queue: queue, queueTimeout: configuration.queueTimeout)
        }
        writer = try makeWriter(Self.writerCount)
        removals = RemovalWriter { try makeWriter(1) }
    }

    /// Creates or upgrades Apus's own tables, if this server needs them; returns the access mark that they contain.
    private static func prepareOwnTables(
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
    ///   - logsOnly: whether the work only adds metrics, params and tags to runs.
    ///   - completion: called on a thread of the writer, or on the calling thread if the request is refused; must be quick.
    package func write<Value: Sendable>(
        _ work: @escaping @Sendable (PostgresWriteSession) throws -> Value,
        for caller: Caller = .server,
        bytes: Int = 0,
        logsOnly: Bool = false,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        writer.submit(work, for: caller, bytes: bytes, logsOnly: logsOnly) {
            completion(self.recordReachability($0).mapError(self.failure))
        }
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
        readers.submit(work, cost: cost, for: caller, effort: effort) {
            completion(self.recordReachability($0).mapError(self.failure))
        }
    }

    package var writerStatistics: WriterStatistics { writer.statistics }

    package var readerStatistics: ReaderStatistics { readers.statistics }

    /// Finishes the queued requests and closes the connections; blocks until all is done.
    package func close() {
        readers.close()
        removals.close()
        writer.close()
    }

    /// Closes the connections that are not used, without waiting for the database; for an idle server.
    package func releaseIdleResources() {
        readers.closeIdle()
        writer.releaseIdleResources()
        removals.releaseIdleResources()
    }

    package func readRemovals<Value: Sendable>(
        _ work: @escaping @Sendable (any RemovalTables) throws -> Value
    ) throws -> Value {
        let answer = Answer<Value>()
        read({ (session: PostgresReadSession) in try work(session) }) { answer.give($0) }
        return try answer.wait(isFromRemoteServer: true)
    }

    package func removeNow<Value: Sendable>(
        _ work: @escaping @Sendable (any RemovalWriting) throws -> Value
    ) throws -> Value {
        let answer = Answer<Value>()
        try removals.submit({ (session: PostgresWriteSession) in try work(session) }) {
            answer.give($0.mapError(self.failure))
        }
        return try answer.wait(isFromRemoteServer: true)
    }

    /// Records whether the database has answered the request, and returns the same result.
    private func recordReachability<Value>(_ result: Result<Value, any Error>) -> Result<Value, any Error> {
        switch result {
        case .success: isUnreachable.store(false, ordering: .relaxed)
        case .failure(let error):
            // The connections to a database that hangs stay open, so only the waiting time shows that it does not answer.
            let isHanging = error as? TrackingError == .waitedTooLongToRead
            let isDisconnected = (error as? PostgresError)?.isDisconnection == true
            if isHanging || isDisconnected { isUnreachable.store(true, ordering: .relaxed) }
        }
        return result
    }

    /// Whether the database has answered the last request that needed an answer from it.
    package var isReachable: Bool { !isUnreachable.load(ordering: .relaxed) }

    package var isRemote: Bool { true }

    /// Translates a failure of PostgreSQL, and reports it if it needs the operator's attention.
    private func failure(_ error: any Error) -> any Error {
        faults.note(error)
        return TrackingError.translated(error)
    }
}
