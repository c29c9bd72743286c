import SQLite
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct StoreCheckTests {
    private let fixture: StoreFixture
    private let runID: String

    /// A store with metrics in and out of order, NaN, infinities, and models with metrics on datasets.
    init() throws {
        fixture = try StoreFixture()
        _ = try LoggedModelWorld(seed: 7, modelCount: 30, in: fixture)
        runID = try fixture.createRun()
        let values: [Double] = [3, .nan, -2, .infinity, 5, -2, .nan, 5]
        for (key, steps) in [("up", Array(0..<8)), ("down", Array((0..<8).reversed())), ("one", [4])] {
            let metrics = steps.map {
                Metric(key: key, value: values[$0], timestamp: 100 + Int64($0 % 3), step: Int64($0))
            }
            try fixture.write { [runID] in try $0.logMetrics(metrics, runID: runID) }
        }
        let nothing = [Metric(key: "nan", value: .nan, timestamp: 1, step: 1)]
        try fixture.write { [runID] session in
            try session.logMetrics(nothing, runID: runID)
            try session.logParam(Param(key: "lr", value: "1"), runID: runID)
            let model = NewRegisteredModelSample.insertion
            try session.connection.execute(model)
        }
    }

    private enum NewRegisteredModelSample {
        static let insertion = """
            INSERT INTO registered_models (id, name, description, creation_time, last_updated_time, is_prompt,
                last_version)
            VALUES (1, 'm', '', 0, 0, 0, 2);
            INSERT INTO model_versions (model_id, version, name, is_prompt, creation_time, last_updated_time, source,
                run_id, run_link)
            VALUES (1, 2, 'm', 0, 0, 0, 's', '', '')
            """
    }

    private func faults() throws -> [StoreFault] {
        try fixture.read { try StoreCheck($0.connection, mends: false).faults() }
    }

    private func mend() throws {
        try fixture.write { _ = try StoreCheck($0.connection, mends: true).faults() }
    }

    private static let tables = [
        "metrics", "params", "run_tags", "model_metrics", "latest_model_metrics", "logged_model_params",
        "registered_models", "model_versions",
    ]

    private func content() throws -> [[[String]]] {
        // Whether points came in order is not known afterwards.
        let summaries = try fixture.rows(
            """
            SELECT run_id, key_id, value, is_nan, timestamp, step, point_count, minimum, minimum_step, maximum,
                maximum_step
            FROM latest_metrics
            """
        )
        let others = try Self.tables.map { try fixture.rows("SELECT * FROM \($0)") }
        return (others + [summaries]).map { rows in rows.sorted { $0.lexicographicallyPrecedes($1) } }
    }

    @Test func `a store that only requests have changed has no fault`() throws {
        #expect(try faults().isEmpty)
    }

    private static let damages = [
        "UPDATE latest_metrics SET value = value + 1",
        "UPDATE latest_metrics SET point_count = point_count + 1 WHERE step = 4",
        "UPDATE latest_metrics SET minimum = -9 WHERE minimum IS NOT NULL",
        "UPDATE latest_metrics SET maximum_step = 77 WHERE maximum IS NOT NULL",
        "DELETE FROM latest_metrics",
        "INSERT INTO latest_metrics (run_id, key_id, value, is_nan, timestamp, step, point_count, in_order)\n"
            + "SELECT max(id), (SELECT id FROM keys WHERE name = 'lr'), 1, 0, 1, 1, 1, 1 FROM runs",
        "INSERT INTO metrics (run_id, key_id, timestamp, step, value, is_nan) VALUES (9999, 1, 1, 1, 1, 0)",
        "INSERT INTO params (run_id, key_id, value) VALUES (9999, 1, '')",
        "INSERT INTO logged_model_params (model_id, key_id, value) VALUES (9999, 1, '')",
        "UPDATE latest_model_metrics SET value = value + 1",
        "UPDATE registered_models SET last_version = 1",
        "UPDATE model_versions SET name = 'other'",
    ]

    @Test(arguments: damages)
    func `a planted fault is found, and mended so that everything is as it was`(damage: String) throws {
        let before = try content()
        try fixture.execute(damage)
        #expect(try content() != before)
        let found = try faults()
        #expect(!found.isEmpty && found.allSatisfy(\.isMendable))
        try mend()
        #expect(try faults().isEmpty)
        #expect(try content() == before)
    }

    @Test func `points that are called ordered and are not are a fault, and the other way round not`() throws {
        try fixture.execute("UPDATE latest_metrics SET in_order = 0")
        #expect(try faults().isEmpty)
        try fixture.execute("UPDATE latest_metrics SET in_order = 1")
        #expect(try !faults().isEmpty)
        try mend()
        #expect(try faults().isEmpty)
    }

    @Test func `what no rule can restore is told and left`() throws {
        try fixture.execute("INSERT INTO params (run_id, key_id, value) SELECT max(id), 9999, 'v' FROM runs")
        #expect(try faults().map(\.isMendable) == [false])
        try mend()
        #expect(try faults().count == 1)
    }

    @Test func `many faults are counted after the first twenty`() throws {
        try fixture.write { [runID] session in
            let metrics = (0..<50).map { Metric(key: "many \($0)", value: 1, timestamp: 1, step: 1) }
            try session.logMetrics(metrics, runID: runID)
            try session.connection.execute("UPDATE latest_metrics SET point_count = 9 WHERE step = 1 AND value = 1")
        }
        let found = try faults()
        #expect(found.count == 21 && found.last?.text.hasPrefix("3") == true)
    }

    @Test func `the journal tells which files should be there, and the tables whose folder one is`() throws {
        try fixture.write { [runID] session in
            func add(_ kind: ArtifactEvent.Kind, _ path: String, _ bytes: Int64) throws {
                try session.add(ArtifactEvent(kind: kind, path: path, runID: nil, bytes: bytes, microseconds: 1))
            }
            try add(.upload, "0/\(runID)/artifacts/a/b", 1)
            try add(.upload, "0/\(runID)/artifacts/a/c", 2)
            try add(.deletion, "0/\(runID)/artifacts/a", 3)
            try add(.upload, "0/\(runID)/artifacts/a/c", 4)
            try add(.upload, "0/\(runID)/artifacts/ab", 5)
        }
        let check = try fixture.read { try ArtifactCheck($0.connection) }
        #expect(check.files.mapValues(\.bytes) == ["0/\(runID)/artifacts/a/c": 4, "0/\(runID)/artifacts/ab": 5])
        #expect(!check.isOwnerless("0/\(runID)/artifacts/a/c"))
        #expect(check.isOwnerless("0/nobody/artifacts/a"))
        #expect(check.isOwnerless("0/models/m-0/artifacts/a"))
        #expect(!check.isOwnerless("loose/file"))
    }
}
