import Budgets
import Identities
import SQLite
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct StorageOwnerTests {
    private let fixture: StoreFixture

    init() throws {
        fixture = try StoreFixture()
    }

    @Test func `an upload counts for who sent it, and the file that it replaces no more`() throws {
        #expect(try upload("a/b", 10, by: "ana") == [StoredChange(owner: token("ana"), bytes: 10)])
        #expect(try upload("a/c", 5, by: nil) == [StoredChange(owner: nil, bytes: 5)])
        let changes = try upload("a/b", 7, by: "bob")
        let (ana, bob) = (token("ana"), token("bob"))
        #expect(changes == [StoredChange(owner: ana, bytes: -10), StoredChange(owner: bob, bytes: 7)])
        #expect(try bytes() == ["": 5, "ana": 0, "bob": 7])
    }

    @Test func `a deletion gives back what lay at the path and beneath it, and nothing beside it`() throws {
        for (path, owner) in [("a", "ana"), ("a/b/c", "ana"), ("a/b/d", "bob"), ("a-b", "ana"), ("a0", "ana")] {
            try upload(path, 1, by: owner)
        }
        let changes = try delete("a")
        #expect(changes.reduce(0) { $0 + $1.bytes } == -3)
        #expect(try bytes() == ["": 0, "ana": 2, "bob": 0])
        #expect(try delete("a").isEmpty)
    }

    @Test func `a deletion that was cut short gives back nothing`() throws {
        try upload("a/b", 4, by: "ana")
        var event = ArtifactEvent(kind: .deletion, path: "a", runID: nil, bytes: 1, microseconds: 1)
        event.isPartial = true
        let changes = try fixture.write { [event] in try $0.add(event) }
        #expect(changes.isEmpty)
        #expect(try bytes()["ana"] == 4)
    }

    @Test func `a restart forgets nothing`() throws {
        let folder = try TemporaryFolder()
        do {
            let first = try StoreFixture(in: folder)
            try first.write { session in
                var event = ArtifactEvent(kind: .upload, path: "x", runID: nil, bytes: 9, microseconds: 1)
                event.owner = StorageOwner(.token, "ana")
                return try session.add(event)
            }
        }
        let second = try StoreFixture(in: folder)
        #expect(try second.store.readNow { try $0.storageUse() }.last?.artifactBytes == 9)
    }

    @Test func `runs count until they are removed for good`() throws {
        let store = try store(RunQuota(client: 2))
        defer { store.close() }
        let first = try makeRun(in: store, by: "ana")
        try makeRun(in: store, by: "ana")
        #expect(throws: TrackingError.runQuotaSpent(of: token("ana"), 2)) { try makeRun(in: store, by: "ana") }
        try makeRun(in: store, by: "bob")
        try makeRun(in: store, by: nil)
        try makeRun(in: store, by: AccessToken.operatorName, .operatorCommand)
        try store.writeNow { try $0.deleteRun(first) }
        #expect(throws: TrackingError.runQuotaSpent(of: token("ana"), 2)) { try makeRun(in: store, by: "ana") }
        try remove(first, from: store)
        try makeRun(in: store, by: "ana")
        #expect(try store.readNow { try $0.storageUse() }.map(\.runs) == [0, 2, 1])
    }

    @Test func `a token and a user of the same name have a quota each`() throws {
        let store = try store(RunQuota(client: 1))
        defer { store.close() }
        try makeRun(in: store, by: "ana", .token)
        try makeRun(in: store, by: "ana", .user)
        #expect(throws: TrackingError.runQuotaSpent(of: token("ana"), 1)) { try makeRun(in: store, by: "ana", .token) }
        // Who is named by others is the same person, with users and without.
        let user = StorageOwner(.user, "ana")
        #expect(throws: TrackingError.runQuotaSpent(of: user, 1)) { try makeRun(in: store, by: "ana", .outsider) }
        let use = try store.readNow { try $0.storageUse() }
        #expect(use.map(\.owner) == [nil, token("ana"), user] && use.map(\.runs) == [0, 1, 1])
    }

    @Test func `owners of before are users where there is one of the name, and tokens else`() throws {
        let folder = try TemporaryFolder()
        let old = try Connection(path: folder.file("apus.db"), mode: .readWriteCreate)
        try Migrator(try StoreFixture.migrations().filter { $0.version < 15 }).migrate(old)
        try old.execute("INSERT INTO users (name, is_admin, creation_time) VALUES ('ada', 0, 1)")
        try old.execute("INSERT INTO storage_owners (name, bytes) VALUES ('ada', 1), ('ci', 2), ('user:ada', 3)")
        old.close()
        let store = try StoreFixture(in: folder)
        let use = try store.store.readNow { try $0.storageUse() }
        #expect(use.map(\.owner) == [nil, token("ci"), token("user:ada"), StorageOwner(.user, "ada")])
        #expect(use.map(\.artifactBytes) == [0, 2, 3, 1])
    }

    @Test func `all runs together have a quota, which is counted again when it is reached`() throws {
        let store = try store(RunQuota(server: 3))
        defer { store.close() }
        let first = try makeRun(in: store, by: nil)
        for _ in 0..<2 { try makeRun(in: store, by: nil) }
        #expect(throws: TrackingError.serverRunQuotaSpent(3)) { try makeRun(in: store, by: "ana") }
        try store.writeNow { try $0.deleteRun(first) }
        try remove(first, from: store)
        try makeRun(in: store, by: nil)
        #expect(throws: TrackingError.serverRunQuotaSpent(3)) { try makeRun(in: store, by: nil) }
    }

    @Test func `sums that are wrong are found and mended`() throws {
        try upload("a", 10, by: "ana")
        let path = fixture.folder.file("apus.db")
        #expect(try StoreCheck(Connection(path: path, mode: .readOnly), mends: false).faults().isEmpty)
        try fixture.execute("UPDATE storage_owners SET bytes = 11 WHERE key = 'token:ana'")
        let found = try fixture.write { try StoreCheck($0.connection, mends: true).faults() }
        #expect(found.map(\.isMendable) == [true])
        #expect(try bytes() == ["": 0, "ana": 10])
    }

    @Test func `a database of before gets its sums from the journal`() throws {
        let folder = try TemporaryFolder()
        let migrations = try StoreFixture.migrations()
        var configuration = try StoreFixture.configuration(in: folder)
        configuration.migrations = migrations.filter { $0.version < 13 }
        let old = try Connection(path: folder.file("apus.db"), mode: .readWriteCreate)
        try Migrator(configuration.migrations).migrate(old)
        for (kind, path, bytes) in [
            (0, "a/b/c", 1), (0, "a/b/c", 5), (0, "a/d", 7), (1, "a/d", 7), (0, "x/y/z", 3), (1, "x/y", 3),
            (0, "x/y/w", 9), (0, "top", 2), (1, "to", 2),
        ] as [(Int64, String, Int64)] {
            try old.execute(
                """
                INSERT INTO artifact_journal (time, kind, path, bytes, duration, is_shared)
                VALUES (1, \(kind), '\(path)', \(bytes), 0, 0)
                """
            )
        }
        old.close()
        let store = try StoreFixture(in: folder)
        let use = try store.store.readNow { try $0.storageUse() }
        #expect(use.map(\.artifactBytes) == [16])
        #expect(use.map(\.artifacts) == [3])
    }

    private func token(_ name: String) -> StorageOwner { StorageOwner(.token, name) }

    @discardableResult
    private func upload(_ path: String, _ bytes: Int64, by owner: String?) throws -> [StoredChange] {
        var event = ArtifactEvent(kind: .upload, path: path, runID: nil, bytes: bytes, microseconds: 1)
        event.owner = owner.map { token($0) }
        return try fixture.write { [event] in try $0.add(event) }
    }

    private func delete(_ path: String) throws -> [StoredChange] {
        let event = ArtifactEvent(kind: .deletion, path: path, runID: nil, bytes: 0, microseconds: 1)
        return try fixture.write { try $0.add(event) }
    }

    private func bytes() throws -> [String: Int64] {
        let use = try fixture.store.readNow { try $0.storageUse() }
        return Dictionary(use.map { ($0.owner?.name ?? "", $0.artifactBytes) }, uniquingKeysWith: +)
    }

    private func remove(_ runID: String, from store: TrackingStore) throws {
        var request = RemovalRequest(deletedBefore: nil)
        request.runIDs = [runID]
        let inUse = ArtifactsInUse(in: ArtifactFolders(served: "/data/artifacts", otherNames: []))
        try store.writeNow { [request] session in
            _ = try session.beginRemoval(request, keeping: inUse, from: .start)
            _ = try session.removeRows(atMost: 1_000)
        }
    }

    private func store(_ quota: RunQuota) throws -> TrackingStore {
        var configuration = try StoreFixture.configuration(in: fixture.folder)
        configuration.databasePath = fixture.folder.file("other.db")
        configuration.runQuota = quota
        return try TrackingStore(configuration)
    }

    @discardableResult
    private func makeRun(
        in store: TrackingStore,
        by name: String?,
        _ kind: Identity.Kind = .token
    ) throws -> String {
        let caller = Caller(peer: Peer(address: "192.0.2.1"), identity: name.map { Identity(kind, name: $0) })
        return try store.writeNow(for: caller) {
            try $0.createRun(NewRun(experimentID: 0, userID: "", name: "run", startTime: 0, tags: [])).info.runID
        }
    }
}
