import Budgets
import Dispatch
import PostgreSQL
import PostgresStore
import Synchronization
import TestSupport
import Testing
import Tracking

@Suite(.enabled(if: postgresServer != nil, "APUS_TEST_POSTGRES names no server"))
struct ReadWaitTests {
    private typealias Reading<Value: Sendable> = Outcome<Result<Value, any Error>>

    private func submit<Value: Sendable>(
        _ fixture: PostgresStoreFixture,
        _ cost: ReadCost,
        _ work: @escaping @Sendable (PostgresReadSession) throws -> Value
    ) -> Reading<Value> {
        let outcome = Reading<Value>()
        fixture.store.read(work, cost: cost) { outcome.give($0) }
        return outcome
    }

    private func error<Value>(_ outcome: Reading<Value>) throws -> TrackingError? {
        switch try outcome.wait() {
        case .success: nil
        case .failure(let error): try #require(error as? TrackingError)
        }
    }

    /// Cancels a statement that sleeps for so many seconds, as an admin of the database may; waits until there is one.
    private func cancel(_ fixture: PostgresStoreFixture, sleepOf seconds: Int) throws {
        let admin = try fixture.other()
        let cancel = """
            SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'apus-reader' AND wait_event = 'PgSleep'
                AND query = 'SELECT pg_sleep(\(seconds))'
            """
        while try admin.firstRow(cancel, [], { $0.int64(0) }) == 0 {}
    }

    /// Reads the name of an experiment; sleeps before in the given attempts.
    private func sleeping(in attempts: Set<Int>) -> @Sendable (PostgresReadSession) throws -> String {
        let count = Counter()
        return { session in
            let attempt = count.next()
            if attempts.contains(attempt) { _ = try session.pipeline.rows("SELECT pg_sleep(\(50 + attempt))") }
            return try session.experiment(id: 0).name
        }
    }

    private final class Counter: Sendable {
        private let count = Mutex(0)

        func next() -> Int {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }

    @Test func `look-ups that wait too long are refused, also those that a thread has begun`() throws {
        let fixture = try PostgresStoreFixture { $0.queueTimeout = .seconds(2) }
        let mayEnd = DispatchSemaphore(value: 0)
        // More than there are threads for look-ups.
        let stuck = (0..<6).map { _ in submit(fixture, .cheap) { _ in mayEnd.wait() } }
        for outcome in stuck { #expect(try error(outcome)?.code == .temporarilyUnavailable) }
        for _ in stuck { mayEnd.signal() }
        let next = submit(fixture, .cheap) { try $0.experiment(id: 0).name }
        #expect(try next.wait().get() == "Default")
    }

    @Test func `a search that waits too long for a thread is refused, and one that runs goes on`() throws {
        let fixture = try PostgresStoreFixture { $0.queueTimeout = .seconds(2) }
        let mayEnd = DispatchSemaphore(value: 0)
        // More than there are threads for searches and trials.
        let searches = (0..<12).map { _ in submit(fixture, .expensive) { _ in mayEnd.wait() } }
        let refused = Mutex(0)
        let isRefused = DispatchSemaphore(value: 0)
        for _ in 0..<4 {
            fixture.store.read({ (_: PostgresReadSession) in mayEnd.wait() }, cost: .expensive) { result in
                if case .failure = result { refused.withLock { $0 += 1 } }
                isRefused.signal()
            }
        }
        for _ in 0..<4 { isRefused.wait() }
        for _ in searches { mayEnd.signal() }
        let codes = try searches.map { try error($0)?.code }
        #expect(refused.withLock { $0 } == 4)
        #expect(codes.contains(nil))
        #expect(codes.contains(.temporarilyUnavailable))
    }

    @Test func `a table that another program has locked holds up one read of it, and no others`() throws {
        let fixture = try PostgresStoreFixture()
        let runID = try fixture.makeRun()
        let other = try fixture.other()
        try other.execute("BEGIN; LOCK TABLE runs IN ACCESS EXCLUSIVE MODE")
        let first = submit(fixture, .cheap) { try $0.runInfo(id: runID) }
        #expect(try error(first)?.code == .databaseLocked)
        // Were each of them waited for, the last one would be refused because its turn does not come.
        let later = (0..<40).map { _ in submit(fixture, .cheap) { try $0.runInfo(id: runID) } }
        let free = submit(fixture, .cheap) { try $0.experiment(id: 0).name }
        #expect(try free.wait().get() == "Default")
        for outcome in later {
            let refusal = try error(outcome)
            #expect(refusal?.code == .databaseLocked)
            #expect(refusal?.message.contains("that this request reads") == true)
        }
        try other.execute("ROLLBACK")
        #expect(try fixture.read { try $0.runInfo(id: runID) }.runID == runID)
    }

    @Test func `a search that takes little time does not wait for those that take long`() throws {
        let fixture = try PostgresStoreFixture()
        let (isReading, mayEnd) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        // As many as one client may have at once.
        let long = (0..<4).map { _ in
            submit(fixture, .expensive) { _ in
                isReading.signal()
                mayEnd.wait()
            }
        }
        for _ in long { isReading.wait() }
        #expect(try fixture.read { try $0.experiment(id: 0).name } == "Default")
        // One that takes longer than a trial comes to its end too.
        let slow = submit(fixture, .expensive) {
            try $0.pipeline.rows("SELECT pg_sleep(1.5), 7::bigint").first { $0.int64(1) }
        }
        for _ in long { mayEnd.signal() }
        #expect(try slow.wait().get() == 7)
        for outcome in long { #expect(try error(outcome) == nil) }
    }

    @Test func `a read that somebody cancels is repeated once`() throws {
        let fixture = try PostgresStoreFixture()
        let once = submit(fixture, .expensive, sleeping(in: [1]))
        try cancel(fixture, sleepOf: 51)
        #expect(try once.wait().get() == "Default")
        let twice = submit(fixture, .expensive, sleeping(in: [1, 2]))
        try cancel(fixture, sleepOf: 51)
        try cancel(fixture, sleepOf: 52)
        #expect(try error(twice)?.code == .temporarilyUnavailable)
    }
}
