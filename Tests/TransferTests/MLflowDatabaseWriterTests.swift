import SQLite
import TestSupport
import Testing
import Tracking
import TrackingStore
import Transfer

@Suite struct MLflowDatabaseWriterTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("mlflow.db")
    }

    private static func schema() -> MLflowSchema {
        let tests = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        func file(_ name: String) -> String {
            String(decoding: contents(ofFile: "/\(tests)/../../schemas/mlflow-3.17-\(name).sql"), as: UTF8.self)
        }
        return MLflowSchema(tables: file("tables"), indexes: file("indexes"))
    }

    /// Writes records; returns what could not be held.
    private func write(_ records: [TransferRecord]) throws -> [String] {
        var reports: [String] = []
        let writer = try MLflowDatabaseWriter(path: path, schema: Self.schema()) { reports.append("\($0): \($1)") }
        for record in records { try writer.add(record) }
        try writer.finish()
        try writer.commit()
        return reports
    }

    private func read() throws -> [TransferRecord] {
        var records: [TransferRecord] = []
        var selection = TransferSelection()
        selection.skipsArtifacts = true
        try MLflowDatabase(path: path, artifacts: nil).read(selection) { item in
            if case .record(let record) = item { records.append(record) }
        }
        return records
    }

    private func rows(_ sql: String) throws -> [String] {
        let connection = try Connection(path: path, mode: .readOnly)
        defer { connection.close() }
        return try connection.prepare(sql).map { $0.string(0) }
    }

    @Test func `what is written is read again`() throws {
        #expect(try write(Sample.all) == [])
        var expected = Sample.all
        // MLflow keeps them in the order of their keys.
        expected[1] = .run(Sample.run { $0.run.params.sort { $0.key < $1.key } })
        #expect(Set(try read().map { "\($0)" }) == Set(expected.map { "\($0)" }))
    }

    @Test func `what a store holds is written and read again`() throws {
        let fixture = try StoreFixture()
        _ = try fixture.write { try $0.importRecords(Sample.all) }
        let connection = try Connection(path: fixture.folder.file("apus.db"), mode: .readOnly)
        var records: [TransferRecord] = []
        try RecordCursor.readAll(of: connection) { records.append($0) }
        connection.close()
        #expect(records.count == Sample.all.count + 1, "with the experiment that each store begins with")
        #expect(try write(records) == [])
        #expect(Set(Sample.all.map(\.subject.id)).isSubset(of: try read().map(\.subject.id)))
        let values = try rows("SELECT value FROM metrics ORDER BY step")
        #expect(values == ["0.5", "0.0", "-1.79769313486232e+308", "0.25"])
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
        #expect(try write(Sample.all + [.points(other), .points(more)]) == [])
        let latest = try rows(
            "SELECT key || ' ' || step || ' ' || value || ' ' || is_nan FROM latest_metrics ORDER BY key"
        )
        #expect(latest == ["acc 1 0.0 1", "loss 3 0.25 0"])
        #expect(try rows("SELECT count(*) FROM metrics") == ["6"])
    }

    @Test func `the number of a deleted version stays in use`() throws {
        #expect(try write(Sample.all) == [])
        #expect(try rows("SELECT max(version) FROM model_versions") == ["4"])
        #expect(try rows("SELECT current_stage FROM model_versions WHERE version = 4") == ["Deleted_Internal"])
    }

    @Test func `what the tables cannot hold is reported`() throws {
        var stray = Sample.modelPoints
        stray.points[0].runID = "gone"
        var second = Sample.modelPoints
        second.points[0].metric.value = 0.1
        let reports = try write(Sample.all + [.modelPoints(stray), .modelPoints(second)])
        #expect(reports.count == 2 && reports[0].contains("gone") && reports[1].contains("auc"), "\(reports)")
        #expect(try rows("SELECT metric_value FROM logged_model_metrics") == ["0.9"])
    }

    @Test func `a run of no experiment makes no database`() throws {
        #expect(throws: SourceFailure.self) { _ = try write([.run(Sample.run())]) }
    }

    @Test func `the file says that it is MLflow's`() throws {
        #expect(try write([]) == [])
        #expect(try rows("SELECT version_num FROM alembic_version") == ["dc11669786a5"])
        #expect(try rows("SELECT name FROM workspaces") == ["default"])
        #expect(try rows("SELECT count(*) FROM sqlite_schema WHERE type = 'table'") == ["65"])
        #expect(try rows("PRAGMA integrity_check") == ["ok"])
    }
}
