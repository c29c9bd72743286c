package import Budgets

/// A store of experiments, runs, logged models and the model registry.
///
/// There are two: `TrackingStore` keeps all in one SQLite database, and can also send what it stores to another server.
/// `PostgresStore` uses MLflow's tables in PostgreSQL, which MLflow servers and other Apus servers may use at the same time.
package protocol TrackingBackend: AnyObject, Sendable {
    /// Carries out one write request; calls `completion` when its changes are durable. Called through `write`.
    func submitWrite<Value: Sendable>(
        _ work: @escaping @Sendable (any TrackingWriting) throws -> Value,
        for caller: Caller,
        bytes: Int,
        mayBlock: Bool,
        logsOnly: Bool,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    )

    /// Carries out one read request in one transaction, without blocking. Called through `read`.
    func submitRead<Value: Sendable>(
        _ work: @escaping @Sendable (any TrackingReading) throws -> Value,
        cost: ReadCost,
        for caller: Caller,
        effort: ReadEffort?,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    )

    /// Announces changes of permissions.
    var permissionChanges: PermissionChanges { get }

    /// Statistics of the writes, for `/metrics`; a number that a store does not count is 0.
    var writerStatistics: WriterStatistics { get }
    /// Statistics of the reads, for `/metrics`; a number that a store does not count is 0.
    var readerStatistics: ReaderStatistics { get }

    /// Whether the database has answered the last request to it.
    var isReachable: Bool { get }

    /// Whether the database is on another server, so that waiting for it may be long (`Answer.wait(isFromRemoteServer:)`).
    var isRemote: Bool { get }

    /// Whether the store keeps a journal of artifacts, and counts how much each owner has stored.
    var keepsArtifactJournal: Bool { get }

    /// Throws the error of a write to a missing database, if the database is known to be missing.
    ///
    /// Called before files are stored that belong to the database; must not wait for the database.
    func requireDatabaseInPlace() throws(TrackingError)

    /// Carries out a read and an empty write; changes nothing, and blocks for about two seconds at most.
    func examine() -> StoreHealth

    /// Frees memory and other resources, without blocking; called when there have been no requests for some time.
    func releaseIdleResources()

    /// Finishes the queued requests and closes the database; blocks until all is done.
    func close()
}

extension TrackingBackend {
    package var isReachable: Bool { true }

    package var isRemote: Bool { false }

    /// Carries out one write request; calls `completion` when its changes are durable.
    ///
    /// - Parameters:
    ///   - work: makes the changes of one request. If it throws, all of them are undone. It may run twice.
    ///   - caller: the client whose share of the write queue is used.
    ///   - bytes: the size of the request.
    ///   - mayBlock: whether the work may run on the calling thread, which then blocks for up to one commit.
    ///   - logsOnly: whether the work only adds metrics, params and tags to runs, so that a store may carry it out beside
    ///     another write.
    ///   - completion: called on a thread of the store or on the calling thread; must return quickly.
    package func write<Value: Sendable>(
        _ work: @escaping @Sendable (any TrackingWriting) throws -> Value,
        for caller: Caller = .server,
        bytes: Int = 0,
        mayBlock: Bool = false,
        logsOnly: Bool = false,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        submitWrite(work, for: caller, bytes: bytes, mayBlock: mayBlock, logsOnly: logsOnly, completion: completion)
    }

    /// Carries out one read request in one transaction, without blocking.
    ///
    /// A read that starts after a write was acknowledged sees that write.
    /// - Parameters:
    ///   - work: reads the values. It may run again from the start, in a new transaction.
    ///   - cost: `.cheap` for a look-up of one entity. Cheap reads never wait for an expensive one.
    ///   - caller: the client that waits. The read ends when the client disconnects.
    ///   - effort: adds up the time that all reads for one answer take; together they have the limits of one read.
    ///   - completion: called on a thread of the store, or on the calling thread if the read is refused.
    package func read<Value: Sendable>(
        _ work: @escaping @Sendable (any TrackingReading) throws -> Value,
        cost: ReadCost = .expensive,
        for caller: Caller = .server,
        effort: ReadEffort? = nil,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        submitRead(work, cost: cost, for: caller, effort: effort, completion: completion)
    }

    /// Carries out one read request and blocks until it returns or throws.
    ///
    /// Never call it on a thread of the store.
    package func readNow<Value: Sendable>(
        _ cost: ReadCost = .expensive,
        for caller: Caller = .server,
        effort: ReadEffort? = nil,
        _ work: @escaping @Sendable (any TrackingReading) throws -> Value
    ) throws -> Value {
        let answer = Answer<Value>()
        submitRead(work, cost: cost, for: caller, effort: effort) { answer.give($0) }
        return try answer.wait(isFromRemoteServer: isRemote)
    }

    /// Carries out one write request and blocks until it is durable.
    ///
    /// Never call it on a thread of the store.
    package func writeNow<Value: Sendable>(
        for caller: Caller = .server,
        _ work: @escaping @Sendable (any TrackingWriting) throws -> Value
    ) throws -> Value {
        let answer = Answer<Value>()
        submitWrite(work, for: caller, bytes: 0, mayBlock: false, logsOnly: false) { answer.give($0) }
        return try answer.wait(isFromRemoteServer: isRemote)
    }
}
