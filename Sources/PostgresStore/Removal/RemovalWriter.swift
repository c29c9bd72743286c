internal import Budgets
internal import Synchronization
internal import Tracking

/// The connection on which objects are removed permanently: their transactions are open while files are removed, and no other request
/// waits for that.
///
/// It is there only while something is removed.
final class RemovalWriter: Sendable {
    private struct State {
        var writer: GroupWriter?
        /// How many removals wait for their end.
        var pending = 0
        var isClosed = false
    }

    private let make: @Sendable () throws -> GroupWriter
    private let state = Mutex(State())

    init(_ make: @escaping @Sendable () throws -> GroupWriter) { self.make = make }

    /// Carries out one removal; calls `completion` when it is durable.
    func submit<Value: Sendable>(
        _ work: @escaping @Sendable (PostgresWriteSession) throws -> Value,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) throws {
        let writer = try state.withLock { state in
            guard !state.isClosed else { throw TrackingError.busy }
            let writer = try state.writer ?? make()
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
    /// A removal may take longer than a server that stops can wait. Its transaction is undone when the process ends, and what it
    /// would have removed is still deleted.
    func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            return state.pending == 0 ? state.writer : nil
        }
        idle?.close()
    }
}
