import Budgets
import Identities
import PostgreSQL
import PostgresStore
import Synchronization
import TestSupport
import Testing
import Tracking
import TrackingStore

/// Who has stored how much, and the journal of artifacts, over PostgreSQL.
@Suite(.enabled(if: postgresServer != nil, "APUS_TEST_POSTGRES names no server"))
struct StorageCountingTests {
    @Test func `random uploads and deletions leave the sums and the journal that they leave in SQLite`() throws {
        let stores = try SameWrites(hasAccounts: true)
        var random = SeededGenerator(seed: testSeed())
        let paths = ["a", "a/b", "a/b/c", "a/b/d", "a-b", "a0", "a/b0", "é/x", "é"]
        for number in 0..<300 {
            let path = paths.randomElement(using: &random) ?? "a"
            var event = ArtifactEvent(
                kind: Int.random(in: 0..<4, using: &random) == 0 ? .deletion : .upload,
                path: path,
                runID: number % 3 == 0 ? String(repeating: "0", count: 32) : nil,
                bytes: .random(in: 0..<1_000, using: &random),
                microseconds: Int64(number)
            )
            event.isPartial = event.kind == .deletion && number % 5 == 0
            let owners = [nil, StorageOwner(.token, "ana"), StorageOwner(.user, "ana")]
            event.owner = owners.randomElement(using: &random) ?? nil
            let answers = stores.write { [event] session, _ in
                // Of several owners of what lay beneath a folder, no order is defined.
                let changes = Dictionary(grouping: try session.add(event)) { $0.owner?.key ?? "" }
                let sums = changes.mapValues { $0.reduce(0) { $0 + $1.bytes } }
                return "\(sums.sorted { $0.key < $1.key })"
            }
            #expect(answers.sqlite == answers.postgres)
        }
        let use = stores.read { session, _ in
            "\(try session.storageUse().map { "\($0.owner?.key ?? "") \($0.artifactBytes) \($0.artifacts) \($0.runs)" })"
        }
        #expect(use.sqlite == use.postgres)
        for query in [ArtifactJournalQuery(maxResults: 7), .init(path: "a/b/c"), .init(path: "é/x")] {
            let pages = stores.read { session, _ in
                var (query, shown) = (query, [String]())
                repeat {
                    let page = try session.findArtifactEvents(query)
                    shown += try page.whole(in: session).map(\.event).map { "\($0.kind) \($0.path) \($0.microseconds)" }
                    query.pageToken = page.nextPageToken
                } while query.pageToken != nil
                return "\(shown)"
            }
            #expect(pages.sqlite == pages.postgres)
        }
    }

    @Test func `the journal names runs that are there, and shows each client those that it may read`() throws {
        let fixture = try PostgresStoreFixture { $0.ownTables = ownTables }
        let run = try fixture.makeRun()
        try fixture.write { session in
            for id in [run, String(repeating: "0", count: 32), nil] {
                let path = "a/\(id ?? "")"
                try session.add(ArtifactEvent(kind: .upload, path: path, runID: id, bytes: 1, microseconds: 2))
            }
        }
        #expect(try events(of: fixture.store).map(\.runID) == [nil, nil, run])
        var query = ArtifactJournalQuery(maxResults: 10)
        query.runID = run
        #expect(try events(of: fixture.store, query).count == 1)
        let limited = Identity(
            .token,
            name: "ci",
            permissions: Permissions([], defaultLevel: .denied),
            hidesUnreadable: true
        )
        let stranger = Caller(peer: Peer(address: "192.0.2.1"), identity: limited)
        #expect(try events(of: fixture.store, for: stranger).isEmpty)
        query.pageToken = "nonsense"
        #expect(throws: TrackingError.self) { try events(of: fixture.store, query) }
        #expect(try fixture.write { try $0.trimArtifactJournal(before: .max, limit: 2) } == 2)
        #expect(try fixture.read { try $0.journalEntryCount(before: .max) } == 1)
    }

    @Test func `a store without tables of its own keeps neither`() throws {
        let fixture = try PostgresStoreFixture()
        #expect(!fixture.store.keepsArtifactJournal)
        let error = #expect(throws: TrackingError.self) { try fixture.read { try $0.storageUse() } }
        #expect(error?.code == .notImplemented && error?.message.contains("--server-artifacts") == true)
        #expect(throws: TrackingError.self) { try events(of: fixture.store) }
    }

    @Test func `runs count for who has made them until they are removed, by whatever program`() throws {
        let fixture = try open(RunQuota(client: 2))
        let first = try makeRun(in: fixture.store, by: "ana")
        try makeRun(in: fixture.store, by: "ana")
        try makeRun(in: fixture.store, by: "ana", .user)
        try makeRun(in: fixture.store, by: nil)
        // What is found in the pause after a check is that of the check.
        try fixture.write { try $0.deleteRun(first) }
        try fixture.other().execute("DELETE FROM tags; DELETE FROM runs WHERE run_uuid = '\(first)'")
        try makeRun(in: fixture.store, by: "ana")
        let spent = TrackingError.runQuotaSpent(of: StorageOwner(.token, "ana"), 2)
        #expect(throws: spent) { try makeRun(in: fixture.store, by: "ana") }
        #expect(throws: spent) { try makeRun(in: fixture.store, by: "ana") }
        let use = try fixture.read { try $0.storageUse(checksRuns: true) }
        #expect(use.map { "\($0.owner?.key ?? "") \($0.runs)" } == [" 0", "token:ana 2", "user:ana 1"])
        #expect(try fixture.read { try $0.storageUse() }.map(\.runs) == [0, 2, 1])
    }

    @Test func `a run that comes back under its id counts for who brings it alone`() throws {
        let fixture = try open(RunQuota(client: 5))
        let id = String(repeating: "a", count: 32)
        try makeRun(in: fixture.store, by: "ana", id: id)
        try fixture.other().execute("DELETE FROM tags; DELETE FROM runs")
        try makeRun(in: fixture.store, by: "bob", id: id)
        #expect(try fixture.read { try $0.storageUse() }.map(\.runs) == [0, 0, 1])
    }

    @Test func `all runs together have a quota, which counts those of other programs`() throws {
        let fixture = try open(RunQuota(server: 3))
        let insert = "INSERT INTO runs (run_uuid, experiment_id, lifecycle_stage) VALUES ('x', 0, 'active')"
        try fixture.other().execute(insert)
        try makeRun(in: fixture.store, by: nil)
        try makeRun(in: fixture.store, by: "ana")
        #expect(throws: TrackingError.serverRunQuotaSpent(3)) { try makeRun(in: fixture.store, by: "ana") }
        let later = try PostgresStoreFixture.open(fixture.address) {
            ($0.ownTables, $0.runQuota.server) = (ownTables, 3)
        }
        defer { later.close() }
        try fixture.other().execute("DELETE FROM runs WHERE run_uuid = 'x'")
        try makeRun(in: later, by: nil)
        #expect(throws: TrackingError.serverRunQuotaSpent(3)) { try makeRun(in: later, by: nil) }
        #expect(try fixture.number("SELECT count(*) FROM runs") == 3)
    }

    @Test(arguments: [RunQuota(client: 10), RunQuota(server: 10)])
    func `servers that make runs at the same time never make more than the quota`(quota: RunQuota) async throws {
        let fixture = try open(quota)
        let other = try PostgresStoreFixture.open(fixture.address) { ($0.ownTables, $0.runQuota) = (ownTables, quota) }
        defer { other.close() }
        let made = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<40 {
                let store = number % 2 == 0 ? fixture.store : other
                group.addTask { (try? makeRun(in: store, by: "ana")) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(made == 10)
        #expect(try fixture.number("SELECT count(*) FROM runs") == 10)
        #expect(try fixture.read { try $0.storageUse() }.last?.runs == 10)
    }

    @Test func `servers that store files at the same time lose nothing of the sums`() async throws {
        let fixture = try open(RunQuota())
        let other = try PostgresStoreFixture.open(fixture.address) { $0.ownTables = ownTables }
        defer { other.close() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<120 {
                let store = number % 2 == 0 ? fixture.store : other
                group.addTask {
                    var event = ArtifactEvent(
                        kind: number % 7 == 6 ? .deletion : .upload,
                        path: number % 7 == 6 ? "a" : "a/\(number % 5)",
                        runID: nil,
                        bytes: 1,
                        microseconds: 0
                    )
                    event.owner = StorageOwner(.token, number % 3 == 0 ? "ana" : "bob")
                    _ = try store.writeNow { [event] in try $0.add(event) }
                }
            }
            try await group.waitForAll()
        }
        let sums = try fixture.read { try $0.storageUse() }
        let stored = "SELECT coalesce(sum(bytes), 0)::bigint FROM apus.stored_artifacts"
        for use in sums where use.owner != nil {
            let key = use.owner?.key ?? ""
            #expect(try fixture.number("\(stored) WHERE owner = '\(key)'") == use.artifactBytes, "\(key)")
            #expect(use.artifacts == use.artifactBytes)
        }
        #expect(try fixture.number(stored) == sums.reduce(0) { $0 + $1.artifactBytes })
    }

    @Test func `the sums of each commit are told with a greater version`() throws {
        let fixture = try open(RunQuota())
        let told = Told()
        fixture.store.storageUseChanges.listen { told.note($0) }
        for bytes in [5, 3] as [Int64] {
            try fixture.write { session in
                var event = ArtifactEvent(kind: .upload, path: "a", runID: nil, bytes: bytes, microseconds: 0)
                event.owner = StorageOwner(.token, "ana")
                return try session.add(event)
            }
        }
        try fixture.write { try $0.setExperimentTag(Tag(key: "a", value: "b"), experimentID: 0) }
        #expect(told.use.map(\.artifactBytes) == [5, 3] && told.use.map(\.version) == [1, 2])
    }

    private func open(_ quota: RunQuota) throws -> PostgresStoreFixture {
        try PostgresStoreFixture { ($0.ownTables, $0.runQuota) = (ownTables, quota) }
    }

    private func events(
        of store: any TrackingBackend,
        _ query: ArtifactJournalQuery = ArtifactJournalQuery(maxResults: 10),
        for caller: Caller = .server
    ) throws -> [ArtifactEvent] {
        try store.readNow(for: caller) { session in
            try session.findArtifactEvents(query).whole(in: session).map(\.event)
        }
    }
}

/// What a store has told.
private final class Told: Sendable {
    private let all = Mutex<[StorageUse]>([])

    func note(_ use: [StorageUse]) { all.withLock { $0 += use } }

    var use: [StorageUse] { all.withLock { $0 } }
}

extension ArtifactJournalQuery {
    fileprivate init(path: String) {
        self.init(maxResults: 5)
        self.path = path
    }
}

@discardableResult
private func makeRun(
    in store: any TrackingBackend,
    by name: String?,
    _ kind: Identity.Kind = .token,
    id: String? = nil
) throws -> String {
    let caller = Caller(peer: Peer(address: "192.0.2.1"), identity: name.map { Identity(kind, name: $0) })
    return try store.writeNow(for: caller) { session in
        var new = NewRun(experimentID: 0, userID: "", name: "run", startTime: 0, tags: [])
        new.runID = id
        return try session.createRun(new).info.runID
    }
}
