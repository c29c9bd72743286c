import Glibc
import PostgreSQL
import TestSupport
import Testing
import Tracking
import Transfer

/// The server is that of APUS_TEST_POSTGRES, which `make unit` sets.
private let server = getenv("APUS_TEST_POSTGRES").map { String(cString: $0) }

@Suite(.enabled(if: server != nil, "APUS_TEST_POSTGRES names no server"))
struct MLflowPostgresTests {
    private let database: Database

    init() throws {
        database = try Database()
    }

    /// A database for one test, removed when this object is deallocated.
    private final class Database {
        let address: PostgresAddress
        private let name = "transfer_\(UInt64.random(in: .min ... .max))"
        private let owner: PostgresConnection

        init() throws {
            let uri = server ?? ""
            owner = try PostgresConnection(PostgresAddress(uri), applicationName: "apus-test")
            try owner.execute("CREATE DATABASE \(name)")
            address = try PostgresAddress(uri.replacing("/postgres", with: "/\(name)"))
        }

        deinit {
            // The whole server goes at the end of the tests.
            try? owner.execute("DROP DATABASE \(name) WITH (FORCE)")
        }
    }

    private static func schema() -> MLflowSchema {
        let tests = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        func file(_ name: String) -> String {
            let path = "/\(tests)/../../schemas/mlflow-3.17-postgresql-\(name).sql"
            return String(decoding: contents(ofFile: path), as: UTF8.self)
        }
        return MLflowSchema(tables: file("tables"), indexes: file("indexes"))
    }

    /// Writes records; returns what could not be held.
    private func write(_ records: [TransferRecord]) throws -> [String] {
        var reports: [String] = []
        let writer = try MLflowDatabaseWriter(database.address, schema: Self.schema()) {
            reports.append("\($0): \($1)")
        }
        for record in records { try writer.add(record) }
        try writer.finish()
        try writer.commit()
        return reports
    }

    private func rows(_ sql: String) throws -> [String] {
        let connection = try PostgresConnection(database.address, applicationName: "apus-test")
        var found: [String] = []
        try connection.forEachRow(sql) { found.append($0.string(0)) }
        return found
    }

    @Test func `what is written is read again`() throws {
        #expect(try write(Sample.all) == [])
        var expected = Sample.all
        // MLflow keeps them in the order of their keys.
        expected[1] = .run(Sample.run { $0.run.params.sort { $0.key < $1.key } })
        var selection = TransferSelection()
        selection.skipsArtifacts = true
        var records: [TransferRecord] = []
        try MLflowDatabase(database.address, folder: "/", artifacts: nil).read(selection) { item in
            if case .record(let record) = item { records.append(record) }
        }
        #expect(Set(records.map { "\($0)" }) == Set(expected.map { "\($0)" }))
    }

    @Test func `the latest point of a metric is that of the highest step`() throws {
        let more = TransferredPoints(
            runID: Sample.runID,
            key: "loss",
            points: [MetricPoint(value: 9, isNaN: false, timestamp: 5_000, step: 2)]
        )
        let other = TransferredPoints(
            runID: Sample.runID,
            key: "acc",
            points: [MetricPoint(value: 0, isNaN: true, timestamp: 1, step: 1)]
        )
        #expect(try write(Sample.all + [.points(other), .points(more), .points(more)]) == [])
        let latest = try rows(
            "SELECT key || ' ' || step || ' ' || value || ' ' || is_nan FROM latest_metrics ORDER BY key"
        )
        #expect(latest == ["acc 1 0 true", "loss 3 0.25 false"])
        #expect(try rows("SELECT count(*)::text FROM metrics") == ["6"])
    }

    @Test func `what the tables cannot hold is reported`() throws {
        var stray = Sample.modelPoints
        stray.points[0].runID = "gone"
        var second = Sample.modelPoints
        second.points[0].metric.value = 0.1
        let reports = try write(Sample.all + [.modelPoints(stray), .modelPoints(second)])
        #expect(reports.count == 2 && reports[0].contains("gone") && reports[1].contains("auc"), "\(reports)")
        #expect(try rows("SELECT metric_value::text FROM logged_model_metrics") == ["0.9"])
        #expect(try rows("SELECT current_stage FROM model_versions WHERE version = 4") == ["Deleted_Internal"])
    }

    @Test func `a run of no experiment fills no database`() throws {
        let error = #expect(throws: PostgresError.self) { _ = try write([.run(Sample.run())]) }
        #expect(error?.isConstraintViolation == true)
        #expect(try rows("SELECT count(*)::text FROM pg_tables WHERE schemaname = 'public'") == ["0"])
    }

    @Test func `only an empty database is filled`() throws {
        #expect(try write([]) == [])
        let error = #expect(throws: SourceFailure.self) { _ = try write([]) }
        #expect(error?.description.contains("not empty") == true)
        #expect(try rows("SELECT count(*)::text FROM pg_tables WHERE schemaname = 'public'") == ["65"])
    }
}
