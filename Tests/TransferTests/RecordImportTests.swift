import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct RecordImportTests {
    private let fixture: StoreFixture

    init() throws {
        fixture = try StoreFixture()
    }

    private func take(_ records: [TransferRecord]) throws -> TransferReport {
        try fixture.write { try $0.importRecords(records) }
    }

    private func content() throws -> [[[String]]] {
        try [
            "experiments", "experiment_tags", "runs", "metrics", "latest_metrics", "params", "run_tags", "datasets",
            "dataset_inputs", "dataset_input_tags", "model_inputs", "model_outputs", "logged_models",
            "logged_model_params", "logged_model_tags", "model_metrics", "latest_model_metrics", "registered_models",
            "registered_model_tags", "registered_model_aliases", "model_versions", "model_version_tags",
        ].map { try fixture.rows("SELECT * FROM \($0)") }
    }

    @Test func `ids, times and histories are kept`() throws {
        let report = try take(Sample.all)
        #expect(report.remarks == [] && report.mappings == [])
        let experiment = try fixture.read { try $0.experiment(id: 7) }
        #expect(experiment == Sample.experiment())
        var run = Sample.run().run
        run.metrics = [Metric(key: "loss", value: 0.25, timestamp: 1_003, step: 3)]
        let stored = try fixture.read { try $0.run(id: Sample.runID) }
        #expect(stored.info == run.info && stored.metrics == run.metrics)
        #expect(Set(stored.params.map(\.key)) == ["lr", "long"] && stored.datasetInputs == run.datasetInputs)
        #expect(stored.modelInputs == run.modelInputs && stored.modelOutputs == run.modelOutputs)
        let history = MetricHistory(runID: Sample.runID, key: "loss")
        let points = try fixture.read { try $0.metricHistory(history, pageToken: nil, limit: 100).points }
        #expect(points == Sample.points.points)
        var model = Sample.loggedModel().model
        model.metrics = Sample.modelPoints.points
        #expect(try fixture.read { try $0.loggedModel(id: Sample.modelID, allowsDeleted: false) } == model)
        let key = try ModelVersionKey(name: "prod", version: "2")
        var version = Sample.version(2).version
        version.aliases = ["champion"]
        #expect(try fixture.read { try $0.modelVersion(key) } == version)
    }

    @Test func `the latest point, the extremes and the count are those of the history`() throws {
        _ = try take(Sample.all)
        let columns = "value, timestamp, step, point_count, in_order, minimum, minimum_step, maximum, maximum_step"
        let summary = try fixture.rows("SELECT \(columns) FROM latest_metrics")
        #expect(summary == [["0.25", "1003", "3", "4", "1", "-1.79769313486232e+308", "2", "0.5", "0"]])
    }

    @Test func `the same again changes nothing`() throws {
        _ = try take(Sample.all)
        let before = try content()
        let report = try take(Sample.all)
        #expect(report.counts.values.allSatisfy { $0.added == 0 && $0.completed == 0 } && report.remarks == [])
        #expect(try content() == before)
    }

    @Test func `missing points are added, and the summary with them`() throws {
        _ = try take(Sample.all)
        var more = Sample.points
        more.points.insert(MetricPoint(value: 9, isNaN: false, timestamp: 900, step: 9), at: 0)
        let report = try take([.points(more)])
        #expect(report.counts[.points]?.added == 1 && report.counts[.points]?.unchanged == 4)
        let summary = try fixture.rows("SELECT value, step, point_count, in_order, maximum FROM latest_metrics")
        #expect(summary == [["9.0", "9", "5", "0", "9.0"]])
    }

    @Test func `a run that has ended since is completed`() throws {
        let running = Sample.run { transferred in
            transferred.run.info.status = .running
            transferred.run.info.endTime = nil
            transferred.run.params = []
        }
        _ = try take([.experiment(Sample.experiment()), .run(running)])
        let report = try take([.run(Sample.run())])
        #expect(report.counts[.run]?.completed == 1 && report.remarks == [])
        let stored = try fixture.read { try $0.run(id: Sample.runID) }
        #expect(stored.info == Sample.run().run.info && stored.params.count == 2)
    }

    @Test func `a run that was resumed and has ended again is completed, and never goes back`() throws {
        _ = try take([.experiment(Sample.experiment()), .run(Sample.run())])
        let later = Sample.run { transferred in
            transferred.run.info.status = .failed
            transferred.run.info.endTime = 3_000
        }
        let report = try take([.run(later)])
        #expect(report.counts[.run]?.completed == 1 && report.remarks == [])
        #expect(try fixture.read { try $0.runInfo(id: Sample.runID) } == later.run.info)
        #expect(try take([.run(Sample.run())]).remarks.count == 1)
        #expect(try fixture.read { try $0.runInfo(id: Sample.runID) } == later.run.info)
    }

    @Test func `an experiment without an id is known by its name, and its runs get a location`() throws {
        _ = try fixture.write { try $0.createExperiment(name: "other", artifactLocation: nil, tags: []) }
        var experiment = Sample.experiment(id: Experiment.noID)
        experiment.artifactLocation = ""
        let run = Sample.run { transferred in
            transferred.experiment.id = Experiment.noID
            transferred.run.info.artifactURI = ""
        }
        let tooEarly = try take([.run(run)]).remarks.first?.text ?? ""
        #expect(tooEarly.contains("No experiment is named 'training'"))
        for round in 0..<2 {
            let report = try take([.experiment(experiment), .run(run)])
            #expect(report.remarks == [] && report.mappings == [])
            #expect(report.counts[.experiment]?.added == 1 - round && report.counts[.run]?.added == 1 - round)
        }
        let stored = try fixture.read { try $0.experiment(named: "training") }
        #expect(stored.id == 2 && stored.artifactLocation == "mlflow-artifacts:/2")
        let info = try fixture.read { try $0.runInfo(id: Sample.runID) }
        #expect(info.artifactURI == "mlflow-artifacts:/2/\(Sample.runID)/artifacts" && info.experimentID == 2)
    }

    @Test func `other facts are reported and never overwrite`() throws {
        _ = try take(Sample.all)
        let before = try content()
        let other = Sample.run { transferred in
            transferred.run.info.name = "second"
            transferred.run.info.status = .running
            transferred.run.params[0].value = "0.2"
            transferred.run.tags[1].value = "changed"
        }
        let report = try take([
            .run(other), .registeredModel(Sample.registeredModel(created: 1)),
            .modelVersion(Sample.version(9, created: 1)),
        ])
        #expect(try content() == before)
        #expect(report.remarks.map(\.kind) == [.run, .registeredModel, .modelVersion])
        let text = report.remarks.first?.text ?? ""
        for part in ["name 'second', stored 'first'", "RUNNING", "params lr", "tags note"] {
            #expect(text.contains(part), "\(text)")
        }
    }

    @Test func `an experiment keeps its id where it is free, and is found by its name elsewhere`() throws {
        let taken = try fixture.write { try $0.createExperiment(name: "mine", artifactLocation: nil, tags: []) }
        let sameName = try fixture.write { try $0.createExperiment(name: "training", artifactLocation: nil, tags: []) }
        let report = try take([
            .experiment(Sample.experiment()), .run(Sample.run()),
            .experiment(Sample.experiment(id: taken, name: "theirs")),
        ])
        let theirs = try fixture.read { try $0.experiment(named: "theirs") }
        #expect(theirs.id != taken && theirs.artifactLocation == "mlflow-artifacts:/\(theirs.id)")
        #expect(
            report.mappings == [
                ExperimentMapping(source: 7, id: sameName, name: "training"),
                ExperimentMapping(source: taken, id: theirs.id, name: "theirs"),
            ]
        )
        #expect(try fixture.read { try $0.runInfo(id: Sample.runID).experimentID } == sameName)
    }

    @Test func `an experiment that was renamed since is the same`() throws {
        _ = try take(Sample.all)
        var moved = Sample.run()
        moved.experiment.name = "renamed"
        let report = try take([.experiment(Sample.experiment(name: "renamed")), .run(moved)])
        #expect(report.counts[.run]?.unchanged == 1 && report.remarks.map(\.kind) == [.experiment])
    }

    @Test func `the first experiment of a fresh store takes over the facts of the source's`() throws {
        let source = Sample.experiment(id: 0, name: "Default", created: 5)
        let report = try take([.experiment(source)])
        #expect(report.counts[.experiment]?.completed == 1)
        #expect(try fixture.read { try $0.experiment(id: 0) } == source)
    }

    @Test func `the first experiment stays once it has runs`() throws {
        _ = try fixture.createRun()
        let before = try fixture.read { try $0.experiment(id: 0) }
        _ = try take([.experiment(Sample.experiment(id: 0, name: "Default", created: 5))])
        let after = try fixture.read { try $0.experiment(id: 0) }
        #expect(after.creationTime == before.creationTime && after.artifactLocation == before.artifactLocation)
    }

    @Test func `numbers of versions are not used again`() throws {
        _ = try take(Sample.all)
        #expect(try fixture.rows("SELECT last_version FROM registered_models") == [["4"]])
        _ = try take([.modelVersion(Sample.version(6))])
        #expect(try fixture.rows("SELECT last_version FROM registered_models") == [["6"]])
    }

    @Test func `what is not legal or has no experiment is left out and reported`() throws {
        var nameless = Sample.experiment()
        nameless.name = ""
        let withoutExperiment = Sample.run { $0.experiment = SourceExperiment(id: 99, name: "nowhere") }
        let traversing = Sample.run { $0.run.info.runID = "../../x" }
        var lost = Sample.points
        lost.runID = "unknown"
        let report = try take([
            .experiment(nameless), .experiment(Sample.experiment()), .run(withoutExperiment), .run(traversing),
            .points(lost),
        ])
        #expect(report.remarks.map(\.kind) == [.experiment, .run, .run, .points])
        #expect(try fixture.rows("SELECT count(*) FROM runs") == [["0"]])
        #expect(try fixture.rows("SELECT count(*) FROM experiments") == [["2"]])
    }

    @Test func `an id or a number after which there is none is left out, so that others can still be created`() throws {
        var model = Sample.registeredModel()
        model.lastVersion = .max
        let report = try take([
            .experiment(Sample.experiment(id: .max)), .experiment(Sample.experiment(id: -1)), .registeredModel(model),
            .registeredModel(Sample.registeredModel()), .modelVersion(Sample.version(1 << 31)),
            .modelVersion(Sample.version(0)),
        ])
        let kinds: [TransferKind] = [.experiment, .experiment, .registeredModel, .modelVersion, .modelVersion]
        #expect(report.remarks.map(\.kind) == kinds)
        #expect(throws: Never.self) {
            try fixture.write { try $0.createExperiment(name: "next", artifactLocation: nil, tags: []) }
        }
    }

    @Test func `prompts are marked as such`() throws {
        var prompt = Sample.registeredModel()
        prompt.model.tags = [Tag.promptMark]
        var version = Sample.version(1)
        version.version.tags = [Tag.promptMark, Tag(key: Tag.promptTextKey, value: "Say {{x}}")]
        _ = try take([.registeredModel(prompt), .modelVersion(version)])
        #expect(try fixture.rows("SELECT is_prompt FROM registered_models") == [["1"]])
        #expect(try fixture.rows("SELECT is_prompt FROM model_versions") == [["1"]])
    }
}
