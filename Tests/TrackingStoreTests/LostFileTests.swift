import Glibc
import SQLite
import TestSupport
import Testing
import Tracking
import TrackingStore

/// Tests what happens if somebody removes the database files while the database is open.
@Suite struct LostFileTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func rescued() -> [String] {
        fileNames(inFolder: folder.path).filter { $0.hasPrefix("apus.db.rescued-") }
    }

    private func remove(_ names: String...) throws {
        for name in names { try #require(unlink(folder.file(name)) == 0) }
    }

    @Test func `a log that was deleted is noticed before more is acknowledged, and kept`() throws {
        let fixture = try StoreFixture(in: folder)
        let runID = try fixture.createRun()
        try remove("apus.db-wal", "apus.db-shm")
        #expect(trackingError { _ = try fixture.createRun() }?.code == .insufficientStorage)
        #expect(fixture.store.examineFiles().files?.contains("log was deleted") == true)
        // The copy is what a start after a kill would find: the deleted WAL is missing.
        let copy = try TemporaryFolder()
        #expect(write(contents(ofFile: folder.file("apus.db")), toFile: copy.file("apus.db")))
        #expect(try StoreFixture(in: copy).read { try $0.run(id: runID) }.info.runID == runID)
    }

    @Test func `a log that was cut is noticed before more is acknowledged`() throws {
        let fixture = try StoreFixture(in: folder)
        _ = try fixture.createRun()
        try #require(truncate(folder.file("apus.db-wal"), 0) == 0)
        #expect(trackingError { _ = try fixture.createRun() }?.code == .insufficientStorage)
        #expect(trackingError { try fixture.store.requireDatabaseInPlace() } == nil)
    }

    @Test func `a database that was emptied is missed at the next start`() throws {
        let fixture = try StoreFixture(in: folder)
        let runID = try fixture.createRun()
        try #require(rename(folder.file("apus.db"), folder.file("kept.db")) == 0)
        #expect(trackingError { try fixture.store.requireDatabaseInPlace() }?.code == .insufficientStorage)
        try #require(rename(folder.file("kept.db"), folder.file("apus.db")) == 0)
        fixture.store.close()
        let whole = contents(ofFile: folder.file("apus.db"))
        try #require(truncate(folder.file("apus.db"), 0) == 0)
        #expect(throws: MissingDatabase.self) { try StoreFixture(in: folder) }
        #expect(write(whole, toFile: folder.file("apus.db")))
        #expect(try StoreFixture(in: folder).read { try $0.run(id: runID) }.info.runID == runID)
    }

    @Test func `a database that was deleted is written out again beside its place`() throws {
        let fixture = try StoreFixture(in: folder)
        let runID = try fixture.createRun()
        try remove("apus.db")
        #expect(trackingError { _ = try fixture.createRun() }?.code == .insufficientStorage)
        let name = try #require(rescued().first)
        fixture.store.close()
        #expect(rescued().count == 1)
        try #require(rename(folder.file(name), folder.file("apus.db")) == 0)
        #expect(try StoreFixture(in: folder).read { try $0.run(id: runID) }.info.runID == runID)
    }

    @Test func `a stop rescues a deleted database too, and the next start misses it`() throws {
        let fixture = try StoreFixture(in: folder)
        _ = try fixture.createRun()
        try remove("apus.db")
        fixture.store.close()
        #expect(rescued().count == 1)
        #expect(throws: MissingDatabase.self) { try StoreFixture(in: folder) }
        try remove("apus.db.lock")
        #expect(try StoreFixture(in: folder).read { try $0.runCount() } == 0)
    }

    @Test func `a database that was moved is whole where it is`() throws {
        let fixture = try StoreFixture(in: folder)
        let runID = try fixture.createRun()
        let elsewhere = try TemporaryFolder()
        try #require(rename(folder.file("apus.db"), elsewhere.file("apus.db")) == 0)
        #expect(trackingError { _ = try fixture.createRun() }?.code == .insufficientStorage)
        fixture.store.close()
        #expect(rescued().isEmpty)
        #expect(try StoreFixture(in: elsewhere).read { try $0.run(id: runID) }.info.runID == runID)
    }

    @Test func `without its lock file a store still has one owner`() throws {
        let fixture = try StoreFixture(in: folder)
        try remove("apus.db.lock")
        #expect(throws: OwnerLock.Failure.ownedElsewhere(pid: nil, path: folder.file("apus.db"))) {
            try StoreFixture(in: folder)
        }
        withExtendedLifetime(fixture) {}
    }

    @Test func `a page of garbage is a storage error that the log names`() throws {
        let texts = Texts()
        let fixture = try StoreFixture(in: folder)
        for index in 0..<200 { _ = try fixture.createRun(name: String(repeating: "n", count: 400) + "\(index)") }
        fixture.store.close()
        var bytes = contents(ofFile: folder.file("apus.db"))
        let connection = try Connection(path: folder.file("apus.db"), mode: .readOnly)
        let page = try #require(try connection.firstInt64(of: "SELECT rootpage FROM sqlite_schema WHERE name = 'runs'"))
        connection.close()
        for offset in 0..<4_096 { bytes[(Int(page) - 1) * 4_096 + offset] = 0xA5 }
        #expect(write(bytes, toFile: folder.file("apus.db")))
        var configuration = try StoreFixture.configuration(in: folder)
        configuration.report = { texts.add($0) }
        let store = try TrackingStore(configuration)
        defer { store.close() }
        let walk = RunSearch(
            experimentIDs: [0],
            viewType: .all,
            filter: [],
            orderings: [],
            maxResults: 10,
            pageToken: nil
        )
        #expect(trackingError { _ = try store.readNow { try $0.searchRuns(walk) } }?.code == .insufficientStorage)
        #expect(texts.all.contains { $0.contains("malformed") || $0.contains("corrupt") })
    }

    @Test func `a store that is well says so, whole`() throws {
        let fixture = try StoreFixture(in: folder)
        let health = fixture.store.examine()
        #expect(health.isSound && health.journal == "wal" && (health.freeBytes ?? 0) > 0)
    }
}
