import PostgreSQL
import PostgresStore
import Synchronization
import TestSupport
import Testing
import Tracking

@Suite(.enabled(if: postgresServer != nil, "APUS_TEST_POSTGRES names no server"))
struct FailureTests {
    private func code(_ work: () throws -> Void) -> TrackingError.Code? {
        do {
            try work()
            return nil
        } catch {
            return (error as? TrackingError)?.code
        }
    }

    @Test func `a server that does not tell its timeline, as Aurora, takes every change`() throws {
        let fixture = try StoreOverPostgres(
            preparing: "ALTER FUNCTION pg_catalog.pg_current_wal_lsn() RENAME TO pg_hidden_wal_lsn"
        )
        let runID = try fixture.makeRun()
        try fixture.write { try $0.deleteRun(runID) }
        #expect(try fixture.read { try $0.runInfo(id: runID) }.lifecycleStage == .deleted)
    }

    @Test func `a change that waits for a locked row runs once, and the others do not wait with it`() throws {
        let fixture = try StoreOverPostgres()
        let (locked, free) = (try fixture.makeRun(), try fixture.makeRun())
        let other = try fixture.other()
        try other.execute("BEGIN; UPDATE runs SET end_time = 7 WHERE run_uuid = '\(locked)'")
        let attempts = Mutex(0)
        var others: [Outcome<Result<RunInfo, any Error>>] = []
        var waiting: Outcome<Result<RunInfo, any Error>>?
        try fixture.whileWriterIsBusy {
            for number in 0..<40 {
                if number == 20 {
                    waiting = fixture.submit { session in
                        attempts.withLock { $0 += 1 }
                        return try session.updateRun(locked, status: .finished, endTime: nil, name: nil)
                    }
                }
                others.append(
                    fixture.submit { try $0.updateRun(free, status: nil, endTime: Int64(number), name: nil) }
                )
            }
        }
        let outcome = try #require(waiting)
        #expect(code { _ = try outcome.wait().get() } == .databaseLocked)
        for outcome in others { _ = try outcome.wait().get() }
        #expect(attempts.withLock { $0 } == 1)
        #expect(try fixture.read { try $0.runInfo(id: free) }.endTime == 39)
        try other.execute("ROLLBACK")
    }

    @Test func `a statement sent ahead fails only the request that sent it`() throws {
        let fixture = try StoreOverPostgres()
        let long = String(repeating: "x", count: 300)
        var outcomes: [Outcome<Result<Int64, any Error>>] = []
        try fixture.whileWriterIsBusy {
            for name in ["a", long, "b", "c"] {
                outcomes.append(
                    fixture.submit { try $0.createExperiment(name: name, artifactLocation: nil, tags: []) }
                )
            }
        }
        let codes = outcomes.map { outcome in code { _ = try outcome.wait().get() } }
        #expect(codes == [nil, .invalidParameterValue, nil, nil])
    }

    @Test func `a change that always takes too long is refused for good`() throws {
        let fixture = try StoreOverPostgres { $0.statementTime = .milliseconds(300) }
        let runID = try fixture.makeRun()
        let other = try fixture.other()
        try other.execute("BEGIN; UPDATE runs SET end_time = 7 WHERE run_uuid = '\(runID)'")
        let change: @Sendable (PostgresWriteSession) throws -> RunInfo = {
            try $0.updateRun(runID, status: .failed, endTime: nil, name: nil)
        }
        #expect(code { _ = try fixture.write(change) } == .invalidParameterValue)
        try other.execute("ROLLBACK")
        #expect(try fixture.write(change).status == .failed)
    }

    @Test func `a user that may not log in for the time being is a database that is away`() throws {
        let fixture = try StoreOverPostgres()
        let role = "role_\(UInt64.random(in: .min ... .max))"
        try fixture.other().execute("CREATE ROLE \(role) LOGIN SUPERUSER PASSWORD 'word'")
        let uri = try #require(postgresServer).replacing(/\/\/.*@/, with: "//\(role):word@")
        let database = try #require(try fixture.other().firstRow("SELECT current_database()::text") { $0.string(0) })
        let store = try StoreOverPostgres.open(PostgresAddress(uri.replacing("/postgres", with: "/\(database)"))) {
            $0.patience = .milliseconds(100)
        }
        try fixture.other().execute("ALTER ROLE \(role) NOLOGIN")
        let (reading, writing) = (Outcome<Result<RunInfo, any Error>>(), Outcome<Result<Void, any Error>>())
        store.read({ (session: PostgresReadSession) in try session.runInfo(id: "any") }) { reading.give($0) }
        store.write({ (session: PostgresWriteSession) in try session.deleteRun("any") }) { writing.give($0) }
        #expect(code { _ = try reading.wait().get() } == .temporarilyUnavailable)
        #expect(code { try writing.wait().get() } == .temporarilyUnavailable)
        try fixture.other().execute("ALTER ROLE \(role) LOGIN")
        let answer = Outcome<Result<RunInfo, any Error>>()
        store.read({ (session: PostgresReadSession) in try session.runInfo(id: "any") }) { answer.give($0) }
        #expect(code { _ = try answer.wait().get() } == .resourceDoesNotExist)
        store.close()
        try fixture.other().execute("DROP ROLE \(role)")
    }
}
