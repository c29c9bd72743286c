import Filter
import SQLite
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct LoggedModelTests {
    @Test func `a model is created, finalized and deleted, and its times follow the status alone`() throws {
        let fixture = try StoreFixture()
        let new = NewLoggedModel(
            experimentID: 0,
            name: "",
            modelType: "classifier",
            sourceRunID: "no such run",
            params: [Param(key: "lr", value: "0.1")],
            tags: [Tag(key: "t", value: "")]
        )
        let made = try fixture.write { try $0.createLoggedModel(new) }
        let id = made.info.modelID
        #expect(id.hasPrefix("m-") && id.utf8.count == 34 && !made.info.name.isEmpty)
        #expect(made.info.artifactURI == "mlflow-artifacts:/0/models/\(id)/artifacts")
        #expect(made.info.status == .pending && made.info.creationTime == made.info.lastUpdatedTime)
        #expect(try fixture.read { try $0.loggedModel(id: id) } == made)
        try fixture.write { try $0.setLoggedModelTags([Tag(key: "t", value: "2")], modelID: id) }
        #expect(try fixture.read { try $0.loggedModelInfo(id: id) } == made.info)
        let ready = try fixture.write { try $0.finalizeLoggedModel(id, status: .ready) }
        #expect(ready.info.status == .ready && ready.tags == [Tag(key: "t", value: "2")])
        try fixture.write { try $0.deleteLoggedModel(id) }
        let whole = trackingError { _ = try fixture.read { try $0.loggedModel(id: id) } }
        let info = trackingError { _ = try fixture.read { try $0.loggedModelInfo(id: id) } }
        #expect(whole?.code == .resourceDoesNotExist && info == whole)
        let deleted = try fixture.read { try $0.loggedModel(id: id, allowsDeleted: true) }
        #expect(deleted.info.lifecycleStage == .deleted && deleted.params == new.params)
        // As in the reference, writes to a deleted model are allowed.
        try fixture.write { try $0.deleteLoggedModel(id) }
        try fixture.write { try $0.logLoggedModelParams([Param(key: "late", value: "1")], modelID: id) }
    }

    @Test func `a model needs an experiment that is active`() throws {
        let fixture = try StoreFixture()
        let create = { (id: Int64) in
            _ = try fixture.write { try $0.createLoggedModel(LoggedModelSearchTests.newModel(in: id)) }
        }
        #expect(trackingError { try create(7) }?.message == "No Experiment with id=7 exists")
        try fixture.write { try $0.deleteExperiment(0) }
        let error = trackingError { try create(0) }
        #expect(error?.message.hasPrefix("The experiment 0 must be in the 'active' state") == true)
        #expect(try fixture.rows("SELECT count(*) FROM logged_models") == [["0"]])
    }

    @Test func `params are never changed and tags are`() throws {
        let (fixture, model, _) = try LoggedModelSearchTests.fixtureWithModel()
        let log = { (params: [(String, String)]) in
            try fixture.write { session in
                try session.logLoggedModelParams(params.map { Param(key: $0.0, value: $0.1) }, modelID: model)
            }
        }
        try log([("a", "1"), ("b", "")])
        let again = trackingError { try log([("c", "1"), ("a", "1")]) }
        #expect(again?.code == .badRequest)
        try fixture.write { session in
            try session.setLoggedModelTags([Tag(key: "t", value: "1"), Tag(key: "t", value: "2")], modelID: model)
            try session.setLoggedModelTags([Tag(key: "u", value: "é")], modelID: model)
            try session.deleteLoggedModelTag(key: "u", modelID: model)
        }
        let gone = trackingError { try fixture.write { try $0.deleteLoggedModelTag(key: "u", modelID: model) } }
        #expect(gone?.code == .resourceDoesNotExist)
        let stored = try fixture.read { try $0.loggedModel(id: model) }
        #expect(stored.params == [Param(key: "a", value: "1"), Param(key: "b", value: "")])
        #expect(stored.tags == [Tag(key: "t", value: "2")])
        for body in Self.writes(to: "m-0") {
            let error = trackingError { try fixture.write(body) }
            #expect(error?.message == "Logged model with ID 'm-0' not found.")
        }
    }

    @Test func `a metric of a model is stored for its run and for the model`() throws {
        let (fixture, model, runID) = try LoggedModelSearchTests.fixtureWithModel()
        let dataset = MetricDataset(name: "d", digest: "1")
        let values = [("a", 1.5), ("nan", Double.nan), ("inf", .infinity), ("ninf", -.infinity)]
        let metrics = values.map { Metric(key: $0.0, value: $0.1, timestamp: 5, step: -2) }
        let points = metrics.map { ModelMetric(metric: $0, modelID: model, runID: runID, dataset: dataset) }
        // Logging the same points again changes nothing, even with NaN among them (mlflow/mlflow#26108).
        for _ in 0..<2 {
            try fixture.write { try $0.log(LogBatch(metrics: metrics, modelMetrics: points + points), runID: runID) }
        }
        let stored = try fixture.read { try $0.loggedModel(id: model) }.metrics
        let shown = [1.5, 0, Double.greatestFiniteMagnitude, -Double.greatestFiniteMagnitude]
        #expect(stored.map(\.metric.value) == shown && stored.map(\.metric.key) == values.map(\.0))
        #expect(stored.allSatisfy { $0.dataset == dataset && $0.runID == runID && $0.modelID == model })
        let run = try fixture.read { try $0.run(id: runID) }
        #expect(run.metrics.count == 4 && run.metrics[1].value.isNaN)
    }

    @Test func `nothing of a request is stored when it names an unknown model`() throws {
        let (fixture, model, runID) = try LoggedModelSearchTests.fixtureWithModel()
        let metric = Metric(key: "m", value: 1, timestamp: 1, step: 1)
        let points = [model, "m-0"].map { ModelMetric(metric: metric, modelID: $0, runID: runID, dataset: nil) }
        let batch = LogBatch(metrics: [metric, metric], modelMetrics: points, tags: [Tag(key: "t", value: "v")])
        let error = trackingError { try fixture.write { try $0.log(batch, runID: runID) } }
        #expect(error?.code == .badRequest && error?.message.contains("'m-0' not found") == true)
        #expect(try fixture.read { try $0.loggedModel(id: model) }.metrics.isEmpty)
        #expect(try fixture.read { try $0.run(id: runID) }.metrics.isEmpty)
        try fixture.write { try $0.deleteRun(runID) }
        let deleted = trackingError {
            try fixture.write { try $0.logMetrics([metric], modelMetrics: points, runID: runID) }
        }
        #expect(deleted?.message.contains("must be in the 'active' state") == true)
    }

    @Test func `the rows of every search are found by an index`() throws {
        let fixture = try StoreFixture()
        _ = try LoggedModelWorld(seed: 1, modelCount: 900, in: fixture)
        let metric = LoggedModelSearchTests.metric("acc", .greater, 0.4)
        let rare = LoggedModelSearchTests.metric("rare", .greater, 0)
        let byLoss = LoggedModelSearchTests.byMetric("loss", ascending: false)
        let onTrain = LoggedModelSearchTests.byMetric(
            "loss",
            ascending: true,
            on: DatasetScope(name: "train", digest: nil)
        )
        let named = { (name: ComparisonOperator, text: String) in
            LoggedModelSearchTests.comparison(.attribute, "name", name, .text(text))
        }
        let ofRun = LoggedModelSearchTests.comparison(.attribute, "source_run_id", .equal, .text("r"))
        let byName = LoggedModelSearch.Clause(
            ordering: Ordering(entity: .attribute, key: "name", ascending: true),
            dataset: nil
        )
        let cases: [(LoggedModelSearch, String)] = [
            (Self.search([], []), "logged_models_by_creation_time"),
            (Self.search([], [byName]), "logged_models_by_name"),
            (Self.search([named(.equal, "model 3")], []), "COVERING INDEX logged_models_by_name"),
            (Self.search([named(.equal, "none")], [byLoss]), "COVERING INDEX logged_models_by_name"),
            (Self.search([named(.ilike, "%NONE%")], []), "COVERING INDEX logged_models_by_creation_time"),
            (Self.search([named(.ilike, "%NONE%")], [byLoss]), "COVERING INDEX logged_models_by_name"),
            (Self.search([ofRun], [byLoss]), "COVERING INDEX logged_models_by_source_run"),
            (Self.search([metric], []), "logged_models_by_creation_time"),
            (Self.search([], [byLoss]), "latest_model_metrics_by_value"),
            (Self.search([metric], [onTrain]), "latest_model_metrics_by_value"),
            (Self.search([rare], []), "COVERING INDEX model_metrics_by_value"),
            (Self.search([rare], [byLoss]), "COVERING INDEX model_metrics_by_value"),
        ]
        for (search, index) in cases {
            let plans = try fixture.read { session in
                let page = try session.searchLoggedModels(search)
                var next = search
                next.pageToken = page.nextPageToken
                _ = try session.searchLoggedModels(next)
                return try queryPlans(of: session.connection)
            }
            #expect(tableWalks(plans).isEmpty, "\(plans)")
            let plan = try #require(plans.first { $0.contains(index) && $0.hasPrefix("SEARCH") }, "\(index): \(plans)")
            // The plan sorts only models with equal values of a metric.
            let sorts = plan.split(separator: "\n").filter { $0.contains("TEMP B-TREE") }
            #expect(sorts.allSatisfy { $0 == "USE TEMP B-TREE FOR RIGHT PART OF ORDER BY" }, "\(plan)")
        }
    }

    private static func search(_ filter: [Comparison], _ orderings: [LoggedModelSearch.Clause]) -> LoggedModelSearch {
        var search = LoggedModelSearchTests.search(filter, pageSize: 2)
        search.orderings = orderings
        return search
    }

    private static func writes(to modelID: String) -> [@Sendable (WriteSession) throws -> Void] {
        [
            { _ = try $0.finalizeLoggedModel(modelID, status: .ready) }, { try $0.deleteLoggedModel(modelID) },
            { try $0.setLoggedModelTags([], modelID: modelID) }, { try $0.logLoggedModelParams([], modelID: modelID) },
            { try $0.deleteLoggedModelTag(key: "t", modelID: modelID) },
        ]
    }
}
