import PostgreSQL
import PostgresStore
import Synchronization
import TestSupport
import Testing
import Tracking

@Suite(.enabled(if: postgresServer != nil, "APUS_TEST_POSTGRES names no server"))
struct FailureTests {
    private func code(_ work: () throws -> Void) -> TrackingError.Code? { error(work)?.code }

    private func error(_ work: () throws -> Void) -> TrackingError? {
        do {
            try work()
            return nil
        } catch {
            return error as? TrackingError
        }
    }

    @Test func `a server that does not tell its timeline, as Aurora, takes every change`() throws {
        let fixture = try PostgresStoreFixture(
            preparing: "ALTER FUNCTION pg_catalog.pg_current_wal_lsn() RENAME TO pg_hidden_wal_lsn"
        )
        let runID = try fixture.makeRun()
        try fixture.write { try $0.deleteRun(runID) }
        #expect(try fixture.read { try $0.runInfo(id: runID) }.lifecycleStage == .deleted)
    }

    @Test func `a primary that comes back after another one has taken over is refused`() throws {
        func told(_ timeline: Int) -> String {
            """
            CREATE OR REPLACE FUNCTION pg_catalog.pg_walfile_name(place pg_lsn) RETURNS text LANGUAGE sql AS
            $$ SELECT '0000000\(timeline)0000000000000001'::text $$
            """
        }
        let lines = Mutex<[String]>([])
        let fixture = try PostgresStoreFixture(
            preparing: "ALTER FUNCTION pg_catalog.pg_walfile_name(pg_lsn) RENAME TO pg_hidden_walfile_name; " + told(2)
        ) { configuration in
            configuration.queueTimeout = .milliseconds(300)
            configuration.report = { line in lines.withLock { $0.append(line) } }
        }
        let runID = try fixture.makeRun()
        for (timeline, isTaken) in [(1, false), (2, true), (3, true), (2, false)] {
            try fixture.other().execute(told(timeline))
            try fixture.other().execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() "
                    + "AND application_name LIKE 'apus-%'"
            )
            let expected: TrackingError.Code? = isTaken ? nil : .temporarilyUnavailable
            #expect(code { try fixture.write { try $0.setTag(Tag(key: "a", value: "1"), runID: runID) } } == expected)
            #expect(code { _ = try fixture.read { try $0.run(id: runID) } } == expected)
        }
        #expect(lines.withLock { $0.contains { $0.contains("has the timeline 00000001") } })
    }

    @Test func `an old primary that comes back first in the address is passed over, and the log says so`() throws {
        let lines = Mutex<[String]>([])
        let server = PostgresStoreFixture.server
        let fixture = try PostgresStoreFixture(
            preparing: """
                ALTER FUNCTION pg_catalog.pg_walfile_name(pg_lsn) RENAME TO pg_hidden_walfile_name;
                CREATE FUNCTION pg_catalog.pg_walfile_name(place pg_lsn) RETURNS text LANGUAGE sql AS
                $$ SELECT '000000020000000000000001'::text $$
                """
        )
        let runID = try fixture.makeRun()
        // The address names the server twice; each first answer from now on is that of an old one.
        let place = try #require(server.split(separator: "@").last?.split(separator: "/").first)
        let uri = server.replacing("@\(place)/postgres", with: "@\(place),\(place)/\(fixture.name)")
        let store = try PostgresStoreFixture.open(try PostgresAddress(uri)) { configuration in
            configuration.queueTimeout = .milliseconds(500)
            configuration.report = { line in lines.withLock { $0.append(line) } }
        }
        defer { store.close() }
        try fixture.other().execute(
            """
            CREATE SEQUENCE public.answers;
            CREATE OR REPLACE FUNCTION pg_catalog.pg_walfile_name(place pg_lsn) RETURNS text LANGUAGE sql AS
            $$ SELECT CASE nextval('public.answers') % 2 WHEN 1 THEN '000000010000000000000001'::text
                ELSE '000000020000000000000001' END $$
            """
        )
        let outcome = Outcome<Result<Void, any Error>>()
        let tag = Tag(key: "a", value: "1")
        store.write({ (session: PostgresWriteSession) in try session.setTag(tag, runID: runID) }) { outcome.give($0) }
        try outcome.wait().get()
        #expect(try store.readNow { try $0.run(id: runID) }.tags.contains { $0.key == "a" })
        #expect(lines.withLock { $0.count { $0.contains("old server") && $0.contains("timeline 00000001") } } == 1)
    }

    @Test func `a change that waits for a locked row runs once, and the others do not wait with it`() throws {
        let fixture = try PostgresStoreFixture()
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
        let fixture = try PostgresStoreFixture()
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

    @Test func `a rule that somebody has added to a table refuses the requests that break it, and no others`() throws {
        let fixture = try PostgresStoreFixture()
        let runID = try fixture.makeRun()
        try fixture.other().execute("ALTER TABLE tags ADD CONSTRAINT short CHECK (length(value) < 8) NOT VALID")
        try fixture.other().execute(
            """
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF new.key = 'no' THEN RAISE EXCEPTION 'not this key'; END IF; RETURN new; END $$;
            CREATE TRIGGER refusing BEFORE INSERT ON tags FOR EACH ROW EXECUTE FUNCTION refuse()
            """
        )
        var outcomes: [Outcome<Result<Void, any Error>>] = []
        try fixture.whileWriterIsBusy {
            for tag in [Tag(key: "a", value: "1"), Tag(key: "b", value: "too long"), Tag(key: "no", value: "2")] {
                outcomes.append(fixture.submit { try $0.setTag(tag, runID: runID) })
            }
        }
        let errors = outcomes.map { outcome in error { try outcome.wait().get() } }
        #expect(errors.map { $0?.code } == [nil, .invalidParameterValue, .invalidParameterValue])
        #expect(errors[1]?.message.contains("constraint short, SQLSTATE 23514") == true)
        #expect(errors[2]?.message.contains("not this key (table tags, SQLSTATE P0001)") == true)
    }

    @Test func `tables that somebody has changed fail the requests for good, and the log says so once`() throws {
        let lines = Mutex<[String]>([])
        let fixture = try PostgresStoreFixture { $0.report = { line in lines.withLock { $0.append(line) } } }
        let runID = try fixture.makeRun()
        try fixture.other().execute("ALTER TABLE runs ADD COLUMN team text NOT NULL DEFAULT 'x'")
        try fixture.other().execute("ALTER TABLE runs ALTER team DROP DEFAULT; ALTER TABLE tags DROP CONSTRAINT tag_pk")
        for _ in 0..<2 {
            let creation = error { _ = try fixture.makeRun() }
            #expect(creation?.code == .insufficientStorage)
            #expect(creation?.message.contains("SQLSTATE 23502") == true)
            let tagging = error { try fixture.write { try $0.setTag(Tag(key: "a", value: "1"), runID: runID) } }
            #expect(tagging?.code == .insufficientStorage)
            #expect(tagging?.message.contains("primary key") == true)
        }
        #expect(lines.withLock { $0.count { $0.contains("23502") } } == 1)
        #expect(lines.withLock { $0.count { $0.contains("42P10") } } == 1)
    }

    @Test func `a change that always takes too long is refused for good`() throws {
        let fixture = try PostgresStoreFixture { $0.statementTime = .milliseconds(300) }
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
        let fixture = try PostgresStoreFixture()
        let role = "role_\(UInt64.random(in: .min ... .max))"
        try fixture.other().execute("CREATE ROLE \(role) LOGIN SUPERUSER PASSWORD 'word'")
        let uri = try #require(postgresServer).replacing(/\/\/.*@/, with: "//\(role):word@")
        let database = try #require(try fixture.other().firstRow("SELECT current_database()::text") { $0.string(0) })
        let store = try PostgresStoreFixture.open(PostgresAddress(uri.replacing("/postgres", with: "/\(database)"))) {
            $0.queueTimeout = .milliseconds(100)
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
