import Dispatch
import Filter
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct LifecycleTests {
    /// All functions that write to a run, by name.
    private static let writes: [(name: String, work: @Sendable (WriteSession, String) throws -> Void)] = [
        ("metric", { try $0.logMetrics([Metric(key: "m", value: 1, timestamp: 1, step: 1)], runID: $1) }),
        ("param", { try $0.logParam(Param(key: "p", value: "v"), runID: $1) }),
        ("tag", { try $0.setTag(Tag(key: "t", value: "v"), runID: $1) }),
        ("tag deletion", { try $0.deleteTag(key: Tag.runNameKey, runID: $1) }),
        ("batch", { try $0.log(LogBatch(), runID: $1) }),
        ("update", { _ = try $0.updateRun($1, status: .finished, endTime: 5, name: nil) }),
        ("inputs", { try $0.logInputs(datasets: [], models: [], runID: $1) }),
        ("outputs", { try $0.logOutputs(models: [], runID: $1) }),
        ("model", { try $0.appendLoggedModel("{}", runID: $1) }),
    ]

    @Test(arguments: writes.indices)
    func `a deleted run takes no write until it is restored`(index: Int) throws {
        let write = Self.writes[index]
        let fixture = try StoreFixture()
        let runID = try fixture.createRun()
        // The first write puts the run into the writer's cache, which a deletion must clear.
        try fixture.write { try $0.setTag(Tag(key: "known", value: ""), runID: runID) }
        try fixture.write { try $0.deleteRun(runID) }
        try fixture.write { try $0.deleteRun(runID) }
        #expect(
            trackingError { try fixture.write { try write.work($0, runID) } }
                == .invalidParameter("The run \(runID) must be in the 'active' state. Current state is deleted."),
            "\(write.name)"
        )
        #expect(try fixture.read { try $0.run(id: runID).info.lifecycleStage } == .deleted)
        try fixture.write { try $0.restoreRun(runID) }
        try fixture.write { try $0.restoreRun(runID) }
        try fixture.write { try write.work($0, runID) }
    }

    @Test(arguments: writes.indices)
    func `a run that nobody made is not found`(index: Int) throws {
        let fixture = try StoreFixture()
        let expected = TrackingError.doesNotExist("Run with id=nothing not found")
        #expect(trackingError { try fixture.write { try Self.writes[index].work($0, "nothing") } } == expected)
        #expect(trackingError { try fixture.write { try $0.deleteRun("nothing") } } == expected)
        #expect(trackingError { try fixture.write { try $0.restoreRun("nothing") } } == expected)
        #expect(trackingError { _ = try fixture.read { try $0.run(id: "nothing") } } == expected)
        #expect(trackingError { _ = try fixture.read { try $0.runInfo(id: "nothing") } } == expected)
    }

    @Test func `an experiment takes its runs along into deletion and back`() throws {
        let fixture = try StoreFixture()
        let id = try fixture.write { try $0.createExperiment(name: "e", artifactLocation: nil, tags: []) }
        let mine = try (0..<3).map { _ in try fixture.createRun(in: id) }
        let other = try fixture.createRun()
        try fixture.write { try $0.deleteRun(mine[0]) }
        try fixture.write { try $0.deleteExperiment(id) }
        #expect(try fixture.stages(mine + [other]) == [.deleted, .deleted, .deleted, .active])
        #expect(
            trackingError { _ = try fixture.createRun(in: id) }
                == .invalidParameter("The experiment \(id) must be in the 'active' state. Current state is deleted.")
        )
        #expect(trackingError { try fixture.write { try $0.setTag(Tag(key: "t", value: ""), runID: mine[1]) } } != nil)
        try fixture.write { try $0.restoreExperiment(id) }
        #expect(try fixture.stages(mine + [other]) == [.active, .active, .active, .active])
        try fixture.write { try $0.setTag(Tag(key: "t", value: ""), runID: mine[0]) }
    }

    @Test func `deletion and restoration of an experiment need the other state`() throws {
        let fixture = try StoreFixture()
        let missing = TrackingError.doesNotExist("No Experiment with id=0 exists")
        #expect(trackingError { try fixture.write { try $0.restoreExperiment(0) } } == missing)
        try fixture.write { try $0.deleteExperiment(0) }
        #expect(trackingError { try fixture.write { try $0.deleteExperiment(0) } } == missing)
        #expect(
            trackingError { try fixture.write { try $0.renameExperiment(0, to: "x") } }
                == TrackingError(.invalidState, "Cannot rename a non-active experiment.")
        )
        let inactive = TrackingError.invalidParameter(
            "The experiment 0 must be in the 'active' state. Current state is deleted."
        )
        let tag = Tag(key: "t", value: "")
        #expect(trackingError { try fixture.write { try $0.setExperimentTag(tag, experimentID: 0) } } == inactive)
        #expect(
            trackingError { try fixture.write { try $0.deleteExperimentTag(key: "t", experimentID: 0) } } == inactive
        )
        #expect(try fixture.read { try $0.experiment(id: 0).lifecycleStage } == .deleted)
    }

    @Test func `an end time stays when a run goes back to running`() throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun(startTime: 10)
        let ended = try fixture.write { try $0.updateRun(runID, status: .finished, endTime: 20, name: nil) }
        #expect(ended.status == .finished && ended.endTime == 20)
        let again = try fixture.write { try $0.updateRun(runID, status: .running, endTime: nil, name: nil) }
        #expect(again.status == .running && again.endTime == 20)
    }
}

@Suite struct ExperimentTests {
    @Test func `a new store has the Default experiment and numbers the others from 1`() throws {
        let fixture = try StoreFixture()
        let first = try fixture.read { try $0.experiment(id: 0) }
        #expect(first.name == "Default" && first.artifactLocation == "mlflow-artifacts:/0")
        #expect(first.creationTime == first.lastUpdateTime && first.lifecycleStage == .active)
        let id = try fixture.write {
            try $0.createExperiment(
                name: "e",
                artifactLocation: nil,
                tags: [Tag(key: "b", value: ""), Tag(key: "a", value: "1")]
            )
        }
        let made = try fixture.read { try $0.experiment(named: "e") }
        #expect(id == 1 && made.id == 1 && made.artifactLocation == "mlflow-artifacts:/1")
        #expect(made.tags == [Tag(key: "a", value: "1"), Tag(key: "b", value: "")])
    }

    @Test(arguments: [("s3://bucket/x/", "s3://bucket/x/"), ("/data", "/data/"), ("dbfs:/x?q=1", "dbfs:/x/")])
    func `a location is kept as it was sent and runs lie beneath it`(location: String, prefix: String) throws {
        let fixture = try StoreFixture()
        let id = try fixture.write { try $0.createExperiment(name: "e", artifactLocation: location, tags: []) }
        #expect(try fixture.read { try $0.experiment(id: id).artifactLocation } == location)
        let runID = try fixture.createRun(in: id)
        let uri = try fixture.read { try $0.runInfo(id: runID).artifactURI }
        #expect(uri == "\(prefix)\(runID)/artifacts" + (location.contains("?") ? "?q=1" : ""))
    }

    @Test func `a name is taken once by its bytes and a deleted experiment keeps it`() throws {
        let fixture = try StoreFixture()
        let create: (String) throws -> Void = { name in
            try fixture.write { _ = try $0.createExperiment(name: name, artifactLocation: nil, tags: []) }
        }
        for name in ["e", "E", "\u{E9}", "e\u{301}", " ", "a\u{0}b"] { try create(name) }
        try fixture.write { try $0.deleteExperiment(1) }
        for name in ["e", "E", "a\u{0}b"] {
            let error = trackingError { try create(name) }
            #expect(error?.code == .resourceAlreadyExists)
            #expect(error?.message.hasPrefix("Experiment(name=\(name)) already exists.") == true)
        }
        #expect(trackingError { try fixture.write { try $0.renameExperiment(2, to: "e") } }?.code == .badRequest)
        try fixture.write { try $0.renameExperiment(2, to: "E") }
        try fixture.write { try $0.renameExperiment(2, to: "new") }
        #expect(try fixture.read { try $0.experiment(named: "new").id } == 2)
        #expect(trackingError { _ = try fixture.read { try $0.experiment(named: "E") } }?.code == .resourceDoesNotExist)
    }

    @Test func `of many who create one experiment at once one wins`() throws {
        let fixture = try StoreFixture()
        let outcomes = (0..<32).map { _ in Outcome<Result<Int64, any Error>>() }
        DispatchQueue.concurrentPerform(iterations: outcomes.count) { index in
            fixture.store.write {
                try $0.createExperiment(
                    name: "wanted",
                    artifactLocation: nil,
                    tags: [Tag(key: "winner", value: "\(index)")]
                )
            } completion: {
                outcomes[index].give($0)
            }
        }
        let results = try outcomes.map { try $0.wait() }
        let winners = results.indices.filter { (try? results[$0].get()) != nil }
        #expect(winners.count == 1)
        for index in results.indices where !winners.contains(index) {
            #expect(trackingError { _ = try results[index].get() }?.code == .resourceAlreadyExists)
        }
        let made = try fixture.read { try $0.experiment(named: "wanted") }
        #expect(made.id == 1 && made.tags == winners.map { Tag(key: "winner", value: "\($0)") })
    }

    @Test func `tags of an experiment are replaced and deleted`() throws {
        let fixture = try StoreFixture()
        for value in ["1", "2"] {
            try fixture.write { try $0.setExperimentTag(Tag(key: "t", value: value), experimentID: 0) }
        }
        #expect(try fixture.read { try $0.experiment(id: 0).tags } == [Tag(key: "t", value: "2")])
        try fixture.write { try $0.deleteExperimentTag(key: "t", experimentID: 0) }
        #expect(
            trackingError { try fixture.write { try $0.deleteExperimentTag(key: "t", experimentID: 0) } }
                == .doesNotExist("No tag with name: t in experiment with id 0")
        )
        #expect(
            trackingError { try fixture.write { try $0.setExperimentTag(Tag(key: "t", value: ""), experimentID: 9) } }
                == .doesNotExist("No Experiment with id=9 exists")
        )
    }
}

extension StoreFixture {
    fileprivate func stages(_ runIDs: [String]) throws -> [LifecycleStage] {
        try runIDs.map { runID in try read { try $0.runInfo(id: runID).lifecycleStage } }
    }
}
