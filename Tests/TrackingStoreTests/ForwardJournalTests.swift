import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct ForwardJournalTests {
    private let fixture: StoreFixture
    private let upstream: Int64

    init() throws {
        let fixture = try StoreFixture()
        upstream = try fixture.write { try $0.upstreamID(for: "http://upstream") }
        self.fixture = fixture
    }

    private func log(_ steps: ClosedRange<Int64>, _ runID: String) throws {
        try fixture.write { session in
            let points = steps.map { Metric(key: "loss", value: 0.5, timestamp: $0, step: $0) }
            try session.logMetrics(points, runID: runID)
        }
    }

    private func found(_ runID: String) throws -> ForwardedRun {
        let upstream = upstream
        let runs = try fixture.read { session in
            try session.forwardedRuns(rows: try session.runRows(after: .min, limit: 10), upstream: upstream)
        }
        return try #require(runs.first { $0.runID == runID })
    }

    private func note(_ update: ForwardedRunUpdate) throws {
        let upstream = upstream
        try fixture.write { try $0.note([update], upstream: upstream) }
    }

    @Test func `A server has one id however often it is named`() throws {
        let again = try fixture.write { try $0.upstreamID(for: "http://upstream") }
        let other = try fixture.write { try $0.upstreamID(for: "http://other") }
        #expect(again == upstream)
        #expect(other != upstream)
    }

    @Test func `A metric is missing until all its points were noted`() throws {
        let runID = try fixture.createRun()
        try log(1...10, runID)
        var run = try found(runID)
        #expect(run.journal == ForwardedRunJournal())
        #expect(run.missingPoints == 10)
        let row = run.row
        var series = try #require(run.series.first)
        let (points, count) = try fixture.read { [series] in
            try $0.points(ofRun: row, series.keyID, after: nil, limit: 4)
        }
        #expect(count == 10)
        #expect(points.map(\.step) == [1, 2, 3, 4])
        (series.sentCount, series.last) = (4, points.last)
        var update = ForwardedRunUpdate(row: row, journal: run.journal)
        update.journal.remoteID = "there"
        update.series = [series]
        try note(update)
        run = try found(runID)
        #expect(run.journal.remoteID == "there")
        #expect(run.missingPoints == 6)
        let rest = try fixture.read { [series] in
            try $0.points(ofRun: row, series.keyID, after: series.last, limit: 100).points
        }
        #expect(rest.map(\.step) == [5, 6, 7, 8, 9, 10])
        (series.sentCount, series.last) = (10, rest.last)
        update.series = [series]
        try note(update)
        #expect(try found(runID).series.isEmpty)
        try log(11...11, runID)
        #expect(try found(runID).missingPoints == 1)
    }

    @Test func `A note leaves what the operator has decided`() throws {
        let runID = try fixture.createRun()
        let upstream = upstream
        try fixture.write { _ = try $0.setForwarding(of: [runID], isSkipped: true, upstream: upstream) }
        let run = try found(runID)
        #expect(run.journal.isSkipped)
        var journal = run.journal
        journal.isSkipped = false
        try note(ForwardedRunUpdate(row: run.row, journal: journal))
        #expect(try found(runID).journal.isSkipped)
    }

    @Test func `An experiment and a model of one name keep their own notes of what is not there`() throws {
        let upstream = upstream
        let parts = [
            ForwardOmission.part(ofExperimentTag: "team"), ForwardOmission.part(ofTag: "team"),
            ForwardOmission.part(forNumberOfVersion: 1),
        ]
        try fixture.write { session in
            for part in parts {
                try session.note(ForwardOmission(subject: "sales", part: part, reason: "no"), upstream: upstream)
            }
            try session.forgetOmissions(ofExperiment: "sales", upstream: upstream)
        }
        // The number is a note, not something that is missing.
        let left = try fixture.read { try $0.omissions(of: ["sales"], upstream: upstream) }
        #expect(left.map(\.part) == ["tag team"])
        let notes = try fixture.read { try $0.omissions(upstream: upstream, ofRenumberedVersions: true, limit: 10) }
        #expect(notes.map(\.part) == ["number of version 1"])
    }

    @Test func `What had no answer stays in doubt when everything is to be sent again`() throws {
        let upstream = upstream
        let asked = ForwardedEntity(remoteID: "", digest: ForwardedEntity.unansweredPrefix + "5000")
        let refused = ForwardedEntity(remoteID: "", digest: "0123", failure: "no")
        try fixture.write { session in
            try session.note(asked, .loggedModel, "m-1", upstream: upstream)
            try session.note(refused, .loggedModel, "m-2", upstream: upstream)
            try session.resendThings(nil, upstream: upstream)
        }
        let found = try fixture.read { session in
            try ["m-1", "m-2"].map { try session.forwardedEntity(.loggedModel, $0, upstream: upstream) }
        }
        #expect(found == [asked, nil])
    }

    @Test func `Nothing is left in the journal of a run that is removed for good`() throws {
        let runID = try fixture.createRun()
        try log(1...3, runID)
        let run = try found(runID)
        var update = ForwardedRunUpdate(row: run.row, journal: run.journal)
        var series = try #require(run.series.first)
        (series.sentCount, series.last) = (1, MetricPoint(value: 0.5, isNaN: false, timestamp: 1, step: 1))
        update.series = [series]
        try note(update)
        let upstream = upstream
        let file = ForwardedFile(path: "a.txt", bytes: 3, version: "1")
        try fixture.write { try $0.note(file, of: .run(runID), upstream: upstream) }
        #expect(try fixture.read { try $0.forwardedFiles(of: .run(runID), upstream: upstream) } == [file])
        try fixture.write { try $0.deleteRun(runID) }
        let request = RemovalRequest(deletedBefore: .max)
        let folders = ArtifactFolders(served: "/data/artifacts")
        let inUse = try fixture.read { try $0.artifactsInUse(excluding: request, in: folders) }
        var position: RemovalPosition? = .start
        while let from = position {
            position = try fixture.write { try $0.beginRemoval(request, keeping: inUse, from: from).next }
        }
        #expect(try fixture.write { try $0.removeRows(atMost: 1_000).isDone })
        for table in ["forwarded_runs", "forwarded_points", "forwarded_files"] {
            #expect(try fixture.rows("SELECT * FROM \(table)").isEmpty)
        }
        // A note about a run that is gone is none.
        try note(update)
        #expect(try fixture.rows("SELECT * FROM forwarded_runs").isEmpty)
    }
}

@Suite struct ChangeFeedTests {
    private let store: TrackingStore
    private let feed = ChangeFeed()
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        var configuration = try StoreFixture.configuration(in: folder)
        configuration.changes = feed
        store = try TrackingStore(configuration)
    }

    private func row(_ runID: String) throws -> Int64 {
        try #require(try store.readNow { try $0.rowOfRun(runID) })
    }

    @Test func `Writes tell which runs they touch, once`() throws {
        defer { store.close() }
        let new = NewRun(experimentID: 0, userID: "", name: "run", startTime: 0, tags: [])
        let first = try store.writeNow { try $0.createRun(new).info.runID }
        let second = try store.writeNow { try $0.createRun(new).info.runID }
        #expect(feed.removeChanges().runs == [try row(first), try row(second)])
        #expect(feed.removeChanges().runs.isEmpty)
        try store.writeNow { session in
            for step in 0..<100 {
                let metric = Metric(key: "m", value: 1, timestamp: 1, step: Int64(step))
                try session.logMetrics([metric], runID: second)
            }
        }
        let changes = feed.removeChanges()
        #expect(changes.runs == [try row(second)])
        #expect(!changes.isIncomplete)
    }

    @Test func `An upload touches the run that it belongs to`() throws {
        defer { store.close() }
        let new = NewRun(experimentID: 0, userID: "", name: "run", startTime: 0, tags: [])
        let runID = try store.writeNow { try $0.createRun(new).info.runID }
        _ = feed.removeChanges()
        let path = "0/\(runID)/artifacts/a"
        let event = ArtifactEvent(kind: .upload, path: path, runID: runID, bytes: 1, microseconds: 1)
        _ = try store.writeNow { try $0.add(event) }
        #expect(feed.removeChanges().runs == [try row(runID)])
    }
}
