internal import Budgets
internal import Synchronization
internal import Tracking

/// A separate writer that removes objects permanently.
///
/// It has its own connection, because its transactions are open while files are removed, and other requests on the same
/// connection would have to wait. The connection exists only while objects are removed.
final class RemovalWriter: Sendable {
    private struct State {
        var writer: GroupWriter?
        /// How many removals have not ended.
        var pending = 0
        var isClosed = false
    }

    private let makeWriter: @Sendable () throws -> GroupWriter
    private let state = Mutex(State())

    init(_ makeWriter: @escaping @Sendable () throws -> GroupWriter) { self.makeWriter = makeWriter }

    /// Runs one removal; calls `completion` when it is committed.
    func submit<Value: Sendable>(
        _ work: @escaping @Sendable (PostgresWriteSession) throws -> Value,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) throws {
        let writer = try state.withLock { state in
            guard !state.isClosed else { throw TrackingError.busy }
            let writer = try state.writer ?? makeWriter()
            state.writer = writer
            state.pending += 1
            return writer
        }
        writer.submit(work, for: .server, bytes: 0) { [self] result in
            state.withLock { $0.pending -= 1 }
            completion(result)
        }
    }

    /// Closes the connection if nothing is being removed.
    func releaseIdleResources() {
        let idle = state.withLock { state -> GroupWriter? in
            guard state.pending == 0 else { return nil }
            defer { state.writer = nil }
            return state.writer
        }
        idle?.close()
    }

    /// Refuses new removals, and closes the connection unless something is being removed.
    ///
    /// A removal may take longer than the server may wait when it stops. If the process ends meanwhile, the transaction is rolled
    /// back, and the objects are still stored, marked as deleted.
    func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            return state.pending == 0 ? state.writer : nil
        }
        idle?.close()
    }
}
