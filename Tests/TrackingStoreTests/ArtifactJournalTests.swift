import SQLite
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct ArtifactJournalTests {
    let fixture: StoreFixture

    init() throws {
        fixture = try StoreFixture()
    }

    @Test func `keeps all that an event says`() throws {
        let runID = try fixture.createRun()
        var event = ArtifactEvent(kind: .upload, path: "0/é/a", runID: runID, bytes: 7, microseconds: 42)
        event.isShared = true
        event.sha256 = [1, 2, 255]
        try add(event)
        try add(ArtifactEvent(kind: .deletion, path: "0", runID: "no such run", bytes: 0, microseconds: 1))
        let entries = try page().items
        #expect(entries.map(\.event.kind) == [.deletion, .upload])
        #expect(entries.map(\.event.runID) == [nil, runID])
        let upload = try #require(entries.last)
        #expect(upload.time > 1_700_000_000_000)
        #expect(upload.event.path == "0/é/a")
        #expect((upload.event.bytes, upload.event.microseconds) == (7, 42))
        #expect(upload.event.isShared)
        #expect(upload.event.sha256 == [1, 2, 255])
    }

    @Test func `pages go on where the last one ended, newest first`() throws {
        let runID = try fixture.createRun()
        for number in 0..<25 { try add(path: "f\(number)", runID: number % 2 == 0 ? runID : nil) }
        // Many events get the same millisecond, so that only the row id tells their order.
        try fixture.execute("UPDATE artifact_journal SET time = 5 WHERE id % 3 > 0")
        for query in [ArtifactJournalQuery(maxResults: 4), .init(runID: runID), .init(since: 5), .init(path: "f3")] {
            var small = query
            small.maxResults = 4
            var paged: [String] = []
            repeat {
                let page = try page(small)
                #expect(page.items.count <= 4)
                paged += page.items.map(\.event.path)
                small.pageToken = page.nextPageToken
            } while small.pageToken != nil
            var whole = query
            whole.maxResults = 100
            #expect(paged == (try page(whole).items.map(\.event.path)))
        }
        #expect(try page(.init(runID: runID)).items.count == 13)
    }

    @Test func `a token of another query is refused`() throws {
        for number in 0..<3 { try add(path: "f\(number)") }
        var query = ArtifactJournalQuery(maxResults: 1)
        query.pageToken = try page(query).nextPageToken
        #expect(query.pageToken != nil)
        query.since = 1
        let other = query
        #expect(trackingError { _ = try page(other) }?.code == .invalidParameterValue)
    }

    @Test func `the story of a path holds the deletions of the folders above it and nothing else`() throws {
        try add(path: "r/d/a")
        try add(path: "r/d/ab")
        try add(path: "r/d/a/b")
        try add(ArtifactEvent(kind: .deletion, path: "r/d", runID: nil, bytes: 3, microseconds: 1))
        try add(path: "r/dd")
        #expect(try page(.init(path: "r/d/a")).items.map(\.event.path) == ["r/d", "r/d/a"])
    }

    @Test func `asks for events since a moment`() throws {
        for number in 0..<4 { try add(path: "f\(number)") }
        try fixture.execute("UPDATE artifact_journal SET time = id * 10")
        #expect(try page(.init(since: 20)).items.map(\.time) == [40, 30, 20])
        #expect(try page(.init(since: 41)).items.isEmpty)
    }

    @Test func `finds where a content was, the newest first and each path once`() throws {
        for (path, digest) in [("a", 1), ("b", 1), ("a", 1), ("c", 2)] as [(String, UInt8)] {
            var event = ArtifactEvent(kind: .upload, path: path, runID: nil, bytes: 1, microseconds: 1)
            event.sha256 = [digest]
            try add(event)
        }
        #expect(try fixture.read { try $0.artifactPaths(sha256: [1]) } == ["a", "b"])
        #expect(try fixture.read { try $0.artifactPaths(sha256: [3]) }.isEmpty)
    }

    private func add(_ event: ArtifactEvent) throws { try fixture.write { try $0.add(event) } }

    private func add(path: String, runID: String? = nil) throws {
        try add(ArtifactEvent(kind: .upload, path: path, runID: runID, bytes: 1, microseconds: 1))
    }

    private func page(_ query: ArtifactJournalQuery = .init(maxResults: 100)) throws -> Page<ArtifactJournalEntry> {
        try fixture.read { try $0.searchArtifactJournal(query) }
    }
}

extension ArtifactJournalQuery {
    fileprivate init(runID: String? = nil, path: String? = nil, since: Int64? = nil) {
        self.init(maxResults: 100)
        self.runID = runID
        self.path = path
        self.since = since
    }
}
