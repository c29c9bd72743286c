import Budgets
import Identities
import PostgreSQL
import PostgresStore
import TestSupport
import Testing
import Tracking

/// Two stores of one database, each in a server of its own.
@Suite(.enabled(if: postgresServer != nil, "APUS_TEST_POSTGRES names no server"))
struct SharedAccessTests {
    private let fixture: PostgresStoreFixture
    private let other: PostgresStore
    private let caller = Caller(peer: Peer(address: "192.0.2.1"), identity: Identity(.user, name: "ada"))

    init() throws {
        fixture = try PostgresStoreFixture { $0.ownTables = ownTables }
        other = try PostgresStoreFixture.open(fixture.address) { $0.ownTables = ownTables }
    }

    /// Notes that the client was judged just now.
    private func judge() { caller.noteAdmission(at: fixture.store.permissionChanges.version.current) }

    private func read() throws -> String { try fixture.store.readNow(for: caller) { try $0.experiment(id: 0).name } }

    private func write(_ value: String) throws {
        try fixture.store.writeNow(for: caller) {
            try $0.setExperimentTag(Tag(key: "by", value: value), experimentID: 0)
        }
    }

    @Test func `what a client reads and changes after another server has changed rights is judged again`() throws {
        defer { other.close() }
        let changes: [@Sendable (any TrackingWriting) throws -> Void] = [
            { _ = try $0.createUser("ada", password: nil, isAdministrator: true) },
            { try $0.createAccessToken(AccessToken(name: "ci", scope: .read, creationTime: 1), hash: [1]) },
            { try $0.revokeAccessToken(named: "ci") },
            { try $0.grant(Grant(.experiment, "0", .read), toUser: "ada") },
        ]
        let stored = try #require(fixture.store.permissionChanges.stored)
        for change in changes {
            judge()
            try write("1")
            #expect(try read() == "Default")
            try other.writeNow(change)
            #expect(throws: AccessChanged.self) { try read() }
            judge()
            #expect(throws: AccessChanged.self) { try write("2") }
            // What the server keeps in memory is that of the new mark.
            let mark = try #require(try fixture.read { try $0.storedAccessVersion() })
            #expect(stored.replace(stored.known, by: mark))
        }
        judge()
        let tags = try fixture.read { try $0.experiment(id: 0).tags.map(\.value) }
        #expect(tags == ["1"])
    }

    @Test func `rights are read again when an earlier mark comes back, as with a late standby`() throws {
        defer { other.close() }
        let stored = try #require(fixture.store.permissionChanges.stored)
        let early = stored.known
        try fixture.write { _ = try $0.createUser("ada", password: nil, isAdministrator: true) }
        let late = stored.known
        #expect(late != early)
        try fixture.other().execute("UPDATE apus.access_version SET version = \(early)")
        judge()
        #expect(throws: AccessChanged.self) { try read() }
        judge()
        #expect(throws: AccessChanged.self) { try write("1") }
        #expect(stored.replace(late, by: early))
        judge()
        try write("2")
        #expect(try read() == "Default")
        // The next change does not leave the mark that was lost.
        try fixture.write { try $0.resetPassword("hash", ofUser: "ada") }
        #expect(stored.known != late && stored.known != early)
    }

    @Test func `a server hears of its own changes, and judges others again only if they take rights`() throws {
        defer { other.close() }
        judge()
        try fixture.write { _ = try $0.createUser("ada", password: nil, isAdministrator: true) }
        try write("1")
        try fixture.write { try $0.resetPassword("hash", ofUser: "ada") }
        #expect(throws: AccessChanged.self) { try write("2") }
        judge()
        try write("3")
        #expect(try read() == "Default")
    }

    @Test func `of two admins that two servers demote at once one stays`() async throws {
        defer { other.close() }
        for name in ["ada", "bob"] {
            try fixture.write { _ = try $0.createUser(name, password: nil, isAdministrator: true) }
        }
        let stores = [(fixture.store, "ada"), (other, "bob")]
        let refusals = await withTaskGroup(of: TrackingError?.self) { group in
            for (store, name) in stores {
                group.addTask { trackingError { try store.writeNow { try $0.setAdministrator(false, user: name) } } }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(refusals.compactMap(\.?.code) == [.badRequest])
        #expect(try fixture.read { try $0.users().filter(\.isAdministrator).count } == 1)
    }

    @Test func `the entries of two servers come in the order of their times`() throws {
        defer { other.close() }
        for number in 0..<6 {
            let store = number.isMultiple(of: 2) ? fixture.store : other
            for part in 0..<3 {
                try store.writeNow { try $0.audit(AuditEntry(actor: .server, action: "\(number)/\(part)")) }
            }
        }
        let entries = try fixture.read { try $0.auditPage(AuditQuery(maxResults: 100)).entries }
        #expect(entries.count == 18)
        #expect(entries.map(\.id) == entries.map(\.id).sorted(by: >))
    }
}
