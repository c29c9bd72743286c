import Glibc
import SQLite
import TestSupport
import Testing

@testable import apus

/// A place with snapshots of a folder of artifacts and of a database.
private struct World {
    let folder: TemporaryFolder
    let place: BackupFolder
    let lineage: SnapshotLineage

    init() throws {
        folder = try TemporaryFolder()
        place = try BackupFolder(folder.file("place"))
        lineage = SnapshotLineage(databasePath: folder.file("data/apus.db"))
        try Disk.makeFolders(place.path)
        try Disk.makeFolders(folder.file("data/artifacts/0"))
        let database = try Connection(path: folder.file("data/apus.db"), mode: .readWriteCreate)
        defer { database.close() }
        try database.execute("CREATE TABLE t (x)")
    }

    func write(_ text: String, to artifact: String) throws {
        let path = folder.file("data/artifacts/" + artifact)
        try Disk.remove(path)
        try Disk.write(Array(text.utf8), to: path)
    }

    func snapshot(
        keep: Int = 2,
        trusting: Bool = false,
        lineage other: SnapshotLineage? = nil
    ) throws -> Snapshot.Result {
        try Snapshot(
            databasePath: folder.file("data/apus.db"),
            artifactsPath: folder.file("data/artifacts"),
            backupFolder: place,
            lineage: other ?? lineage,
            keep: keep,
            trustsNewest: trusting
        ).run()
    }

    var contents: [String] {
        get throws {
            var found: [String] = []
            try Disk.walk(place.path + "/contents") { path, _ in found.append(path) }
            return found
        }
    }

    func newestFaults() throws -> [String] {
        try BackupVerification(place.folder(nil)).faults()
    }
}

@Suite struct SnapshotTests {
    private let world: World

    init() throws {
        world = try World()
    }

    @Test(arguments: [true, false])
    func `nothing is written when nothing has changed`(trusting: Bool) throws {
        try world.write("a", to: "0/a")
        let first = try world.snapshot()
        #expect(first.isNew)
        let second = try world.snapshot(trusting: trusting)
        #expect(!second.isNew && second.created == first.created)
        #expect(world.place.generations.count == 1)
        #expect(try world.newestFaults().isEmpty)
    }

    @Test func `equal artifacts are stored once, and those that no kept snapshot needs are removed`() throws {
        try world.write("same", to: "0/a")
        try world.write("same", to: "0/b")
        _ = try world.snapshot()
        #expect(try world.contents.count == 1)
        try world.write("other", to: "0/a")
        try world.write("other", to: "0/b")
        _ = try world.snapshot(keep: 2, trusting: true)
        #expect(try world.contents.count == 2)
        try world.write("third", to: "0/a")
        _ = try world.snapshot(keep: 2, trusting: true)
        #expect(world.place.generations.count == 2)
        #expect(try world.contents.count == 2)
        #expect(try world.newestFaults().isEmpty)
    }

    @Test func `what was lost in the place is stored again, unless the snapshot before is trusted`() throws {
        try world.write("a", to: "0/a")
        _ = try world.snapshot()
        let content = world.place.path + "/contents/" + (try #require(try world.contents.first))
        try Disk.remove(content)
        try Disk.write([], to: content)
        #expect(try !world.newestFaults().isEmpty)
        _ = try world.snapshot()
        #expect(try world.newestFaults().isEmpty)
    }

    @Test func `a half of a snapshot does not count, and is removed when there is a newer one`() throws {
        _ = try world.snapshot()
        let half = world.place.path + "/2020-01-01T00.00.00.000Z"
        try Disk.makeFolders(half)
        try Disk.write([1], to: half + "/apus.db")
        try Disk.write([1], to: world.place.path + "/.unfinished-1")
        #expect(world.place.generations.count == 1)
        try world.write("a", to: "0/a")
        _ = try world.snapshot()
        #expect(FileKind(half) == .absent && FileKind(world.place.path + "/.unfinished-1") == .absent)
    }

    @Test func `two servers with one place: the one that did not make the newest stops, and removes nothing`() throws {
        _ = try world.snapshot()
        try world.write("b", to: "0/b")
        let other = SnapshotLineage(databasePath: world.folder.file("other.db"))
        #expect(throws: StartFailure.self) { try world.snapshot(lineage: other) }
        #expect(world.place.generations.count == 1)
        // It takes part when it goes on from there.
        try other.add(world.place.generations, in: world.place)
        #expect(try world.snapshot(lineage: other).isNew)
        try world.write("c", to: "0/c")
        #expect(throws: StartFailure.self) { try world.snapshot() }
    }

    @Test func `a place has held snapshots once one is there, not when the first was cut off in the making`() throws {
        try world.lineage.add([BackupFolder.name(at: 1_000)])
        try world.lineage.requireNotEmptied([], of: world.place)
        _ = try world.snapshot()
        #expect(throws: StartFailure.self) { try world.lineage.requireNotEmptied([], of: world.place) }
    }

    @Test func `a place that has vanished is not made again, and is used again when it is back`() throws {
        let away = world.folder.file("away")
        try Disk.rename(world.place.path, to: away)
        #expect(throws: StartFailure.self) { try world.snapshot() }
        #expect(FileKind(world.place.path) == .absent)
        try Disk.rename(away, to: world.place.path)
        #expect(try world.snapshot().isNew)
    }

    @Test func `another one that works on the place is not disturbed`() throws {
        let lock = try world.place.lock()
        #expect(lock != nil)
        #expect(throws: StartFailure.self) { try world.snapshot() }
        withExtendedLifetime(lock) {}
    }
}

@Suite struct SnapshotManifestTests {
    @Test(arguments: ["../../etc/passwd", "", String(repeating: "A", count: 64), String(repeating: "a", count: 63)])
    func `a content with another name than a hash is refused`(sha256: String) {
        var manifest = BackupManifest(created: 1)
        manifest.storesByContent = true
        manifest.files["apus.db"] = BackupManifest.Entry(size: 1, sha256: String(repeating: "a", count: 64))
        manifest.files["artifacts/a"] = BackupManifest.Entry(size: 1, sha256: sha256)
        #expect(throws: StartFailure.self) { try BackupManifest(manifest.text, of: "place") }
    }

    @Test func `artifacts lie beside the generation, and the database in it`() throws {
        let sha256 = String(repeating: "ab", count: 32)
        var manifest = BackupManifest(created: 1)
        manifest.storesByContent = true
        manifest.files["apus.db"] = BackupManifest.Entry(size: 1, sha256: sha256)
        manifest.files["artifacts/a"] = BackupManifest.Entry(size: 1, sha256: sha256, time: 7)
        #expect(try BackupManifest(manifest.text, of: "place") == manifest)
        #expect(manifest.location(of: "apus.db", in: "/p/g") == "/p/g/apus.db")
        #expect(manifest.location(of: "artifacts/a", in: "/p/g") == "/p/contents/ab/\(sha256)")
    }

    @Test func `names of generations are recognised by their form`() {
        #expect(BackupFolder.isName(BackupFolder.name(at: 1_764_300_000_001)))
        for text in ["", "2025", "photos from Spain 2025 xx", "2025-11-28T03.20.00.00aZ"] {
            #expect(!BackupFolder.isName(text))
        }
    }
}
