import Budgets
import PostgresStore
import TestSupport
import Testing
import Tracking
import TrackingStore

/// The same records in: both stores must report the same, and give the same records out.
@Suite(.enabled(if: postgresServer != nil, "APUS_TEST_POSTGRES names no server"))
struct ImportComparisonTests {
    private let sqlite: StoreFixture
    private let postgres: PostgresStoreFixture

    init() throws {
        sqlite = try StoreFixture()
        postgres = try PostgresStoreFixture()
    }

    private func takeBoth(_ records: [TransferRecord]) throws -> (TransferReport, TransferReport) {
        (
            try sqlite.write { try $0.importRecords(records) },
            try postgres.write { try $0.importRecords(records) }
        )
    }

    /// What a store passes on, in an order that does not depend on the store.
    private func content(
        of store: any TrackingBackend,
        _ subset: TransferSubset = .everything,
        for caller: Caller = .server
    ) throws -> [String] {
        var cursor = RecordCursor(subset)
        var records: [TransferRecord] = []
        while let more = try store.readNow(&cursor, for: caller) { records += more }
        return records.map { record in
            var record = record
            switch record {
            case .run(var run):
                run.run.modelInputs.sort { $0.modelID < $1.modelID }
                run.run.modelOutputs.sort { $0.modelID < $1.modelID }
                record = .run(run)
            case .modelPoints(var points):
                points.points.sort {
                    ($0.metric.timestamp, $0.metric.step, $0.runID) < ($1.metric.timestamp, $1.metric.step, $1.runID)
                }
                record = .modelPoints(points)
            case .registeredModel(var model):
                model.model.aliases.sort { $0.alias < $1.alias }
                record = .registeredModel(model)
            case .experiment, .points, .loggedModel, .modelVersion: break
            }
            return "\(record)"
        }.sorted()
    }

    /// A Default that was made by the store has a time of its own.
    private static let first = Experiment(
        id: 0,
        name: "Default",
        artifactLocation: "mlflow-artifacts:/0",
        lifecycleStage: .active,
        creationTime: 100,
        lastUpdateTime: 300
    )

    @Test func `random records are taken in the same way`() throws {
        let seed = testSeed()
        var random = RandomRecords(seed: seed)
        _ = try takeBoth([.experiment(Self.first)])
        var batches: [[TransferRecord]] = []
        for _ in 0..<80 {
            let records = (0..<random.number(1...25)).map { _ in random.next() }
            let (left, right) = try takeBoth(records)
            try #require(left == right, "\(seed): \(left) \(right)")
            batches.append(records)
        }
        #expect(try content(of: sqlite.store) == content(of: postgres.store))
        for subset in [TransferSubset.experiments([0, 2]), .runs(["run-1", "run-5"])] {
            guard (try? sqlite.read { try $0.require(subset) }) != nil else { continue }
            #expect(try content(of: sqlite.store, subset) == content(of: postgres.store, subset))
        }
        #expect(try sqlite.store.runKeys(.everything) == postgres.store.runKeys(.everything))
        // What was taken once changes nothing more, in whatever parts it comes.
        let before = try content(of: postgres.store)
        let (left, right) = try takeBoth(batches.joined().map { $0 })
        #expect(left.counts == right.counts && left.remarks == right.remarks)
        #expect(try content(of: sqlite.store) == content(of: postgres.store))
        #expect(before.count <= (try content(of: postgres.store).count))
    }

    @Test func `what one store passes on is what the other one is given, both ways`() throws {
        let seed = testSeed()
        var random = RandomRecords(seed: seed)
        _ = try takeBoth([.experiment(Self.first)])
        let records = (0..<600).map { _ in random.next() }
        _ = try sqlite.write { try $0.importRecords(records) }
        try move(from: sqlite.store, to: postgres.store)
        let content = try content(of: sqlite.store)
        #expect(try self.content(of: postgres.store) == content)
        let third = try StoreFixture()
        try move(from: postgres.store, to: third.store)
        #expect(try self.content(of: third.store) == content)
    }

    @Test func `a client gets from both stores what it may read`() throws {
        let seed = testSeed()
        var random = RandomRecords(seed: seed)
        let records = (0..<600).map { _ in random.next() }
        _ = try takeBoth([.experiment(Self.first)] + records)
        var callers = RandomCallers(seed: seed, experiments: [0, 1, 2, 3, 4, 5], models: ["prod", "größe"])
        for _ in 0..<60 {
            let (caller, rights) = callers.next()
            let left = Result { try content(of: sqlite.store, for: caller) }
            let right = Result { try content(of: postgres.store, for: caller) }
            #expect("\(left)" == "\(right)", "\(seed): \(rights)")
        }
    }

    private func move(from source: any TrackingBackend, to target: any TrackingBackend) throws {
        var cursor = RecordCursor(.everything)
        while let records = try source.readNow(&cursor) {
            let report = try target.writeNow { try $0.importRecords(records) }
            #expect(report.remarks == [] && report.mappings == [])
        }
    }
}
