import Glibc
import TestSupport
import Testing
import Tracking
import Transfer

@Suite struct FileStoreTests {
    private let tree: StoredTree

    init() throws {
        tree = try StoredTree()
    }

    private static let experiment = """
        artifact_location: file:///elsewhere/mlruns/12
        creation_time: 5
        experiment_id: '12'
        last_update_time: 6
        lifecycle_stage: active
        name: "gr\\xF6\\xDFer: \\U0001F9A9"

        """

    private static let run = """
        artifact_uri: file:///elsewhere/mlruns/12/abc/artifacts
        end_time: null
        experiment_id: '12'
        lifecycle_stage: deleted
        deleted_time: 99
        run_name: 'a: long name that
          goes on

          it''s here'
        start_time: 7
        status: 4
        tags: []
        user_id: ana
        run_uuid: abc

        """

    private func writeUsualTree() {
        tree.write("12/meta.yaml", Self.experiment)
        tree.write("12/tags/team 1", "blue")
        tree.write("12/abc/meta.yaml", Self.run)
        tree.write("12/abc/params/model/lr", "0.1")
        tree.write("12/abc/params/text", "two\nlines ")
        tree.write("12/abc/metrics/loss/train", "1 0.5 0\n2 nan 1\n3 -inf 2\n4 1e-3\n5 2 3 iris: x d1\r\n")
        tree.write("12/abc/artifacts/deep/file", "content")
        tree.write(
            "12/abc/inputs/1/meta.yaml",
            "source_id: d\nsource_type: DATASET\ntags:\n  mlflow.data.context: train\n"
        )
        tree.write(
            "12/datasets/d/meta.yaml",
            "digest: '1'\nname: iris\nprofile: null\nsource: '{\"a\": 1}'\nsource_type: http\n"
        )
        tree.write("12/abc/outputs/m-1/meta.yaml", "destination_id: m-1\nstep: 4\n")
    }

    @Test func `a run comes with everything that its folder holds`() throws {
        writeUsualTree()
        let found = try tree.read()
        #expect(found.skipped == [])
        guard case .experiment(let experiment)? = found.records.first, case .run(let run) = found.records[1],
            case .points(let points) = found.records[2]
        else {
            Issue.record("other records: \(found.records)")
            return
        }
        #expect(
            experiment.name == "größer: 🦩" && experiment.id == 12
                && experiment.tags == [Tag(key: "team 1", value: "blue")]
        )
        #expect(experiment.artifactLocation == "mlflow-artifacts:/12" && experiment.lastUpdateTime == 6)
        let info = run.run.info
        #expect(info.runID == "abc" && info.name == "a: long name that goes on\nit's here" && info.userID == "ana")
        #expect(info.status == .failed && info.startTime == 7 && info.endTime == nil && info.lifecycleStage == .deleted)
        #expect(info.artifactURI == "mlflow-artifacts:/12/abc/artifacts" && run.deletedTime == 99)
        #expect(run.run.params == [Param(key: "text", value: "two\nlines "), Param(key: "model/lr", value: "0.1")])
        let dataset = Dataset(name: "iris", digest: "1", sourceType: "http", source: "{\"a\": 1}")
        let context = Tag(key: Tag.datasetContextKey, value: "train")
        #expect(run.run.datasetInputs == [DatasetInput(dataset: dataset, tags: [context])])
        #expect(run.run.modelOutputs == [ModelOutput(modelID: "m-1", step: 4)])
        #expect(points.key == "loss/train" && points.points.map(\.step) == [0, 1, 2, 0, 3])
        #expect(points.points.map(\.isNaN) == [false, true, false, false, false])
        #expect(points.points.map(\.value) == [0.5, 0, -.greatestFiniteMagnitude, 0.001, 2])
        let folder = ArtifactFolder(root: tree.root, relativePath: "12/abc/artifacts", target: "12/abc/artifacts")
        #expect(found.folders == [folder])
    }

    @Test func `models and the registry come`() throws {
        writeUsualTree()
        tree.write(
            "12/models/m-1/meta.yaml",
            "model_id: m-1\nname: forest\nmodel_type: null\nstatus: 2\ncreation_timestamp: 3\nsource_run_id: abc\nartifact_location: file:///elsewhere/mlruns/12/models/m-1/artifacts\n"
        )
        tree.write("12/models/m-1/metrics/auc", "8 0.9 1 abc iris: x d1\n9 0.8 2 abc\n")
        tree.write(
            "models/prod/meta.yaml",
            "aliases:\n  live: '1'\ncreation_timestamp: 4\ndescription: \"a\\nb\"\nname: prod\n"
        )
        tree.write("models/prod/aliases/live", "1")
        tree.write(
            "models/prod/version-1/meta.yaml",
            "creation_timestamp: 5\ncurrent_stage: Archived\nname: prod\nversion: 1\nsource: file:///elsewhere/mlruns/12/abc/artifacts/deep\nrun_link: null\n"
        )
        tree.write("models/prod/version-2/meta.yaml", "current_stage: Deleted_Internal\nname: prod\nversion: 2\n")
        let found = try tree.read()
        // The model is ready, and none of its files is anywhere.
        #expect(found.skipped.map(\.place) == ["artifacts of logged models"])
        guard case .loggedModel(let model) = found.records[3], case .modelPoints(let points) = found.records[4],
            case .registeredModel(let registered) = found.records[5], case .modelVersion(let version) = found.records[6]
        else {
            Issue.record("other records: \(found.records)")
            return
        }
        #expect(model.model.info.status == .ready && model.model.info.modelType == "" && found.records.count == 7)
        #expect(points.points.map(\.dataset) == [MetricDataset(name: "iris: x", digest: "d1"), nil])
        #expect(registered.model.aliases == [ModelAlias(alias: "live", version: 1)])
        #expect(registered.model.description == "a\nb" && version.version.stage == .archived)
        #expect(version.version.source == "mlflow-artifacts:/12/abc/artifacts/deep")
    }

    @Test func `deleted experiments are in the trash`() throws {
        tree.write(".trash/12/meta.yaml", Self.experiment.replacing("active", with: "deleted"))
        guard case .experiment(let experiment)? = try tree.read().records.first else {
            Issue.record("no experiment")
            return
        }
        #expect(experiment.lifecycleStage == .deleted && FileStore.recognizes(tree.root))
    }

    @Test(arguments: [
        ("12/abc/meta.yaml", ""), ("12/abc/meta.yaml", "start_time: soon\n"), ("12/abc/meta.yaml", "run_name: 'open\n"),
        ("12/abc/meta.yaml", "run_name: &a x\n"), ("12/abc/meta.yaml", "status: 77\n"),
        ("12/abc/meta.yaml", ":\n: :\n -"),
        ("12/abc/meta.yaml", "run_name: \"\\q\"\n"), ("12/abc/meta.yaml", "run_name: \"\\ud800\"\n"),
        ("12/abc/params/text", "\u{1}broken UTF-8"), ("12/abc/metrics/loss/train", "1 x 0\nfine\n1\n2 3 y\n"),
        ("12/abc/inputs/1/meta.yaml", "source_id: gone\nsource_type: DATASET\n"),
        ("12/meta.yaml", "name: 3\nexperiment_id: x\n"),
        ("12/abc/inputs/1/meta.yaml", "source_type: OTHER\nsource_id: d\n"),
        // Cut off in a line, and at the end of one.
        ("12/abc/meta.yaml", "run_id: abc\nstart_time: 17\nstatus: 3"),
        ("12/abc/meta.yaml", "run_id: abc\nrun_name: x\n"), ("12/abc/metrics/loss/train", "1 0.5 0\n2 0.5 1"),
    ])
    func `damage is reported by its path, and the rest comes`(path: String, content: String) throws {
        writeUsualTree()
        tree.write("13/meta.yaml", "experiment_id: '13'\nname: whole\n")
        tree.write("13/def/meta.yaml", "run_id: def\nstart_time: 1\nstatus: 3\n")
        tree.write(path, content)
        if content.hasPrefix("\u{1}") { tree.write(path, bytes: [0x66, 0xFF, 0xFE]) }
        let found = try tree.read()
        let places = found.skipped.map(\.place)
        let wanted = path.replacing("/meta.yaml", with: "")
        #expect(places.contains { $0.hasPrefix(tree.root + "/" + wanted) }, "\(places)")
        let runs = found.records.compactMap { record in
            if case .run(let run) = record { run.run.info.runID } else { nil }
        }
        #expect(runs.contains("def"))
    }

    @Test func `links are not followed, so that a cycle ends`() throws {
        writeUsualTree()
        symlink("..", tree.root + "/12/abc/metrics/cycle")
        symlink(tree.root, tree.root + "/14")
        symlink("/etc/passwd", tree.root + "/12/abc/params/secret")
        let found = try tree.read()
        #expect(found.records.count == 3)
        let links = ["/14", "/12/abc/metrics/cycle", "/12/abc/params/secret"].map { tree.root + $0 }
        #expect(Set(found.skipped.map(\.place)) == Set(links))
    }

    @Test func `a file of points is read in pieces`() throws {
        writeUsualTree()
        let lines = (0..<30_000).map { "17000000\($0) 0.25 \($0)" }
        tree.write("12/abc/metrics/many", lines.map { $0 + "\n" }.joined())
        tree.write("12/abc/metrics/wide", String(repeating: "1", count: 300_000))
        let found = try tree.read()
        let many = found.records.flatMap { record -> [MetricPoint] in
            if case .points(let points) = record, points.key == "many" { points.points } else { [] }
        }
        #expect(many.map(\.step) == (0..<30_000).map { Int64($0) })
        #expect(found.skipped.map(\.place) == [tree.root + "/12/abc/metrics/wide"])
    }
}

/// A file store that a test writes.
private final class StoredTree {
    private let folder: TemporaryFolder
    let root: String

    init() throws {
        folder = try TemporaryFolder()
        root = folder.file("mlruns")
        mkdir(root, 0o700)
    }

    func write(_ path: String, _ content: String) { write(path, bytes: Array(content.utf8)) }

    func write(_ path: String, bytes: [UInt8]) {
        let parts = path.split(separator: "/")
        for count in parts.indices.dropFirst() { mkdir(root + "/" + parts.prefix(count).joined(separator: "/"), 0o700) }
        let isWritten = TestSupport.write(bytes, toFile: root + "/" + path)
        #expect(isWritten)
    }

    func read(_ selection: TransferSelection = TransferSelection()) throws -> Found {
        let found = try Found(FileStore(path: root, artifacts: nil), selection)
        #expect(found.hints == [])
        return found
    }
}
