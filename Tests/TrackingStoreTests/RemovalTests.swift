import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct RemovalTests {
    private let fixture: StoreFixture

    init() throws {
        fixture = try StoreFixture()
    }

    /// The tables in which a run, a model or an experiment leaves rows.
    private static let tables = [
        "experiments", "experiment_tags", "runs", "metrics", "latest_metrics", "params", "run_tags", "datasets",
        "dataset_inputs", "dataset_input_tags", "model_inputs", "model_outputs", "logged_models", "logged_model_params",
        "logged_model_tags", "model_metrics", "latest_model_metrics",
    ]

    private func content() throws -> [String: [[String]]] {
        var content: [String: [[String]]] = [:]
        for table in Self.tables {
            content[table] = try fixture.rows("SELECT * FROM \(table)").sorted { $0.lexicographicallyPrecedes($1) }
        }
        return content
    }

    private func everything(deletedBefore limit: Int64 = .max) -> RemovalRequest {
        RemovalRequest(deletedBefore: limit)
    }

    private func inUse(_ request: RemovalRequest) throws -> ArtifactsInUse {
        let folders = ArtifactFolders(served: "/data/artifacts", otherNames: ["/link"])
        return try fixture.read { try $0.artifactsInUse(excluding: request, in: folders) }
    }

    /// Removes the rows of all that is on the list, a few at a time.
    @discardableResult
    private func remove(_ request: RemovalRequest, atOnce limit: Int = 7) throws -> RemovalCount {
        let inUse = try inUse(request)
        var position: RemovalPosition? = .start
        var count = RemovalCount()
        while let from = position {
            let part = try fixture.write { try $0.beginRemoval(request, keeping: inUse, from: from) }
            count.add(part.kept)
            position = part.next
        }
        while true {
            let part = try fixture.write { try $0.removeRows(atMost: limit) }
            count.add(part.count)
            if part.isDone { break }
        }
        let owners = try fixture.read { try $0.removedOwners(limit: 1_000, skipping: 0) }
        try fixture.write { try $0.endRemoval(rows: owners.map(\.row)) }
        return count
    }

    /// A run that has something in every table.
    private func fullRun(in experiment: Int64, points: Int64 = 100) throws -> String {
        let runID = try fixture.createRun(in: experiment, tags: [Tag(key: "t", value: "v")])
        try fixture.write { session in
            let metrics = (0..<points).map { Metric(key: "loss \($0 % 2)", value: Double($0), timestamp: $0, step: $0) }
            try session.logMetrics(metrics, runID: runID)
            try session.logParam(Param(key: "lr", value: "0.1"), runID: runID)
            let dataset = Dataset(name: "d", digest: "1", sourceType: "local", source: "{}")
            try session.logInputs(
                datasets: [DatasetInput(dataset: dataset, tags: [Tag(key: "c", value: "train")])],
                models: [ModelInput(modelID: "m-1")],
                runID: runID
            )
            try session.logOutputs(models: [ModelOutput(modelID: "m-2", step: 1)], runID: runID)
        }
        return runID
    }

    private func model(in experiment: Int64) throws -> String {
        try fixture.write { session in
            let new = NewLoggedModel(
                experimentID: experiment,
                name: "model",
                modelType: "",
                sourceRunID: "",
                params: [Param(key: "p", value: "1")],
                tags: [Tag(key: "t", value: "1")]
            )
            return try session.createLoggedModel(new).info.modelID
        }
    }

    private func log(
        _ value: Double,
        step: Int64,
        from runID: String,
        to model: String,
        _ dataset: MetricDataset?
    ) throws {
        let metric = Metric(key: "acc", value: value, timestamp: step, step: step)
        let point = ModelMetric(metric: metric, modelID: model, runID: runID, dataset: dataset)
        try fixture.write { try $0.logMetrics([metric], modelMetrics: [point], runID: runID) }
    }

    @Test func `what is deleted leaves no row, and what is not stays as it was`() throws {
        let kept = try fixture.write { try $0.createExperiment(name: "kept", artifactLocation: nil, tags: []) }
        _ = try fullRun(in: kept)
        _ = try model(in: kept)
        let before = try content()
        let gone = try fixture.write {
            try $0.createExperiment(name: "gone", artifactLocation: nil, tags: [Tag(key: "k", value: "v")])
        }
        let one = try fullRun(in: gone)
        let other = try fullRun(in: kept)
        let goneModel = try model(in: gone)
        try log(1, step: 1, from: one, to: goneModel, MetricDataset(name: "d", digest: "1"))
        try fixture.write { session in
            try session.deleteRun(other)
            try session.deleteExperiment(gone)
        }
        let count = try remove(everything())
        #expect(count.runs == 2 && count.experiments == 1 && count.loggedModels == 1)
        #expect(count.points == 201)
        #expect(try content() == before)
        #expect(try fixture.read { try !$0.hasRemovals() })
    }

    @Test func `the latest metrics of a model are those of the runs that stay`() throws {
        let model = try model(in: 0)
        let (stays, goes) = (try fixture.createRun(), try fixture.createRun())
        let (train, test) = (MetricDataset(name: "train", digest: "1"), MetricDataset(name: "train", digest: "2"))
        for (run, step, dataset) in [(stays, 1, train), (stays, 2, nil), (stays, 3, test)] {
            try log(Double(step), step: Int64(step), from: run, to: model, dataset)
        }
        let before = try content()
        for (step, dataset) in [(0, nil), (9, train), (8, test), (7, nil)] as [(Int64, MetricDataset?)] {
            try log(Double(step), step: step, from: goes, to: model, dataset)
        }
        try fixture.write { try $0.deleteRun(goes) }
        try remove(everything(), atOnce: 1)
        #expect(try content()["model_metrics"] == before["model_metrics"])
        #expect(try content()["latest_model_metrics"] == before["latest_model_metrics"])
    }

    @Test func `a new experiment gets neither the id nor the folder of a removed one, but may have its name`() throws {
        let first = try fixture.write { try $0.createExperiment(name: "name", artifactLocation: nil, tags: []) }
        try fixture.write { try $0.deleteExperiment(first) }
        let taken = trackingError {
            try fixture.write { _ = try $0.createExperiment(name: "name", artifactLocation: nil, tags: []) }
        }
        #expect(taken?.message.contains("apus gc --experiment-ids \(first)") == true)
        try remove(everything())
        let second = try fixture.write { try $0.createExperiment(name: "name", artifactLocation: nil, tags: []) }
        #expect(second == first + 1)
    }

    @Test func `a run whose number is used again has no metric of the removed one`() throws {
        let old = try fixture.createRun()
        try fixture.write { session in
            try session.logMetrics([Metric(key: "m", value: 5, timestamp: 5, step: 5)], runID: old)
            try session.deleteRun(old)
        }
        try remove(everything())
        let new = try fixture.createRun()
        try fixture.write { try $0.logMetrics([Metric(key: "m", value: 1, timestamp: 1, step: 1)], runID: new) }
        let summaries = try fixture.rows("SELECT point_count, minimum, maximum, step FROM latest_metrics")
        #expect(summaries == [["1", "1.0", "1.0", "1"]])
    }

    @Test func `what is named must be deleted, old enough and in no registered model's way`() throws {
        let runID = try fixture.createRun()
        var request = everything()
        request.runIDs = [runID]
        func refusal(_ request: RemovalRequest) -> TrackingError? {
            trackingError {
                let inUse = try inUse(request)
                try fixture.write { _ = try $0.beginRemoval(request, keeping: inUse, from: .start) }
            }
        }
        #expect(refusal(request)?.message.contains("is not deleted") == true)
        try fixture.write { try $0.deleteRun(runID) }
        request.deletedBefore = 1
        #expect(refusal(request)?.message.contains("deleted later") == true)
        request.deletedBefore = .max
        request.runIDs = [runID, "nobody"]
        #expect(refusal(request)?.code == .resourceDoesNotExist)
        #expect(try fixture.read { try !$0.hasRemovals() })
        request.runIDs = [runID]
        try fixture.execute(
            """
            INSERT INTO registered_models (name, description, creation_time, last_updated_time, is_prompt)
            VALUES ('m', '', 0, 0, 0);
            INSERT INTO model_versions (model_id, version, name, is_prompt, creation_time, last_updated_time, source,
                run_id, run_link)
            VALUES (1, 1, 'm', 0, 0, 0, 'mlflow-artifacts:/0/\(runID)/artifacts/model', '\(runID)', '')
            """
        )
        #expect(refusal(request)?.message.contains("version 1 of the registered model 'm' needs") == true)
        #expect(try remove(everything()).kept == 1)
        #expect(try fixture.read { try $0.exists(.run, runID) })
    }

    @Test func `an experiment with a restored run stays, and one that is on the list cannot be restored`() throws {
        let experiment = try fixture.write { try $0.createExperiment(name: "e", artifactLocation: nil, tags: []) }
        let runID = try fixture.createRun(in: experiment)
        try fixture.write { session in
            try session.deleteExperiment(experiment)
            try session.restoreRun(runID)
        }
        #expect(try remove(everything()) == RemovalCount())
        let inUse = try inUse(everything())
        try fixture.write { session in
            try session.deleteRun(runID)
            _ = try session.beginRemoval(self.everything(), keeping: inUse, from: .start)
        }
        let refusals = [
            trackingError { try fixture.write { try $0.restoreExperiment(experiment) } },
            trackingError { try fixture.write { try $0.restoreRun(runID) } },
        ]
        #expect(refusals.allSatisfy { $0?.message.contains("is being removed permanently") == true })
    }

    @Test func `a version that was made after the artifacts in use were read keeps its run`() throws {
        let runID = try fixture.createRun()
        try fixture.write { try $0.deleteRun(runID) }
        let inUse = try inUse(everything())
        try fixture.write { session in
            _ = try session.createRegisteredModel(name: "m", description: "", tags: [])
            _ = try session.createModelVersion(version(of: runID), workingDirectory: "/")
        }
        let begun = try fixture.write { try $0.beginRemoval(self.everything(), keeping: inUse, from: .start) }
        #expect(begun.kept.kept == 0)
        let runs = try #require(begun.next)
        #expect(try fixture.write { try $0.beginRemoval(self.everything(), keeping: inUse, from: runs) }.kept.kept == 1)
        #expect(try fixture.read { try !$0.hasRemovals() })
    }

    @Test func `no version is made of what is on the list, itself or with its experiment`() throws {
        let experiment = try fixture.write { try $0.createExperiment(name: "e", artifactLocation: nil, tags: []) }
        let (alone, within) = (try fixture.createRun(), try fixture.createRun(in: experiment))
        try fixture.write { session in
            _ = try session.createRegisteredModel(name: "m", description: "", tags: [])
            try session.deleteRun(alone)
            try session.deleteExperiment(experiment)
        }
        let inUse = try inUse(everything())
        var position: RemovalPosition? = .start
        while let from = position {
            position = try fixture.write { try $0.beginRemoval(self.everything(), keeping: inUse, from: from) }.next
        }
        for runID in [alone, within] {
            let refusal = trackingError {
                try fixture.write { _ = try $0.createModelVersion(version(of: runID), workingDirectory: "/") }
            }
            #expect(refusal?.message.contains("is being removed permanently together with them") == true)
        }
        #expect(try fixture.rows("SELECT * FROM model_versions").isEmpty)
    }

    private func version(of runID: String) -> NewModelVersion {
        NewModelVersion(
            name: "m",
            source: "runs:/\(runID)/model",
            runID: runID,
            modelID: nil,
            runLink: "",
            description: "",
            tags: []
        )
    }

    /// Locations that need the folder `mlflow-artifacts:/0/<id>/artifacts`, a part of it, or something around it.
    @Test(arguments: [
        "mlflow-artifacts:/0/<id>/artifacts", "mlflow-artifacts:/0/<id>/artifacts/model", "mlflow-artifacts:/0",
        "mlflow-artifacts://other:5000/0/./<id>//artifacts/model", "mlflow-artifacts:/%30/<id>/artifacts/model",
        "http://any/api/2.0/mlflow-artifacts/artifacts/0/<id>/artifacts", "/data/artifacts/0/<id>/artifacts/model",
        "file:///data/artifacts/0/<id>/artifacts/model", "/link/0/<id>/artifacts/model", "/data", "runs:/<id>/model",
        "runs://<id>/model", "RUNS:/<id>/model",
    ])
    func `what lies where others need artifacts stays`(location: String) throws {
        let runID = try fixture.createRun()
        let other = try fixture.createRun()
        try fixture.write { try $0.deleteRun(runID) }
        try fixture.execute(
            """
            UPDATE runs SET artifact_uri = 'mlflow-artifacts:/0/' || run_id || '/artifacts';
            UPDATE runs SET artifact_uri = '\(location.replacing("<id>", with: runID))' WHERE run_id = '\(other)'
            """
        )
        let kept = try remove(everything())
        #expect(kept.kept == 1 && kept.runs == 0)
        #expect(kept.reasons == ["The run \(runID) has artifacts that the run \(other) needs."])
        try fixture.write { try $0.deleteRun(other) }
        try remove(everything())
        #expect(try fixture.read { try !$0.exists(.run, runID) })
    }

    @Test(arguments: [
        "mlflow-artifacts:/0/<id>", "mlflow-artifacts:/0/<id>/artifacts2", "mlflow-artifacts:/0/other/artifacts",
        "s3://bucket/0/<id>/artifacts", "/elsewhere/artifacts/0/other", "runs:/nobody/model",
    ])
    func `an experiment beside a folder of artifacts, or a run elsewhere, keeps nothing`(location: String) throws {
        let runID = try fixture.createRun()
        let experiment = try fixture.write { try $0.createExperiment(name: "e", artifactLocation: nil, tags: []) }
        let other = try fixture.createRun()
        try fixture.write { try $0.deleteRun(runID) }
        let place = location.replacing("<id>", with: runID)
        try fixture.execute(
            """
            UPDATE runs SET artifact_uri = 'mlflow-artifacts:/0/' || run_id || '/artifacts';
            UPDATE experiments SET artifact_location = '\(place)' WHERE id = \(experiment);
            UPDATE runs SET artifact_uri = '\(place)/x' WHERE run_id = '\(other)'
            """
        )
        #expect(try remove(everything()).runs == 1)
    }

    @Test func `an experiment stays while something outside of it needs its artifacts`() throws {
        let experiment = try fixture.write { try $0.createExperiment(name: "e", artifactLocation: nil, tags: []) }
        let runID = try fixture.createRun(in: experiment)
        let other = try fixture.createRun()
        try fixture.execute(
            """
            UPDATE runs SET artifact_uri = 'mlflow-artifacts:/1/\(runID)/artifacts' WHERE run_id = '\(runID)';
            UPDATE experiments SET artifact_location = 'mlflow-artifacts:/1/\(runID)/artifacts/x' WHERE id = 0
            """
        )
        try fixture.write { try $0.deleteExperiment(experiment) }
        func refusal() throws -> String? {
            var named = everything()
            named.experimentIDs = [experiment]
            let (request, inUse) = (named, try inUse(named))
            return trackingError {
                try fixture.write { _ = try $0.beginRemoval(request, keeping: inUse, from: .start) }
            }?.message
        }
        #expect(try refusal()?.contains("the experiment 0 needs") == true)
        try fixture.execute("UPDATE experiments SET artifact_location = 'mlflow-artifacts:/0' WHERE id = 0")
        // Deleted, too, and not named.
        try fixture.execute(
            "UPDATE runs SET artifact_uri = 'mlflow-artifacts:/1/\(runID)/artifacts' WHERE run_id = '\(other)'"
        )
        try fixture.write { try $0.deleteRun(other) }
        #expect(try refusal()?.contains("the run \(other) needs") == true)
        #expect(try remove(everything()).runs == 2)
    }

    @Test(arguments: ["NULL", "0", "-5"])
    func `what was deleted nobody knows when is removed only if no age is asked for`(time: String) throws {
        let runID = try fixture.createRun()
        try fixture.write { try $0.deleteRun(runID) }
        try fixture.execute("UPDATE runs SET deleted_time = \(time)")
        let kept = try remove(everything())
        #expect(kept.undated == 1 && kept.runs == 0)
        #expect(try remove(RemovalRequest(deletedBefore: nil)).runs == 1)
    }

    @Test func `the preview counts what is then removed`() throws {
        let experiment = try fixture.write { try $0.createExperiment(name: "e", artifactLocation: nil, tags: []) }
        for _ in 0..<3 { _ = try fullRun(in: experiment, points: 10) }
        _ = try model(in: experiment)
        let alone = try fullRun(in: 0, points: 5)
        try fixture.write { session in
            try session.deleteExperiment(experiment)
            try session.deleteRun(alone)
        }
        let request = everything()
        let inUse = try inUse(request)
        let preview = try fixture.read { try $0.removalPreview(request, keeping: inUse).count }
        #expect(preview.runs == 4 && preview.points == 35 && preview.experiments == 1 && preview.loggedModels == 1)
        #expect(try remove(request) == preview)
    }

    @Test func `the journal is trimmed by age, and forgets which run a removed run's files were of`() throws {
        let runID = try fixture.createRun()
        try fixture.write { session in
            let event = ArtifactEvent(kind: .upload, path: "a", runID: runID, bytes: 1, microseconds: 1)
            for _ in 0..<20 { try session.add(event) }
            try session.deleteRun(runID)
        }
        try remove(everything())
        #expect(try fixture.rows("SELECT count(*), count(run_id) FROM artifact_journal") == [["20", "0"]])
        #expect(try fixture.write { try $0.trimArtifactJournal(before: 1, limit: 5) } == 0)
        #expect(try fixture.write { try $0.trimArtifactJournal(before: .max, limit: 5) } == 5)
        #expect(try fixture.read { try $0.journalEntryCount(before: .max) } == 15)
    }
}
