import TestSupport
import Testing
import Tracking
import TrackingStore

/// The entries of the audit in the database.
@Suite struct AuditStoreTests {
    private let fixture: StoreFixture

    init() throws {
        fixture = try StoreFixture()
    }

    private func entry(_ number: Int) -> AuditEntry {
        AuditEntry(
            actor: AuditActor(.token, "t"),
            address: "192.0.2.1",
            action: "runs/delete",
            resource: AuditResource(.run, "r\(number)")
        )
    }

    private func add(_ range: Range<Int>) throws {
        try fixture.write { session in
            for number in range { try session.audit(self.entry(number)) }
        }
    }

    private func page(_ query: AuditQuery) throws -> AuditPage {
        try fixture.store.readNow { try $0.auditPage(query) }
    }

    @Test func `entries keep their order, also within a millisecond`() throws {
        try add(0..<3_000)
        let entries = try page(AuditQuery(maxResults: 5_000)).entries
        #expect(entries.map(\.resource.id) == (0..<3_000).reversed().map { "r\($0)" })
        #expect(Set(entries.map(\.id)).count == 3_000)
        #expect(Set(entries.map(\.time)).count < 3_000)
    }

    @Test func `an entry is read as it was written`() throws {
        var entry = entry(1)
        entry.detail = #"{"a":"b"}"#
        entry.isRefused = true
        entry.count = 7
        try fixture.write { [entry] in try $0.audit(entry) }
        var read = try #require(try page(AuditQuery(maxResults: 1)).entries.first)
        #expect(read.time > 1_600_000_000_000)
        read.id = 0
        #expect(read == entry)
    }

    @Test func `an entry goes with the change that fails`() throws {
        #expect(throws: TrackingError.self) {
            try fixture.write { session in
                try session.audit(self.entry(1))
                try session.deleteRun("nothing")
            }
        }
        try add(2..<3)
        #expect(try page(AuditQuery(maxResults: 10)).entries.map(\.resource.id) == ["r2"])
    }

    @Test func `a page looks at a bounded number of entries, and says where to go on`() throws {
        for start in stride(from: 0, to: 60_000, by: 10_000) { try add(start..<(start + 10_000)) }
        var query = AuditQuery(maxResults: 10)
        query.address = "203.0.113.1"
        let first = try page(query)
        #expect(first.entries.isEmpty)
        query.pageToken = first.nextPageToken
        #expect(query.pageToken != nil)
        let second = try page(query)
        #expect(second.entries.isEmpty && second.nextPageToken == nil)
        // One resource is found by its index.
        var one = AuditQuery(maxResults: 10)
        one.resourceID = "r17"
        #expect(try page(one).entries.map(\.resource.id) == ["r17"])
        #expect(try page(one).nextPageToken == nil)
    }

    @Test func `the oldest entries are removed in steps, and the young ones stay`() throws {
        try add(0..<10)
        let time = try #require(try page(AuditQuery(maxResults: 1)).entries.first).time
        #expect(try fixture.write { try $0.trimAudit(before: 0, limit: 100) } == 0)
        let old = time - 100_000
        #expect(try fixture.store.readNow { try $0.hasAuditEntries(before: old) } == false)
        #expect(try fixture.write { try $0.trimAudit(before: old, limit: 100) } == 0)
        #expect(try fixture.store.readNow { try $0.hasAuditEntries(before: time + 1) })
        #expect(try fixture.write { try $0.trimAudit(before: time + 1, limit: 4) } == 4)
        let left = try page(AuditQuery(maxResults: 100)).entries.map(\.resource.id)
        #expect(left == ["r9", "r8", "r7", "r6", "r5", "r4"])
        #expect(try fixture.write { try $0.trimAudit(before: time + 1, limit: 100) } == 6)
        #expect(try page(AuditQuery(maxResults: 100)).entries.isEmpty)
    }

    @Test func `a database that nobody holds is told without being opened as a store`() throws {
        try add(0..<1)
        let path = fixture.folder.file("apus.db")
        #expect(throws: (any Error).self) { try TrackingStore.audit(self.entry(1), inDatabaseAt: path) }
        fixture.store.close()
        #expect(try TrackingStore.audit(entry(1), inDatabaseAt: path))
    }
}
