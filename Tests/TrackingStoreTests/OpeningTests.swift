import Budgets
import Dispatch
import Glibc
import SQLite
import Synchronization
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct OpeningTests {
    @Test func `what was acknowledged is there after the store was closed and opened again`() throws {
        let folder = try TemporaryFolder()
        let runID = try {
            let fixture = try StoreFixture(in: folder)
            let runID = try fixture.createRun()
            try fixture.log([1, 2, 3], key: "m", runID: runID)
            try fixture.write { try $0.logParam(Param(key: "p", value: "v"), runID: runID) }
            return runID
        }()
        #expect(!fileNames(inFolder: folder.path).contains("apus.db-wal"))
        let fixture = try StoreFixture(in: folder)
        let run = try fixture.read { try $0.run(id: runID) }
        #expect(run.metrics == [Metric(key: "m", value: 3, timestamp: 2, step: 2)])
        #expect(run.params == [Param(key: "p", value: "v")])
        // The store must know the key ids and the latest points again.
        try fixture.log([1, 9], key: "m", runID: runID)
        #expect(try fixture.rows("SELECT point_count, in_order FROM latest_metrics") == [["4", "0"]])
        #expect(try fixture.rows("PRAGMA integrity_check") == [["ok"]])
    }

    @Test func `a deleted Default experiment does not come back`() throws {
        let folder = try TemporaryFolder()
        try {
            let fixture = try StoreFixture(in: folder)
            try fixture.write { try $0.renameExperiment(0, to: "renamed") }
            try fixture.write { try $0.deleteExperiment(0) }
        }()
        let fixture = try StoreFixture(in: folder)
        let experiment = try fixture.read { try $0.experiment(id: 0) }
        #expect(experiment.lifecycleStage == .deleted && experiment.name == "renamed")
        #expect(try fixture.rows("SELECT count(*) FROM experiments") == [["1"]])
    }

    @Test func `a start that stopped after the migrations still gets its Default experiment`() throws {
        let folder = try TemporaryFolder()
        try {
            let connection = try Connection(path: folder.file("apus.db"), mode: .readWriteCreate)
            try Migrator(try StoreFixture.migrations()).migrate(connection)
            connection.close()
        }()
        #expect(try StoreFixture(in: folder).rows("SELECT id, name FROM experiments") == [["0", "Default"]])
    }

    @Test func `a second store on one database is refused with the owner's pid`() throws {
        let fixture = try StoreFixture()
        let expected = OwnerLock.Failure.ownedElsewhere(pid: getpid(), path: fixture.folder.file("apus.db.lock"))
        #expect(throws: expected) { try StoreFixture(in: fixture.folder) }
        #expect(expected.description.contains("\(getpid())"))
        #expect(try fixture.createRun().count == 32)
    }

    /// The content of databases that are not from Apus.
    @Test(
        arguments: [
            "CREATE TABLE alembic_version (version_num TEXT); INSERT INTO alembic_version VALUES ('abc');",
            "CREATE TABLE experiments (id INTEGER); INSERT INTO experiments VALUES (1);",
            "CREATE TABLE schema_migrations (version INTEGER, name TEXT, checksum TEXT, applied_at INTEGER);",
        ]
    )
    func `a foreign database is refused and stays as it is`(script: String) throws {
        let folder = try TemporaryFolder()
        let path = folder.file("apus.db")
        try {
            let connection = try Connection(path: path, mode: .readWriteCreate)
            try connection.execute(script)
            connection.close()
        }()
        let before = contents(ofFile: path)
        #expect(throws: MigrationError.self) { try StoreFixture(in: folder) }
        #expect(contents(ofFile: path) == before && !before.isEmpty)
        #expect(Set(fileNames(inFolder: folder.path)).subtracting(["apus.db", "apus.db.lock"]).isEmpty)
    }

    @Test func `a file that is no database is refused and stays as it is`() throws {
        let folder = try TemporaryFolder()
        let bytes = Array(String(repeating: "no database at all\n", count: 100).utf8)
        #expect(write(bytes, toFile: folder.file("apus.db")))
        #expect(throws: MigrationError.self) { try StoreFixture(in: folder) }
        #expect(contents(ofFile: folder.file("apus.db")) == bytes)
    }

    @Test func `a closed store refuses requests as one that may be tried again`() throws {
        let fixture = try StoreFixture()
        fixture.store.close()
        #expect(trackingError { _ = try fixture.createRun() }?.code == .temporarilyUnavailable)
        #expect(trackingError { _ = try fixture.read { try $0.runCount() } }?.code == .temporarilyUnavailable)
    }

    @Test func `a crash loses nothing that was acknowledged`() throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun()
        let writers = DispatchGroup()
        let acknowledged = Mutex<[Int64]>([])
        let isOver = Mutex(false)
        for writer in 0..<4 {
            DispatchQueue(label: "test.writer").async(group: writers) {
                for index in 0..<250 where !isOver.withLock({ $0 }) {
                    let step = Int64(writer * 1_000 + index)
                    let metric = Metric(key: "m", value: 1, timestamp: step, step: step)
                    guard (try? fixture.write { try $0.logMetrics([metric], runID: runID) }) != nil else { return }
                    acknowledged.withLock { $0.append(step) }
                }
            }
        }
        for wanted in [10, 60, 200] {
            while acknowledged.withLock({ $0.count }) < wanted { usleep(200) }
            let promised = acknowledged.withLock { $0 }
            try check(try copyOfFiles(of: fixture), holds: promised, of: runID)
        }
        isOver.withLock { $0 = true }
        writers.wait()
    }

    /// Copies the files as a crash would leave them.
    ///
    /// All points together, each with its own commit, are fewer pages than the first checkpoint needs, so the WAL only grows,
    /// and a crash may leave any prefix of it.
    private func copyOfFiles(of fixture: StoreFixture) throws -> TemporaryFolder {
        let copy = try TemporaryFolder()
        for name in ["apus.db", "apus.db-wal"] {
            #expect(write(contents(ofFile: fixture.folder.file(name)), toFile: copy.file(name)))
        }
        #expect(fixture.store.writerStatistics.checkpoints == 0)
        return copy
    }

    private func check(_ copy: TemporaryFolder, holds promised: [Int64], of runID: String) throws {
        let fixture = try StoreFixture(in: copy)
        let history = MetricHistory(runID: runID, key: "m")
        let points = try fixture.read { try $0.metricHistory(history, pageToken: nil, limit: 10_000).points }
        #expect(Set(promised).isSubset(of: Set(points.map(\.step))))
        #expect(try fixture.rows("SELECT point_count FROM latest_metrics") == [["\(points.count)"]])
        #expect(try fixture.rows("PRAGMA integrity_check") == [["ok"]])
    }
}
