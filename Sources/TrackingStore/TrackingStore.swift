package import Budgets
package import SQLite
package import Tracking

/// Experiments, runs and all that is logged with them, in one SQLite database.
///
/// One writer commits for everybody (group commit); a few readers run beside it. Nothing here blocks a caller that
/// does not ask for it but `init`, `readNow` and `close`.
package final class TrackingStore: Sendable {
    /// Where and how a store is kept.
    package struct Configuration: Sendable {
        /// The database file; its folder exists.
        package var databasePath: String
        /// Beneath it lie the artifacts of experiments that name no location of their own.
        package var artifactRoot: ArtifactLocation
        package var migrations: [Migration]
        /// Read-only connections; each costs its page cache.
        ///
        /// Reads that turn long have more of them.
        package var readerCount = 4
        /// What reads and writes may take of the server.
        package var budgets = Budgets()
        /// Told what the server's log should hold: what happened to the files, and failures that name a page.
        package var report: @Sendable (String) -> Void = { _ in }

        package init(databasePath: String, artifactRoot: ArtifactLocation, migrations: [Migration]) {
            self.databasePath = databasePath
            self.artifactRoot = artifactRoot
            self.migrations = migrations
        }
    }

    /// How commits reach the disk: a write-ahead log, or a rollback journal where the file system cannot have one.
    package let journalMode: JournalMode
    private let databasePath: String
    private let lock: OwnerLock
    private let claim: DatabaseClaim
    let files: StoreFiles
    let budgets: Budgets
    let report: @Sendable (String) -> Void
    private let writer: Writer<WriteSession>
    private let readers: ReaderPool

    /// Opens the store, brings its schema up to date, and makes the Default experiment in a new one.
    ///
    /// Blocks for a few milliseconds. A database that is not ours, or newer than this program, is left untouched.
    /// - Throws: `OwnerLock.Failure`, `MigrationError` or `SQLiteError`; each describes itself to a person.
    package init(_ configuration: Configuration) throws {
        lock = try OwnerLock(databasePath: configuration.databasePath)
        databasePath = configuration.databasePath
        report = configuration.report
        budgets = configuration.budgets
        try Self.requireDatabase(databasePath, isKnown: lock.knowsStore)
        let migrator = try Migrator(configuration.migrations)
        _ = try migrator.inspect(path: databasePath)
        claim = try DatabaseClaim(databasePath: databasePath)
        var settings = WriterSettings()
        settings.cacheKibibytes = 24_576
        let (connection, mode) = try Connection.openForWriting(path: databasePath, settings)
        journalMode = mode
        try migrator.migrate(connection)
        let files = StoreFiles(databasePath: databasePath, hasLog: mode == .wal, claim: claim)
        self.files = files
        readers = Self.readers(configuration)
        var limits = WriterLimits()
        limits.log = LogLimits(bytes: configuration.budgets.limits.logBytes)
        limits.commitsAlone = mode != .wal
        limits.queue = configuration.budgets.queuedWrites
        writer = try Writer(limits: limits, gate: readers) {
            let session = try WriteSession(
                connection: connection,
                artifactRoot: configuration.artifactRoot,
                files: files,
                report: configuration.report
            )
            // At every start: the first one may have ended between the migrations and this.
            try connection.immediateTransaction { try session.createDefaultExperiment() }
            session.didCommit()
            return session
        }
        try lock.noteStore()
    }

    private static func readers(_ configuration: Configuration) -> ReaderPool {
        let budgets = configuration.budgets
        return ReaderPool(
            count: configuration.readerCount,
            queue: budgets.queuedReads,
            limits: ReadLimits(budgets.limits)
        ) {
            let connection = try Connection(path: configuration.databasePath, mode: .readOnly)
            try connection.configureForReading(cacheKibibytes: 4_096)
            try connection.addRowSkipping()
            return ReadSession(connection: connection)
        }
    }

    /// A database that is gone is missed: an empty one in its place would look as if all runs had been lost.
    private static func requireDatabase(_ path: String, isKnown: Bool) throws {
        // A database that has held a store is never empty: SQLite writes its first page before anything else.
        guard fileSize(path) == 0, isKnown || fileSize(path + "-wal") > 0 else { return }
        throw MissingDatabase(path: path)
    }

    /// Carries out one write request; `completion` gets its outcome when it is durable.
    ///
    /// - Parameters:
    ///   - work: one request; what it throws undoes all that it did. It may run twice.
    ///   - caller: whose share of the queue it takes.
    ///   - mayBlock: whether the calling thread may be used, for as long as one commit takes.
    ///   - completion: called on the writer's thread, or on the calling one; it must be quick.
    package func write<Value: Sendable>(
        _ work: @escaping @Sendable (WriteSession) throws -> Value,
        for caller: Caller = .server,
        mayBlock: Bool = false,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        do {
            try writer.submit(work, for: caller.peer, mayBlock: mayBlock) { completion($0.mapError(self.failure)) }
        } catch {
            completion(.failure(Self.translate(error)))
        }
    }

    /// Carries out one read request on a reader's thread, all of it at one moment in time.
    ///
    /// A read that starts after a write was acknowledged sees that write.
    /// - Parameters:
    ///   - work: may run again from its beginning, at another moment.
    ///   - cost: `.cheap` for what looks up one thing, which then never waits behind a search.
    ///   - caller: who waits; the read ends when nobody does.
    ///   - effort: of all parts of one answer together, which have the bounds of one read.
    package func read<Value: Sendable>(
        _ work: @escaping @Sendable (ReadSession) throws -> Value,
        cost: ReadCost = .dear,
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

    /// Carries out one read request and waits for it; for threads that may block, never for a reader's or the writer's.
    package func readNow<Value: Sendable>(
        _ cost: ReadCost = .dear,
        for caller: Caller = .server,
        effort: ReadEffort? = nil,
        _ work: @escaping @Sendable (ReadSession) throws -> Value
    ) throws -> Value {
        let answer = Answer<Value>()
        read(work, cost: cost, for: caller, effort: effort) { answer.give($0) }
        return try answer.wait()
    }

    /// What the writer has done so far.
    package var writerStatistics: WriterStatistics { writer.statistics }

    /// What the readers do and have done.
    package var readerStatistics: ReaderStatistics { readers.statistics }

    /// The sizes of the database file and its write-ahead log, in bytes; 0 where there is none.
    package var fileSizes: (database: Int64, log: Int64) {
        (fileSize(databasePath), fileSize(databasePath + "-wal"))
    }

    /// Whether the process that had the store before was killed, or its machine went down.
    package var wasLeftInDisorder: Bool { lock.isTakenOver }

    /// Tells other processes that want this database where its server answers; empty when it no longer does.
    package func announce(_ address: String) throws(OwnerLock.Failure) {
        try lock.announce(address)
    }

    /// Answers what is queued, empties the write-ahead log and closes the database; blocks until done.
    package func close() {
        readers.close()
        writer.shutdown()
        claim.release()
        lock.release()
    }

    /// Cuts a large log and gives back the memory of pages, for times without requests.
    ///
    /// Returns at once.
    package func rest() {
        writer.rest()
        readers.releaseMemory()
    }

    /// As `translate`, and tells the server's log what a person must see to.
    private func failure(_ error: any Error) -> any Error {
        if let error = error as? SQLiteError, error.isCorrupt || error.isNotADatabase || error.isIOError {
            report("the database \(databasePath) cannot be used: \(error)")
        }
        return Self.translate(error)
    }

    /// Failures of the database that a client should know by their class; others stay what they are and become an
    /// internal error at the edge.
    private static func translate(_ error: any Error) -> any Error {
        switch error {
        case SubmissionError.overloaded, SubmissionError.closed:
            TrackingError(.temporarilyUnavailable, "The server is busy or stopping; try again in a moment.")
        case let end as ReadEnded:
            TrackingError(
                .temporarilyUnavailable,
                end.reason == .callerLeft
                    ? "The client had gone before it was answered."
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
        // SQLite says this also of a page that the disk could not be made to give.
        case let error as SQLiteError where error.isCorrupt || error.isNotADatabase:
            TrackingError(
                .insufficientStorage,
                "The tracking database is damaged where this request needs it. Nothing of this request was stored; the "
                    + "server's log says what SQLite found. Check the disk, or restore the database from a copy."
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
