package import Budgets
internal import Dispatch
package import Tracking

extension TrackingStore: TrackingBackend {
    package func submitWrite<Value: Sendable>(
        _ work: @escaping @Sendable (any TrackingWriting) throws -> Value,
        for caller: Caller,
        bytes: Int,
        mayBlock: Bool,
        logsOnly: Bool,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        write(
            { (session: WriteSession) in try work(session) },
            for: caller,
            bytes: bytes,
            mayBlock: mayBlock,
            completion: completion
        )
    }

    package func submitRead<Value: Sendable>(
        _ work: @escaping @Sendable (any TrackingReading) throws -> Value,
        cost: ReadCost,
        for caller: Caller,
        effort: ReadEffort?,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        read(
            { (session: ReadSession) in try work(session) },
            cost: cost,
            for: caller,
            effort: effort,
            completion: completion
        )
    }

    package var keepsArtifactJournal: Bool { true }

    package func examine() -> StoreHealth { examine(within: .seconds(2)) }
}

extension ReadSession {
    /// Returns the session if it is one of the store in SQLite.
    ///
    /// - Throws: `.notImplemented` for a session of another store.
    package static func own(_ session: any TrackingReading) throws(TrackingError) -> ReadSession {
        guard let own = session as? ReadSession else { throw .onlyInSQLite }
        return own
    }
}

extension TrackingError {
    /// The error for a call that only a server over SQLite offers.
    package static let onlyInSQLite = TrackingError(
        .notImplemented,
        "This server keeps its data in PostgreSQL, and does not offer this call there. The call needs a server whose "
            + "--backend-store-uri is a SQLite database; docs/postgresql.md lists the differences."
    )
}
