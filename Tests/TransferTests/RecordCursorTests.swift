import TestSupport
import Testing
import Tracking
import TrackingStore

@testable import Transfer

extension StoreFixture {
    /// What a cursor passes on.
    func records(
        _ subset: TransferSubset = .everything,
        _ content: RecordCursor.Content = .allKinds
    ) throws -> [TransferRecord] {
        var cursor = RecordCursor(subset, content)
        var records: [TransferRecord] = []
        while let more = try store.readNow(&cursor) { records += more }
        return records
    }
}

@Suite struct RecordCursorTests {
    private let fixture: StoreFixture

    init() throws {
        fixture = try StoreFixture()
        _ = try fixture.write { try $0.importRecords(Sample.all) }
    }

    /// A run of the sample's experiment.
    private func run(_ id: String, deleted: Bool = false) -> TransferRecord {
        .run(
            Sample.run { run in
                run.run.info.runID = id
                run.run.info.artifactURI = "mlflow-artifacts:/7/\(id)/artifacts"
                if deleted { (run.run.info.lifecycleStage, run.deletedTime) = (.deleted, 9) }
            }
        )
    }

    private func runIDs(_ records: [TransferRecord]) -> [String] {
        records.compactMap { if case .run(let run) = $0 { run.run.info.runID } else { nil } }
    }

    @Test func `more runs than one page and more points than one piece come once each and in order`() throws {
        let ids = (0..<25).map { "run-\($0 < 10 ? "0" : "")\($0)" }
        let long = (0..<45_001).map { MetricPoint(value: Double($0), isNaN: false, timestamp: 5, step: Int64($0)) }
        var taken = ids.map { run($0) }
        taken.append(.points(TransferredPoints(runID: ids[11], key: "b", points: long)))
        taken.append(.points(TransferredPoints(runID: ids[11], key: "a", points: Array(long.prefix(3)))))
        _ = try fixture.write { [taken] in try $0.importRecords(taken) }
        let records = try fixture.records()
        #expect(runIDs(records) == [Sample.runID] + ids)
        var points: [String: [MetricPoint]] = [:]
        var keys: [String] = []
        for case .points(let part) in records where part.runID == ids[11] {
            #expect(part.points.count <= 5_000)
            if keys.last != part.key { keys.append(part.key) }
            points[part.key, default: []] += part.points
        }
        #expect(keys == ["a", "b"])
        #expect(points["a"] == Array(long.prefix(3)) && points["b"] == long)
    }

    @Test func `things that are created while others are read come with what they name`() throws {
        var cursor = RecordCursor(.everything)
        var records = try #require(try fixture.store.readNow(&cursor))
        let later = SourceExperiment(id: 8, name: "later")
        let run = Sample.run { run in
            (run.experiment, run.run.info.experimentID, run.run.info.runID) = (later, 8, "later")
            (run.run.modelInputs, run.run.modelOutputs) = ([], [])
        }
        _ = try fixture.write {
            try $0.importRecords([.experiment(Sample.experiment(id: 8, name: "later")), .run(run)])
        }
        while let more = try fixture.store.readNow(&cursor) { records += more }
        let place = try #require(records.firstIndex { $0.subject.kind == .run && $0.subject.id == "later" })
        let experiments = records[..<place].filter {
            if case .experiment(let experiment) = $0 { experiment.name == "later" } else { false }
        }
        #expect(experiments.count == 1)
    }

    @Test func `a named run comes with its experiment and what it made, and nothing else`() throws {
        let others = [run("other"), .experiment(Sample.experiment(id: 8, name: "later"))]
        _ = try fixture.write { try $0.importRecords(others) }
        let records = try fixture.records(.runs([Sample.runID]))
        #expect(runIDs(records) == [Sample.runID])
        let kinds = Set(records.map(\.subject.kind))
        #expect(kinds == [.experiment, .run, .points, .loggedModel, .modelPoints])
        #expect(records.filter { $0.subject.kind == .experiment }.count == 1)
        #expect(throws: TrackingError.self) { try fixture.read { try $0.require(.runs(["none"])) } }
        #expect(throws: TrackingError.self) { try fixture.read { try $0.require(.experiments([99])) } }
    }

    @Test func `tables have deleted runs only if they are named`() throws {
        _ = try fixture.write { [gone = run("gone", deleted: true)] in try $0.importRecords([gone]) }
        #expect(runIDs(try fixture.records(.everything, .runs)) == [Sample.runID])
        #expect(runIDs(try fixture.records(.experiments([7]), .points)) == [Sample.runID])
        #expect(runIDs(try fixture.records(.runs(["gone"]), .runs)) == ["gone"])
        #expect(runIDs(try fixture.records()) == [Sample.runID, "gone"])
    }
}
