import Dispatch
import PostgreSQL
import PostgresStore
import TestSupport
import Testing
import Tracking

@Suite(.enabled(if: postgresServer != nil, "APUS_TEST_POSTGRES names no server"))
struct SecondWriterTests {
    private func log(
        _ fixture: PostgresStoreFixture,
        _ batch: LogBatch,
        _ runID: String
    ) -> Outcome<Result<Void, any Error>> {
        let outcome = Outcome<Result<Void, any Error>>()
        fixture.store.write({ try $0.log(batch, runID: runID) }, logsOnly: true) { outcome.give($0) }
        return outcome
    }

    private func logWhileWriterIsBusy(_ fixture: PostgresStoreFixture, _ batch: LogBatch, _ runID: String) throws {
        try fixture.whileWriterIsBusy {
            #expect(throws: Never.self) { try log(fixture, batch, runID).wait().get() }
        }
    }

    private func point(_ value: Double, step: Int64) -> LogBatch {
        LogBatch(metrics: [Metric(key: "loss", value: value, timestamp: 1, step: step)])
    }

    @Test func `logs are stored while another change waits`() throws {
        let fixture = try PostgresStoreFixture()
        let runID = try fixture.makeRun()
        try logWhileWriterIsBusy(fixture, point(0.5, step: 1), runID)
        #expect(try fixture.read { try $0.run(id: runID) }.metrics.map(\.value) == [0.5])
    }

    @Test func `a change that is no log waits for its turn`() throws {
        let fixture = try PostgresStoreFixture()
        let runID = try fixture.makeRun()
        var creation: Outcome<Result<Int64, any Error>>?
        try fixture.whileWriterIsBusy {
            creation = fixture.submit { try $0.createExperiment(name: "later", artifactLocation: nil, tags: []) }
            #expect(throws: Never.self) {
                try log(fixture, point(1, step: 1), runID).wait().get()
                #expect(try fixture.number("SELECT count(*) FROM experiments WHERE name = 'later'") == 0)
            }
        }
        #expect(try creation?.wait().get() != nil)
    }

    @Test func `both writers keep every point and the latest one`() throws {
        let fixture = try PostgresStoreFixture()
        let runs = [try fixture.makeRun(), try fixture.makeRun()]
        var outcomes: [Outcome<Result<Void, any Error>>] = []
        for step in 0..<2_000 {
            outcomes.append(log(fixture, point(Double(step), step: Int64(step * 7 % 2_000)), runs[step % 2]))
        }
        for outcome in outcomes { try outcome.wait().get() }
        #expect(try fixture.number("SELECT count(*) FROM metrics") == 2_000)
        for (parity, run) in runs.enumerated() {
            let steps = (0..<2_000).filter { $0 % 2 == parity }.map { Int64($0 * 7 % 2_000) }
            #expect(try fixture.read { try $0.run(id: run) }.metrics.map(\.step) == [steps.max() ?? 0])
        }
    }

    @Test func `of two values that are logged for one param at the same time, one is stored`() throws {
        let fixture = try PostgresStoreFixture()
        let runID = try fixture.makeRun()
        for number in 0..<50 {
            let outcomes = (0..<8).map { value in
                log(fixture, LogBatch(params: [Param(key: "p\(number)", value: "\(value)")]), runID)
            }
            let accepted = try outcomes.filter { outcome in
                switch try outcome.wait() {
                case .success: return true
                case .failure(let error):
                    #expect((error as? TrackingError)?.code == .invalidParameterValue)
                    return false
                }
            }
            #expect(accepted.count == 1)
        }
        #expect(try fixture.number("SELECT count(*) FROM params") == 50)
    }

    @Test func `room for one writing connection is enough`() throws {
        let fixture = try PostgresStoreFixture()
        let runID = try fixture.makeRun()
        let role = "limited_\(fixture.name)"
        try fixture.execute(
            """
            CREATE ROLE \(role) LOGIN PASSWORD 'secret';
            GRANT ALL ON ALL TABLES IN SCHEMA public TO \(role); GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO \(role)
            """
        )
        let address = PostgresStoreFixture.server.replacing("/postgres", with: "/\(fixture.name)")
        let host = address.split(separator: "@").last ?? ""
        let store = try PostgresStoreFixture.open(PostgresAddress("postgresql://\(role):secret@\(host)"))
        defer { store.close() }
        try fixture.execute("ALTER ROLE \(role) CONNECTION LIMIT 1")
        var outcomes: [Outcome<Result<Void, any Error>>] = []
        for step in 0..<200 {
            let (outcome, batch) = (Outcome<Result<Void, any Error>>(), point(1, step: Int64(step)))
            store.write({ try $0.log(batch, runID: runID) }, logsOnly: true) { outcome.give($0) }
            outcomes.append(outcome)
        }
        for outcome in outcomes { try outcome.wait().get() }
        #expect(try fixture.number("SELECT count(*) FROM metrics") == 200)
    }

    @Test func `an idle store keeps one writing connection`() throws {
        let fixture = try PostgresStoreFixture()
        let runID = try fixture.makeRun()
        try logWhileWriterIsBusy(fixture, point(1, step: 1), runID)
        let count = """
            SELECT count(*) FROM pg_stat_activity WHERE application_name = 'apus-writer' AND datname = current_database()
            """
        #expect(try fixture.number(count) == 2)
        fixture.store.releaseIdleResources()
        while try fixture.number(count) != 1 {}
        try logWhileWriterIsBusy(fixture, point(2, step: 2), runID)
        #expect(try fixture.number("SELECT count(*) FROM metrics") == 2)
    }
}
