package import Budgets
internal import Dispatch
internal import PostgreSQL
package import Tracking

extension PostgresStore: TrackingBackend {
    package func submitWrite<Value: Sendable>(
        _ work: @escaping @Sendable (any TrackingWriting) throws -> Value,
        for caller: Caller,
        bytes: Int,
        mayBlock: Bool,
        logsOnly: Bool,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        write(
            { (session: PostgresWriteSession) in try work(session) },
            for: caller,
            bytes: bytes,
            logsOnly: logsOnly,
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
            { (session: PostgresReadSession) in try work(session) },
            cost: cost,
            for: caller,
            effort: effort,
            completion: completion
        )
    }

    package var keepsArtifactJournal: Bool { permissionChanges.stored != nil }

    /// Does nothing, because only a statement can show whether the database can be reached.
    package func requireDatabaseInPlace() {}

    /// Runs a read and a write that changes nothing; both open a connection if there is none.
    package func examine() -> StoreHealth {
        var health = StoreHealth(journal: "postgresql")
        let (reading, writing) = (Answer<Int64>(), Answer<Void>())
        read(
            { (session: PostgresReadSession) in try session.rows("SELECT 1::bigint").first { $0.int64(0) } ?? 0 },
            cost: .cheap,
            completion: reading.give
        )
        write(
            { (session: PostgresWriteSession) in _ = try session.rows("SELECT 1::bigint").first { $0.int64(0) } },
            completion: writing.give
        )
        let deadline = DispatchTime.now() + .seconds(2)
        health.reader = StoreHealth.problem(reading.wait(until: deadline))
        health.writer = StoreHealth.problem(writing.wait(until: deadline))
        return health
    }
}

extension PostgresStore: RemovingOneByOne {}

extension PostgresReadSession: TrackingReading {}

extension PostgresWriteSession: TrackingWriting {}
