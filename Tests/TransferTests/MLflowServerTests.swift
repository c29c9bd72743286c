import Files
import Synchronization
import Testing
import Tracking
import Transfer

@Suite struct MLflowServerTests {
    private static let experiments = """
        {"experiments": [
            {"experiment_id": "7", "name": "training", "artifact_location": "mlflow-artifacts:/7",
             "lifecycle_stage": "deleted", "creation_time": 5, "last_update_time": "6",
             "tags": [{"key": "team", "value": "blue"}, {"key": "empty"}]}]}
        """

    /// What a run used; a search tells less of it.
    private static let inputs = """
        "inputs": {"dataset_inputs": [{"tags": [{"key": "mlflow.data.context", "value": "train"}],
                   "dataset": {"name": "iris", "digest": "d1", "source_type": "http", "source": "{}"}}],
                   "model_inputs": [{"model_id": "m-1"}]},
        """

    private static func run(
        _ id: String,
        start: Int64 = 1,
        end: String = "\"end_time\": 2,",
        inputs: String = inputs
    ) -> String {
        """
        {"info": {"run_id": "\(id)", "run_name": "first", "experiment_id": "7", "user_id": "ana", "status": "KILLED",
                  "start_time": \(start), \(end) "lifecycle_stage": "deleted",
                  "artifact_uri": "mlflow-artifacts:/7/\(id)/artifacts"},
         "data": {"metrics": [{"key": "a/b loss", "value": 1, "timestamp": 1, "step": 1}],
                  "params": [{"key": "lr", "value": "0.1"}], "tags": [{"key": "note", "value": ""}]},
         \(inputs)
         "outputs": {"model_outputs": [{"model_id": "m-1", "step": "3"}]}}
        """
    }

    private func server(_ answers: [(String, String)]) -> CannedServer {
        let usual = [
            ("/version", "3.17.2"), ("experiments/search", Self.experiments), ("runs/search", "{}"),
            ("registered-models/search", "{}"), ("model-versions/search", "{}"), ("logged-models/search", "{}"),
            ("mlflow-artifacts/artifacts?", "{\"files\": []}"),
        ]
        return CannedServer(answers + usual)
    }

    @Test func `a run comes with everything that the answers hold`() throws {
        let server = server([
            ("runs/search", "{\"runs\": [\(Self.run("abc", inputs: ""))]}"),
            ("runs/get?run_id=abc", "{\"run\": \(Self.run("abc"))}"),
            (
                "metric_key=a%2Fb%20loss&max_results=10000&page_token=t1",
                "{\"metrics\": [{\"value\": 1e308, \"timestamp\": 3, \"step\": \"-4\"}]}"
            ),
            (
                "metric_key=a%2Fb%20loss",
                """
                {"metrics": [{"value": "NaN", "timestamp": "1", "step": 2}, {"value": NaN, "timestamp": 2},
                             {"value": "x", "timestamp": 1}], "next_page_token": "t1"}
                """
            ),
            (
                "artifacts?path=7%2Fabc%2Fartifacts%2Fdeep",
                "{\"files\": [{\"path\": \"größe.txt\", \"is_dir\": false, \"file_size\": \"12\"}]}"
            ),
            (
                "artifacts?path=7%2Fabc%2Fartifacts",
                "{\"files\": [{\"path\": \"deep\", \"is_dir\": true}, {\"path\": \"../up\", \"is_dir\": false}]}"
            ),
        ])
        let found = try Found(MLflowServer(server))
        guard case .experiment(let experiment)? = found.records.first, case .run(let run) = found.records[1],
            case .points(let first) = found.records[2], case .points(let second) = found.records[3]
        else {
            Issue.record("other records: \(found.records)")
            return
        }
        #expect(experiment.id == 7 && experiment.lifecycleStage == .deleted && experiment.lastUpdateTime == 6)
        #expect(experiment.tags == [Tag(key: "team", value: "blue"), Tag(key: "empty", value: "")])
        #expect(run.experiment == SourceExperiment(id: 7, name: "training") && run.run.info.status == .killed)
        #expect(run.run.info.endTime == 2 && run.run.info.lifecycleStage == .deleted && run.run.info.userID == "ana")
        #expect(run.run.params == [Param(key: "lr", value: "0.1")] && run.run.tags == [Tag(key: "note", value: "")])
        let dataset = Dataset(name: "iris", digest: "d1", sourceType: "http", source: "{}")
        #expect(
            run.run.datasetInputs
                == [DatasetInput(dataset: dataset, tags: [Tag(key: Tag.datasetContextKey, value: "train")])]
        )
        #expect(run.run.modelInputs == [ModelInput(modelID: "m-1")])
        #expect(run.run.modelOutputs == [ModelOutput(modelID: "m-1", step: 3)])
        #expect(first.key == "a/b loss" && first.points.map(\.isNaN) == [true, true] && first.points[0].step == 2)
        #expect(second.points == [MetricPoint(value: 1e308, isNaN: false, timestamp: 3, step: -4)])
        #expect(found.files.map(\.target) == ["7/abc/artifacts/deep/größe.txt"] && found.files[0].size == 12)
        #expect(found.skipped.map(\.place) == ["metric a/b loss of run abc", "run abc"])
        #expect(throws: RefusedCall.self) { _ = try found.files[0].fetch() }
        #expect(server.paths.last?.hasSuffix("artifacts/7/abc/artifacts/deep/gr%C3%B6%C3%9Fe.txt") == true)
    }

    @Test func `lists of pages and of folders without an end are left`() throws {
        let server = server([
            ("runs/search", "{\"runs\": [\(Self.run("abc"))], \"next_page_token\": \"TOKEN\"}"),
            ("runs/get?run_id=abc", "{\"run\": \(Self.run("abc"))}"), ("get-history", "{}"),
            (
                "artifacts?path=",
                "{\"files\": [{\"path\": \"a\", \"is_dir\": true}, {\"path\": \"b\", \"is_dir\": true}]}"
            ),
        ])
        let found = try Found(MLflowServer(server))
        #expect(server.bodies(of: "runs/search").count < 200)
        #expect(found.skipped.contains { $0.place == "runs of experiment 7" && $0.reason.contains("does not end") })
        #expect(found.skipped.contains { $0.place.hasPrefix("artifacts of run") && $0.reason.contains("do not end") })
    }

    @Test func `runs without an end are found by what else they are`() throws {
        let runs = [
            Self.run("new", start: 90), Self.run("open", start: 2, end: ""), Self.run("old", start: 2),
        ]
        let server = server([("runs/search", "{\"runs\": [\(runs.joined(separator: ", "))]}"), ("get-history", "{}")])
        var selection = TransferSelection()
        selection.since = 50
        _ = try Found(MLflowServer(server), selection)
        let filters = server.bodies(of: "runs/search")
        #expect(filters.count == 3 && filters[0].contains("attributes.start_time >= 50"))
        #expect(
            filters[1].contains("attributes.end_time >= 50") && filters[2].contains("attributes.status != 'FINISHED'")
        )
    }

    @Test func `models and the registry come, prompts too`() throws {
        let version =
            "\"name\": \"prod\", \"version\": \"2\", \"creation_timestamp\": 8, \"current_stage\": \"Staging\""
        let server = server([
            (
                "logged-models/search",
                """
                {"models": [{"info": {"model_id": "m-1", "experiment_id": "7", "name": "forest", "creation_timestamp_ms": "3",
                    "artifact_uri": "mlflow-artifacts:/7/models/m-1/artifacts/", "status": "LOGGED_MODEL_READY",
                    "tags": [{"key": "a", "value": "b"}]},
                  "data": {"params": [{"key": "d", "value": "3"}], "metrics": [{"key": "auc", "value": 0.9, "timestamp": 1,
                    "run_id": "abc", "dataset_name": "iris", "dataset_digest": "d1"}]}}]}
                """
            ),
            (
                "registered-models/search?filter=tags",
                "{\"registered_models\": [{\"name\": \"greeting\", \"creation_timestamp\": 4}]}"
            ),
            (
                "registered-models/search",
                """
                {"registered_models": [{"name": "prod", "creation_timestamp": 4, "tags": [{"key": "k", "value": "v"}],
                    "aliases": [{"alias": "live", "version": "2"}]}]}
                """
            ),
            ("model-versions/search?filter=tags", "{\"error_code\": \"x\"}"),
            (
                "model-versions/search",
                "{\"model_versions\": [{\(version), \"source\": \"models:/m-1\", \"run_id\": \"abc\"}]}"
            ),
            ("get-download-uri", "{\"artifact_uri\": \"mlflow-artifacts:/7/models/m-1/artifacts/\"}"),
        ])
        let found = try Found(MLflowServer(server))
        guard case .loggedModel(let model) = found.records[1], case .modelPoints(let points) = found.records[2],
            case .registeredModel(let registered) = found.records[3],
            case .registeredModel(let prompt) = found.records[4],
            case .modelVersion(let version) = found.records[5]
        else {
            Issue.record("other records: \(found.records)")
            return
        }
        #expect(
            model.model.info.status == .ready && model.model.info.creationTime == 3 && model.model.params.count == 1
        )
        #expect(points.points.map(\.dataset) == [MetricDataset(name: "iris", digest: "d1")])
        #expect(registered.model.aliases == [ModelAlias(alias: "live", version: 2)] && prompt.model.name == "greeting")
        #expect(version.version.stage == .staging && version.modelCreationTime == 4)
        #expect(version.storageLocation == "mlflow-artifacts:/7/models/m-1/artifacts/")
        #expect(server.paths.contains { $0.hasSuffix("artifacts?path=7%2Fmodels%2Fm-1%2Fartifacts") })
    }

    @Test func `what one call refuses is left out, and a server that lists nothing is none`() throws {
        let server = server([
            ("runs/search", "{\"runs\": [{\"info\": {\"run_id\": \"bad\"}}, \(Self.run("abc"))]}"),
            ("runs/get?run_id=bad", "{\"run\": {\"info\": {\"run_id\": \"bad\"}}}"),
            ("runs/get?run_id=abc", "{\"run\": \(Self.run("abc"))}"),
            ("get-history", ""), ("mlflow-artifacts", ""),
        ])
        let found = try Found(MLflowServer(server))
        #expect(found.records.count == 2)
        #expect(found.skipped.map(\.place) == ["run bad", "metric a/b loss of run abc", "artifacts of run abc"])
        #expect(throws: SourceFailure.self) { try Found(MLflowServer(CannedServer([("/version", "2")]))) }
        let endless = self.server([("experiments/search", "{\"experiments\": [], \"next_page_token\": \"same\"}")])
        #expect(throws: SourceFailure.self) { try Found(MLflowServer(endless)) }
    }

    @Test func `paths of the server's own disk are asked for by the run`() throws {
        let elsewhere = Self.run("abc").replacing("mlflow-artifacts:/7/abc", with: "/srv/mlruns/7/abc")
        let server = server([
            ("experiments/search", Self.experiments.replacing("mlflow-artifacts:/7", with: "/srv/mlruns/7")),
            ("runs/search", "{\"runs\": [\(elsewhere)]}"),
            ("runs/get?run_id=abc", "{\"run\": \(elsewhere)}"), ("get-history", "{}"),
            ("artifacts/list?run_id=abc&path=deep", "{\"files\": [{\"path\": \"deep/a b\", \"file_size\": 1}]}"),
            ("artifacts/list?run_id=abc", "{\"files\": [{\"path\": \"deep\", \"is_dir\": true}]}"),
        ])
        let found = try Found(MLflowServer(server))
        guard case .experiment(let experiment)? = found.records.first, case .run(let run) = found.records[1] else {
            Issue.record("other records: \(found.records)")
            return
        }
        #expect(experiment.artifactLocation == "mlflow-artifacts:/7")
        #expect(run.run.info.artifactURI == "mlflow-artifacts:/7/abc/artifacts")
        #expect(found.files.map(\.target) == ["7/abc/artifacts/deep/a b"] && found.skipped == [])
        #expect(throws: RefusedCall.self) { _ = try found.files[0].fetch() }
        #expect(server.paths.last == "/get-artifact?run_id=abc&path=deep%2Fa%20b")
    }
}

/// A server with one answer for each call, found by a part of its path; others are refused.
private final class CannedServer: ServerCalls {
    let address = "http://canned"
    private let answers: [(part: String, body: String)]
    private let log = Mutex<[(path: String, body: String)]>([])

    /// The first that fits is taken.
    init(_ answers: [(String, String)]) {
        self.answers = answers.map { (part: $0.0, body: $0.1) }
    }

    var paths: [String] { log.withLock { $0.map(\.path) } }

    func bodies(of part: String) -> [String] {
        log.withLock { $0.filter { $0.path.contains(part) }.map(\.body) }
    }

    func get(_ path: String) -> ServerAnswer { answer(path, "") }

    func post(_ path: String, json: [UInt8]) -> ServerAnswer { answer(path, String(decoding: json, as: UTF8.self)) }

    func fetch(_ path: String, bytes listed: Int64?) throws -> Descriptor {
        _ = answer(path, "")
        throw RefusedCall(status: 404, message: "")
    }

    private func answer(_ path: String, _ body: String) -> ServerAnswer {
        log.withLock { $0.append((path, body)) }
        guard let answer = answers.first(where: { path.contains($0.part) }) else {
            return ServerAnswer(status: 404, body: [], message: "")
        }
        // A token that is another one in each answer.
        let count = log.withLock { $0.count }
        let body = answer.body.replacing("TOKEN", with: "token-\(count)")
        return ServerAnswer(status: 200, body: Array(body.utf8), message: "")
    }
}
