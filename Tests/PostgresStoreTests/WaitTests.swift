import Dispatch
import PostgreSQL
import PostgresStore
import Synchronization
import TestSupport
import Testing
import Tracking

@Suite(.enabled(if: postgresServer != nil, "APUS_TEST_POSTGRES names no server"))
struct WaitTests {
    private func code<Value>(_ outcome: Outcome<Result<Value, any Error>>) throws -> TrackingError.Code? {
        switch try outcome.wait() {
        case .success: nil
        case .failure(let error): try #require(error as? TrackingError).code
        }
    }

    private func finish(_ runID: String) -> @Sendable (PostgresWriteSession) throws -> RunInfo {
        { try $0.updateRun(runID, status: .finished, endTime: nil, name: nil) }
    }

    @Test func `columns that another program widens are read and changed as before`() throws {
        let fixture = try PostgresStoreFixture()
        let runID = try fixture.makeRun()
        for width in [300, 400] {
            // The connections have prepared their statements for the columns as they are.
            _ = try fixture.read { try $0.run(id: runID) }
            _ = try fixture.write(finish(runID))
            try fixture.other().execute(
                "ALTER TABLE runs ALTER name TYPE varchar(\(width)); ALTER TABLE tags ALTER value TYPE varchar(\(9_000 + width))"
            )
            #expect(try fixture.read { try $0.run(id: runID) }.info.runID == runID)
            #expect(try fixture.write(finish(runID)).status == .finished)
        }
    }

    @Test func `statements that the server has forgotten are prepared again`() throws {
        let fixture = try PostgresStoreFixture()
        let runID = try fixture.makeRun()
        _ = try fixture.write(finish(runID))
        _ = try fixture.read { try $0.runInfo(id: runID) }
        let forget = "DEALLOCATE ALL"
        let change = finish(runID)
        let changed = try fixture.write { session in
            _ = try session.pipeline.rows(forget, isPrepared: false)
            return try change(session)
        }
        #expect(changed.status == .finished)
        let read = try fixture.read { session in
            _ = try session.pipeline.rows(forget, isPrepared: false)
            return try session.runInfo(id: runID)
        }
        #expect(read.runID == runID)
    }

    @Test func `a locked row holds the other changes up once, and not once for each request that meets it`() throws {
        let fixture = try PostgresStoreFixture()
        let (locked, free) = (try fixture.makeRun(), try fixture.makeRun())
        try fixture.write { try $0.setTag(Tag(key: "t", value: "0"), runID: locked) }
        let other = try fixture.other()
        try other.execute("BEGIN; UPDATE tags SET value = 'x' WHERE run_uuid = '\(locked)'")
        let change = finish(locked)
        var refused: [Outcome<Result<Void, any Error>>] = []
        var stored: [Outcome<Result<Void, any Error>>] = []
        // Were each of them waited for, the last one would be answered after a minute.
        for _ in 0..<2 {
            try fixture.whileWriterIsBusy {
                for number in 0..<40 {
                    refused.append(fixture.submit { try $0.setTag(Tag(key: "t", value: "\(number)"), runID: locked) })
                    stored.append(fixture.submit { try $0.setTag(Tag(key: "t", value: "\(number)"), runID: free) })
                }
            }
            for outcome in refused { #expect(try code(outcome) == .databaseLocked) }
            for outcome in stored { #expect(try code(outcome) == nil) }
        }
        // Another row of the same run is not locked.
        #expect(try fixture.write(change).status == .finished)
        try other.execute("ROLLBACK")
        try fixture.write { try $0.setTag(Tag(key: "t", value: "last"), runID: locked) }
        #expect(try fixture.read { try $0.run(id: locked) }.tags.contains(Tag(key: "t", value: "last")))
    }

    @Test func `a lock that was met makes the changes of other runs no more impatient`() throws {
        let fixture = try PostgresStoreFixture()
        let (locked, shared) = (try fixture.makeRun(), try fixture.makeRun())
        for runID in [locked, shared] { try fixture.write { try $0.setTag(Tag(key: "t", value: "0"), runID: runID) } }
        let other = try fixture.other()
        try other.execute("BEGIN; UPDATE tags SET value = 'x' WHERE run_uuid = '\(locked)'")
        #expect(try code(fixture.submit { try $0.setTag(Tag(key: "t", value: "1"), runID: locked) }) == .databaseLocked)
        // Another program works on another run, and gives it back while a change of it waits.
        let second = try fixture.other()
        try second.execute("BEGIN; UPDATE tags SET value = 'x' WHERE run_uuid = '\(shared)'")
        let waiting = fixture.submit { try $0.setTag(Tag(key: "t", value: "2"), runID: shared) }
        try fixture.waitUntilStoreWaits(for: .milliseconds(200))
        try second.execute("COMMIT")
        #expect(try code(waiting) == nil)
        try other.execute("ROLLBACK")
    }

    @Test func `many locked runs do not make the changes of the free ones fail for long`() throws {
        let fixture = try PostgresStoreFixture()
        let locked = try (0..<16).map { _ in try fixture.makeRun() }
        let free = try (0..<16).map { _ in try fixture.makeRun() }
        for runID in locked + free { try fixture.write { try $0.setTag(Tag(key: "t", value: "0"), runID: runID) } }
        let other = try fixture.other()
        let names = locked.map { "'\($0)'" }.joined(separator: ", ")
        try other.execute("BEGIN; UPDATE tags SET value = 'x' WHERE run_uuid IN (\(names))")
        for round in 0..<3 {
            var (refused, stored): ([Outcome<Result<Void, any Error>>], [Outcome<Result<Void, any Error>>]) = ([], [])
            try fixture.whileWriterIsBusy {
                for (lockedID, freeID) in zip(locked, free) {
                    refused.append(fixture.submit { try $0.setTag(Tag(key: "t", value: "\(round)"), runID: lockedID) })
                    stored.append(fixture.submit { try $0.setTag(Tag(key: "t", value: "\(round)"), runID: freeID) })
                }
            }
            for outcome in refused { #expect(try code(outcome) == .databaseLocked) }
            // The first time, the locked ones are looked for, which may take longer than there is time.
            for outcome in stored where try code(outcome) != nil { #expect(round < 2) }
        }
        try other.execute("ROLLBACK")
    }

    @Test func `changes that each wait for another locked row are refused after one wait`() throws {
        let fixture = try PostgresStoreFixture()
        let runs = try (0..<30).map { _ in try fixture.makeRun() }
        let other = try fixture.other()
        try other.execute("BEGIN; LOCK TABLE runs IN SHARE MODE")
        var outcomes: [Outcome<Result<RunInfo, any Error>>] = []
        try fixture.whileWriterIsBusy {
            for run in runs { outcomes.append(fixture.submit(finish(run))) }
        }
        for outcome in outcomes { #expect(try code(outcome) == .databaseLocked) }
        try other.execute("ROLLBACK")
    }

    @Test func `a request that waits too long for its turn is refused while the writer still works`() throws {
        let fixture = try PostgresStoreFixture { $0.queueTimeout = .milliseconds(200) }
        let runID = try fixture.makeRun()
        var waiting: Outcome<Result<RunInfo, any Error>>?
        let (isBusy, mayGoOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let first = fixture.submit { _ in
            isBusy.signal()
            mayGoOn.wait()
        }
        isBusy.wait()
        waiting = fixture.submit(finish(runID))
        #expect(try code(try #require(waiting)) == .temporarilyUnavailable)
        mayGoOn.signal()
        #expect(try code(first) == nil)
        #expect(try fixture.read { try $0.runInfo(id: runID) }.status == .running)
    }

    @Test func `readers give a connection back when the writer finds no room for its own`() throws {
        let fixture = try PostgresStoreFixture()
        let role = "role_\(UInt64.random(in: .min ... .max))"
        try fixture.other().execute(
            """
            CREATE ROLE \(role) LOGIN PASSWORD 'word' CONNECTION LIMIT 4;
            GRANT ALL ON ALL TABLES IN SCHEMA public TO \(role);
            GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO \(role)
            """
        )
        let uri = PostgresStoreFixture.server.replacing(/\/\/.*@/, with: "//\(role):word@")
        let store = try PostgresStoreFixture.open(PostgresAddress(uri.replacing("/postgres", with: "/\(fixture.name)")))
        // All connections are those of reads, which always follow one another.
        let (isReading, mayEnd) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let reads = (0..<4).map { _ in
            let outcome = Outcome<Result<Void, any Error>>()
            store.read({ (_: PostgresReadSession) in
                isReading.signal()
                mayEnd.wait()
            }) { outcome.give($0) }
            return outcome
        }
        for _ in reads { isReading.wait() }
        let writing = Outcome<Result<Int64, any Error>>()
        store.write({ (session: PostgresWriteSession) in
            try session.createExperiment(name: "made", artifactLocation: nil, tags: [])
        }) { writing.give($0) }
        mayEnd.signal()
        #expect(try code(writing) == nil)
        for _ in reads { mayEnd.signal() }
        for read in reads { #expect(try code(read) == nil) }
        store.close()
        try fixture.other().execute("DROP OWNED BY \(role); DROP ROLE \(role)")
    }

    @Test func `one line tells of connections that are lost one after another`() throws {
        let lines = Mutex<[String]>([])
        let fixture = try PostgresStoreFixture { $0.report = { line in lines.withLock { $0.append(line) } } }
        let runID = try fixture.makeRun()
        for _ in 0..<3 {
            try fixture.other().execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() "
                    + "AND application_name = 'apus-writer'"
            )
            _ = try fixture.write(finish(runID))
        }
        #expect(lines.withLock { $0.count { $0.contains("was lost") } } == 1)
    }
}
