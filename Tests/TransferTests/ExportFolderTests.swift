import Glibc
import TestSupport
import Testing
import Tracking
import Transfer

@Suite struct ExportFolderTests {
    private let folder: TemporaryFolder
    private let root: String

    init() throws {
        folder = try TemporaryFolder()
        root = folder.file("export")
        mkdir(root, 0o700)
    }

    private func write(_ path: String, _ content: String) { write(path, bytes: Array(content.utf8)) }

    private func write(_ path: String, bytes: [UInt8]) {
        let parts = path.split(separator: "/")
        for count in parts.indices.dropFirst() { mkdir(root + "/" + parts.prefix(count).joined(separator: "/"), 0o700) }
        let isWritten = TestSupport.write(bytes, toFile: root + "/" + path)
        #expect(isWritten)
    }

    private func read(_ selection: TransferSelection = TransferSelection()) throws -> Found {
        #expect(ExportFolder.recognizes(root))
        return try Found(ExportFolder(path: root), selection)
    }

    /// As version 1.2 writes it.
    private static let run = """
        {"system": {"package_version": "1.2.0"}, "mlflow": {
          "info": {"run_uuid": "abc", "run_id": "abc", "experiment_id": "7", "user_id": "ana", "status": "FINISHED",
            "start_time": 3, "end_time": 4, "lifecycle_stage": "active", "run_name": "first", "_start_time": "1970",
            "artifact_uri": "dbfs:/databricks/mlflow-tracking/7/abc/artifacts"},
          "params": {"lr": "0.1"}, "tags": {"note": "größer 🦩"},
          "metrics": {"loss": [{"value": NaN, "timestamp": 5, "step": 1}, {"value": -Infinity, "timestamp": 6, "step": 2}],
            "acc": [{"value": 1, "timestamp": 7, "step": 0, "dataset_name": null}]},
          "inputs": [{"dataset": {"name": "iris", "digest": "d1", "source_type": "http", "source": "{}", "schema": null},
            "tags": [{"key": "mlflow.data.context", "value": "train"}]}]}}
        """
    private static let experiment = """
        {"info": {"failed_runs": []}, "mlflow": {"runs": ["abc"], "experiment": {"experiment_id": "7", "name": "training",
          "artifact_location": "/opt/mlruns/7", "lifecycle_stage": "active", "tags": {"team": "blue"},
          "creation_time": 1, "last_update_time": 2}}}
        """
    private static let model = """
        {"info": {"failed_versions": []}, "mlflow": {"registered_model": {"name": "prod", "creation_timestamp": 8,
          "last_updated_timestamp": 9, "tags": [{"key": "k", "value": "v"}],
          "versions": [{"name": "prod", "version": "2", "creation_timestamp": 10, "current_stage": null, "tags": {"a": "b"},
            "source": "dbfs:/databricks/mlflow-tracking/7/abc/artifacts/model", "run_id": "abc", "run_link": null,
            "aliases": ["live"], "_experiment_name": "of the model"}]}}}
        """

    @Test func `runs, experiments and models come with ids and times`() throws {
        write("experiments/7/experiment.json", Self.experiment)
        write("experiments/7/runs/abc/run.json", Self.run)
        write("experiments/7/runs/abc/artifacts/run.json", "an artifact")
        write("models/prod/model.json", Self.model)
        let found = try read()
        #expect(found.skipped == [] && found.hints == [])
        guard case .experiment(let experiment)? = found.records.first, case .run(let run) = found.records[1],
            case .points(let loss) = found.records[2], case .points(let accuracy) = found.records[3],
            case .registeredModel(let model) = found.records[4], case .modelVersion(let version) = found.records[5]
        else {
            Issue.record("other records: \(found.records)")
            return
        }
        #expect(
            experiment.id == 7 && experiment.creationTime == 1 && experiment.artifactLocation == "mlflow-artifacts:/7"
        )
        #expect(experiment.tags == [Tag(key: "team", value: "blue")])
        #expect(run.run.info.startTime == 3 && run.run.info.endTime == 4 && run.run.info.userID == "ana")
        #expect(run.run.info.artifactURI == "mlflow-artifacts:/7/abc/artifacts")
        #expect(run.run.tags == [Tag(key: "note", value: "größer 🦩")] && run.run.datasetInputs.count == 1)
        #expect(loss.points.map(\.isNaN) == [true, false] && loss.points[1].value == -.greatestFiniteMagnitude)
        #expect(accuracy.key == "acc" && accuracy.points.count == 1)
        #expect(found.folders.map(\.target) == ["7/abc/artifacts"])
        #expect(model.model.aliases == [ModelAlias(alias: "live", version: 2)] && model.model.creationTime == 8)
        #expect(version.version.source == "mlflow-artifacts:/7/abc/artifacts/model" && version.version.stage == .none)
    }

    @Test func `older forms are read too`() throws {
        write(
            "manifest.json",
            "{\"experiment\": {\"experiment_id\": \"7\", \"name\": \"old\", \"artifact_location\": \"dbfs:/7\", \"tags\": {}}}"
        )
        write(
            "abc/run.json",
            """
            {"export_info": {}, "info": {"run_uuid": "abc", "experiment_id": "7", "status": "FAILED", "start_time": 3,
              "artifact_uri": "dbfs:/7/abc/artifacts"}, "params": {}, "metrics": {}, "tags": {"mlflow.runName": "named"}}
            """
        )
        write(
            "model/model.json",
            """
            {"registered_model": {"name": "prod", "creation_timestamp": "8",
              "latest_versions": [{"name": "prod", "version": "1", "current_stage": "Production", "run_id": "x"}]}}
            """
        )
        let found = try read()
        guard case .run(let run) = found.records[1], case .modelVersion(let version)? = found.records.last else {
            Issue.record("other records: \(found.records)")
            return
        }
        // Without artifacts in the folder, the location is the only trace of them.
        #expect(run.experiment.name == "old" && run.run.info.name == "named")
        #expect(run.run.info.artifactURI == "dbfs:/7/abc/artifacts" && run.run.info.endTime == nil)
        #expect(version.version.stage == .production && found.skipped == [])
    }

    @Test func `newer forms are read too`() throws {
        let inputs = "\"inputs\": {\"dataset_inputs\": [], \"model_inputs\": [{\"model_id\": \"m-1\"}]}"
        let outputs = "\"model_outputs\": [{\"model_id\": \"m-1\", \"step\": 4}]"
        let start = try #require(Self.run.firstRange(of: "\"inputs\""))
        write("abc/run.json", String(Self.run[..<start.lowerBound]) + inputs + ", " + outputs + "}}")
        write(
            "abc/m-1/logged_model.json",
            """
            {"mlflow": {"experiment_id": "7", "model_id": "m-1", "name": "forest", "artifact_location": "/srv/m-1/artifacts",
              "creation_timestamp": 5, "last_updated_timestamp": 6, "status": "READY", "tags": {}, "params": {"d": "3"},
              "source_run_id": "abc",
              "metrics": [{"key": "auc", "value": 0.9, "timestamp": 1, "step": 0, "run_id": "abc", "dataset_name": null}]}}
            """
        )
        write("abc/m-1/artifacts/MLmodel", "flavors: {}")
        let found = try read()
        guard case .experiment(let experiment)? = found.records.first, case .run(let run) = found.records[1],
            case .loggedModel(let model) = found.records[4], case .modelPoints(let points) = found.records[5]
        else {
            Issue.record("other records: \(found.records)")
            return
        }
        #expect(run.run.modelInputs.map(\.modelID) == ["m-1"] && run.run.modelOutputs.map(\.step) == [4])
        #expect(model.model.info.status == .ready && model.model.info.lastUpdatedTime == 6)
        #expect(model.model.info.artifactURI == "mlflow-artifacts:/7/models/m-1/artifacts")
        #expect(points.points.count == 1 && found.folders.map(\.target) == ["7/models/m-1/artifacts"])
        #expect(experiment.id == 7 && experiment.name == "experiment 7" && experiment.creationTime == 3)
        #expect(found.hints.count == 1)
    }

    @Test func `an experiment without a file has the name that its model knows`() throws {
        write("model.json", Self.model)
        write("abc/run.json", Self.run)
        guard case .experiment(let experiment)? = try read().records.first else {
            Issue.record("no experiment")
            return
        }
        #expect(experiment.name == "of the model")
    }

    @Test func `what is damaged is reported by its path, and the rest comes`() throws {
        write("7/experiment.json", Self.experiment)
        write("7/abc/run.json", Self.run)
        let broken = [
            "", "{", "[]", "null", "{\"mlflow\": {}}", "{\"mlflow\": {\"info\": {\"run_id\": 5}}}",
            Self.run.replacing("\"7\"", with: "\"seven\""), Self.run.replacing("FINISHED", with: "SOMEHOW"),
            Self.run.replacing("\"lr\": \"0.1\"", with: "\"lr\": [1]"), String(Self.run.dropLast(40)),
        ]
        for (number, text) in broken.enumerated() { write("7/broken\(number)/run.json", text) }
        write("7/binary/run.json", bytes: [0xFF, 0xFE, 0x00])
        write("7/points/run.json", Self.run.replacing("\"value\": 1,", with: "\"value\": \"x\","))
        write("models/a/model.json", "{\"mlflow\": {\"registered_model\": {\"versions\": []}}}")
        write("models/b/model.json", Self.model.replacing("\"version\": \"2\"", with: "\"version\": []"))
        write("prompts/p_v1/prompt.json", "{}")
        symlink(root, root + "/7/cycle")
        mkfifo(root + "/7/experiments.json", 0o600)
        let found = try read()
        let runs = found.records.filter { if case .run = $0 { true } else { false } }
        #expect(runs.count == 2)
        let places = found.skipped.map { String($0.place.dropFirst(root.utf8.count + 1)) }
        let expected =
            broken.indices.map { "7/broken\($0)/run.json" } + [
                "7/binary/run.json", "7/points/run.json", "models/a/model.json", "models/b/model.json",
                "prompts/p_v1/prompt.json", "7/cycle", "7/experiments.json",
            ]
        #expect(places.sorted() == expected.sorted())
    }

    @Test func `a part comes alone, and what the tool itself failed to write is named`() throws {
        write(
            "7/experiment.json",
            Self.experiment.replacing("\"failed_runs\": []", with: "\"failed_runs\": [\"gone\"]")
        )
        write("7/abc/run.json", Self.run)
        write("models/prod/model.json", Self.model)
        var selection = TransferSelection()
        selection.experiments = ["another"]
        let nothing = try read(selection)
        #expect(nothing.records == [])
        #expect(
            nothing.skipped.map(\.place) == [root + "/7/experiment.json"] && nothing.skipped[0].reason.contains("gone")
        )
        selection.experiments = ["training"]
        selection.runs = ["abc"]
        selection.skipsArtifacts = true
        let part = try read(selection)
        guard case .run(let run) = part.records[1] else {
            Issue.record("other records: \(part.records)")
            return
        }
        #expect(
            run.run.info.artifactURI == "dbfs:/databricks/mlflow-tracking/7/abc/artifacts" && part.records.count == 4
        )
    }
}
