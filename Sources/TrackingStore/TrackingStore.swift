package import Budgets
package import SQLite
package import Tracking

/// The tracking store: one SQLite database with experiments, runs, logged models and the model registry.
///
/// One writer commits the changes of many requests together (group commit); a few readers work at the same time.
/// `init`, `readNow`, `writeNow`, `close`, `examine`, and `write` with `mayBlock` block the calling thread.
package final class TrackingStore: Sendable {
    package struct Configuration: Sendable {
        /// The path of the database file.
        ///
        /// Its folder must exist.
        package var databasePath: String
        /// The folder for the artifacts of experiments that are created without an artifact location.
        package var artifactRoot: ArtifactLocation
        /// The buckets of object stores in which the server opens artifacts.
        package var servedBuckets: Set<String> = []
        package var migrations: [Migration]
        /// The number of read-only connections for short reads, each with its own page cache of 4 MiB.
        ///
        /// Long reads use additional connections.
        package var readerCount = 4
        /// The limits that reads and writes share with the rest of the server.
        package var budgets = Budgets()
        /// How many runs may be stored.
        package var runQuota = RunQuota()
        /// Receives the runs that each commit may have changed; nil if the server does not forward runs.
        package var changes: ChangeFeed?
        /// Receives messages for the server's log: database files that were moved or deleted, and failures of SQLite.
        package var report: @Sendable (String) -> Void = { _ in }

        package init(databasePath: String, artifactRoot: ArtifactLocation, migrations: [Migration]) {
            self.databasePath = databasePath
            self.artifactRoot = artifactRoot
            self.migrations = migrations
        }
    }

    /// The journal mode: a write-ahead log (WAL), or a rollback journal if the file system does not support one.
    package let journalMode: JournalMode
    private let databasePath: String
    private let lock: OwnerLock
    /// A lock on the database file itself; `lock` locks another file in the same folder.
    private let fileLock: DatabaseFileLock
    let files: StoreFiles
    let budgets: Budgets
    let report: @Sendable (String) -> Void
    /// Announces the users whose permissions a commit has changed, before the request that changed them is answered.
    package let permissionChanges = PermissionChanges()
    private let writer: Writer<WriteSession>
    private let readers: ReaderPool

    /// Opens the store, runs missing migrations, and creates the Default experiment if there are no experiments.
    ///
    /// Blocks for a few milliseconds. Does not change a database of another program or of a newer version of Apus.
    /// - Throws: `OwnerLock.Failure`, `MissingDatabase`, `MigrationError` or `SQLiteError`; the description of each is
    ///   for the operator.
    package init(_ configuration: Configuration) throws {
        lock = try OwnerLock(databasePath: configuration.databasePath)
        databasePath = configuration.databasePath
        report = configuration.report
        budgets = configuration.budgets
        try Self.requireDatabase(databasePath, wasUsedBefore: lock.expectsDatabase)
        let migrator = try Migrator(configuration.migrations)
        _ = try migrator.inspect(path: databasePath)
        fileLock = try DatabaseFileLock(databasePath: databasePath)
        var settings = WriterSettings()
        settings.cacheKibibytes = 24_576
        // During a long read, the WAL cannot be overwritten from its start, so it grows up to its limit, perhaps many times. A
        // commit that extends the file takes 1.5 times as long as one that overwrites it, so the file is not truncated.
        settings.keptLogBytes = configuration.budgets.limits.logBytes
        let (connection, mode) = try Connection.openForWriting(path: databasePath, settings)
        journalMode = mode
        try migrator.migrate(connection)
        let files = StoreFiles(databasePath: databasePath, hasLog: mode == .wal, fileLock: fileLock)
        self.files = files
        readers = Self.makeReaders(configuration)
        var limits = WriterLimits()
        limits.log = LogLimits(bytes: configuration.budgets.limits.logBytes)
        limits.pausesReadersToCommit = mode != .wal
        limits.queue = configuration.budgets.queuedWrites
        let permissionChanges = permissionChanges
        writer = try Writer(limits: limits, gate: readers) {
            let session = try WriteSession(
                connection: connection,
                artifactRoot: configuration.artifactRoot,
                servedBuckets: configuration.servedBuckets,
                files: files,
                changes: configuration.changes,
                permissionChanges: permissionChanges,
                runQuota: configuration.runQuota,
                report: configuration.report
            )
            // Runs at every start, because the first start may have been interrupted after the migrations.
            try connection.immediateTransaction { try session.createDefaultExperiment() }
            session.didCommit()
            return session
        }
        try lock.recordDatabase()
    }

    private static func makeReaders(_ configuration: Configuration) -> ReaderPool {
        let budgets = configuration.budgets
        return ReaderPool(
            count: configuration.readerCount,
            queue: budgets.queuedReads,
            limits: ReadLimits(budgets.limits),
            contention: budgets.contention
        ) {
            let connection = try Connection(path: configuration.databasePath, mode: .readOnly)
            try connection.configureForReading(cacheKibibytes: 4_096)
            try connection.addRowSkipFunction()
            return ReadSession(connection: connection)
        }
    }

    /// Throws `MissingDatabase` if the database file is missing or empty, although a server has used it before or its WAL exists.
    ///
    /// Without this check, the server would create an empty database, and all runs would seem to be lost.
    private static func requireDatabase(_ path: String, wasUsedBefore: Bool) throws {
        // The file of a store is never empty, because SQLite writes the first page of the database before anything else.
        guard fileSize(path) == 0, wasUsedBefore || fileSize(path + "-wal") > 0 else { return }
        throw MissingDatabase(path: path)
    }

    /// Runs one write request on the writer; calls `completion` when its changes are durable.
    ///
    /// - Parameters:
    ///   - work: makes the changes of one request. If it throws, all of them are undone. It may run twice.
    ///   - caller: the client whose share of the write queue is used. If its permissions may have been reduced since the request
    ///     was admitted, the result is `AccessChanged` and nothing is changed.
    ///   - bytes: the size of the request.
    ///   - mayBlock: whether the work may run on the calling thread, which then blocks for up to one commit.
    ///   - completion: called on the writer's thread or on the calling thread; must return quickly.
    package func write<Value: Sendable>(
        _ work: @escaping @Sendable (WriteSession) throws -> Value,
        for caller: Caller = .server,
        bytes: Int = 0,
        mayBlock: Bool = false,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        do {
            try writer.submit(
                { (session: WriteSession) in
                    try session.begin(for: caller)
                    return try work(session)
                },
                for: caller.client,
                bytes: bytes,
                mayBlock: mayBlock
            ) {
                completion($0.mapError(self.failure))
            }
        } catch {
            completion(.failure(Self.translate(error)))
        }
    }

    /// Runs one read request on a reader's thread, in one read transaction, without blocking.
    ///
    /// A read that starts after a write was acknowledged sees that write.
    /// - Parameters:
    ///   - work: reads the values. It may run again from the start, in a new transaction.
    ///   - cost: `.cheap` for a look-up of one entity. Cheap reads never wait for an expensive one.
    ///   - caller: the client that waits. The read ends when the client disconnects.
    ///   - effort: adds up the processor time of all reads for one answer; together they have the limits of one read.
    ///   - completion: called on a reader's thread, or on the calling thread if the read is refused.
    package func read<Value: Sendable>(
        _ work: @escaping @Sendable (ReadSession) throws -> Value,
        cost: ReadCost = .expensive,
        for caller: Caller = .server,
        effort: ReadEffort? = nil,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        do {
            try readers.submit(
                { (session: ReadSession) in
                    session.begin(for: caller)
                    return try session.connection.readTransaction { try work(session) }
                },
                cost: cost,
                for: caller,
                effort: effort
            ) {
                completion($0.mapError(self.failure))
            }
        } catch {
            completion(.failure(Self.translate(error)))
        }
    }

    /// Runs one read request and blocks until it returns or throws.
    ///
    /// Never call it on a reader's or the writer's thread.
    package func readNow<Value: Sendable>(
        _ cost: ReadCost = .expensive,
        for caller: Caller = .server,
        effort: ReadEffort? = nil,
        _ work: @escaping @Sendable (ReadSession) throws -> Value
    ) throws -> Value {
        let answer = Answer<Value>()
        read(work, cost: cost, for: caller, effort: effort) { answer.give($0) }
        return try answer.wait()
    }

    /// Runs one write request and blocks until it is durable.
    ///
    /// Never call it on a reader's or the writer's thread.
    package func writeNow<Value: Sendable>(
        for caller: Caller = .server,
        _ work: @escaping @Sendable (WriteSession) throws -> Value
    ) throws -> Value {
        let answer = Answer<Value>()
        write(work, for: caller) { answer.give($0) }
        return try answer.wait()
    }

    package var writerStatistics: WriterStatistics { writer.statistics }

    package var readerStatistics: ReaderStatistics { readers.statistics }

    /// The sizes of the database file and of its WAL in bytes; 0 for a file that does not exist.
    package var fileSizes: (database: Int64, log: Int64) { (fileSize(databasePath), fileSize(databasePath + "-wal")) }

    /// Whether the previous server did not close the store, because it was killed or its machine crashed.
    package var previousServerCrashed: Bool { lock.previousOwnerCrashed }

    /// Records the server's address for other processes that try to open this database; an empty text removes it.
    ///
    /// - Parameters:
    ///   - key: the secret that other processes must send to the server.
    ///   - requiresTokens: whether the server accepts only requests with a token.
    package func announce(_ address: String, key: String = "", requiresTokens: Bool = false) throws(OwnerLock.Failure) {
        try lock.announce(address, key: key, requiresTokens: requiresTokens)
    }

    /// Finishes the queued requests, empties the WAL and closes the database; blocks until all is done.
    package func close() {
        readers.close()
        writer.shutdown()
        fileLock.release()
        lock.release()
    }

    /// Starts to truncate a large WAL and to free cached pages, without blocking.
    ///
    /// Meant for times without requests.
    package func releaseIdleResources() {
        writer.releaseIdleResources()
        readers.releaseMemory()
    }

    /// Translates an error as `translate` does, and logs failures that need the operator's attention.
    private func failure(_ error: any Error) -> any Error {
        if let error = error as? SQLiteError, error.isCorrupt || error.isNotADatabase || error.isIOError {
            report("the database \(databasePath) cannot be used: \(error)")
        }
        return Self.translate(error)
    }

    /// Returns the `TrackingError` for a database failure that clients should be able to recognize.
    ///
    /// Any other error is returned unchanged, and the client gets an internal error.
    private static func translate(_ error: any Error) -> any Error {
        switch error {
        case SubmissionError.overloaded, SubmissionError.closed:
            TrackingError(.temporarilyUnavailable, "The server is busy or stopping; try again in a moment.")
        case let end as ReadEnded:
            TrackingError(
                .temporarilyUnavailable,
                end.reason == .callerLeft
                    ? "The client disconnected before the answer was ready."
                    : "The read was stopped so that the database could empty its log; try again in a moment."
            )
        case let error as SQLiteError where error.isBusy:
            TrackingError(.databaseLocked, "The database is locked by another program; try again in a moment.")
        case let error as SQLiteError where error.isFull:
            TrackingError(
                .insufficientStorage,
                "The disk of the tracking database is full. Nothing of this request was stored; free some space."
            )
        case let error as SQLiteError where error.isIOError:
            TrackingError(
                .insufficientStorage,
                "The disk of the tracking database cannot be read or written. Nothing of this request was stored; "
                    + "check the disk of the server's data directory."
            )
        // SQLite also reports corruption for a page that the disk failed to return.
        case let error as SQLiteError where error.isCorrupt || error.isNotADatabase:
            TrackingError(
                .insufficientStorage,
                "A part of the tracking database that this request needs is damaged. Nothing of this request was "
                    + "stored; the server's log says what SQLite found. Check the disk, or restore the database from a "
                    + "copy."
            )
        case let error as SQLiteError where error.code.primary == .cannotOpen:
            TrackingError(
                .insufficientStorage,
                "The tracking database cannot be opened; check the server's data directory and its limit of open files."
            )
        case let error as SQLiteError where error.isReadOnly:
            TrackingError(
                .permissionDenied,
                "The tracking database is read-only. Nothing of this request was stored; "
                    + "check the permissions of the server's data directory."
            )
        default: error
        }
    }
}
