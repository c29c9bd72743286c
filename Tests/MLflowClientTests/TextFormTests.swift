import Glibc
import JSON
import TestSupport
import Testing

@testable import MLflowClient

/// Forms that other programs read.
@Suite struct TextFormTests {
    private func run() throws -> RunInfo {
        let info = #"{"run_id": "r1", "experiment_id": "7"}"#
        return try RunInfo(JSONDocument(parsing: Array(info.utf8)).root)
    }

    @Test(arguments: [
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000/#/experiments/7/runs/r1"),
        ("https://user:secret@mlflow.example.com/base/", "https://mlflow.example.com/base/#/experiments/7/runs/r1"),
        (
            "azureml://eu.api.azureml.ms/mlflow/v1.0/subscriptions/S/resourceGroups/G/providers/"
                + "Microsoft.MachineLearningServices/workspaces/W",
            "https://ml.azure.com/runs/r1?wsid=/subscriptions/S/resourceGroups/G/workspaces/W"
        ),
    ])
    func `the page of a run`(uri: String, page: String) throws {
        #expect(RunPage.url(of: try run(), at: try TrackingURI(uri)) == page)
    }

    @Test func `an azureml address stands for the https address of its tracking server`() throws {
        let uri = try TrackingURI("azureml://eu.api.azureml.ms/mlflow/v1.0/subscriptions/S")
        #expect("\(uri)" == "https://eu.api.azureml.ms/mlflow/v2.0/subscriptions/S")
    }

    @Test(arguments: [
        ("mlflow-artifacts:/0/r1/artifacts", ArtifactRoot.served("0/r1/artifacts/")),
        ("mlflow-artifacts://host:5000/0/r1/artifacts", .served("0/r1/artifacts/")),
        ("mlflow-artifacts:/", .served("")),
        ("http://host/api/2.0/mlflow-artifacts/artifacts/0/r1", .served("0/r1/")),
        ("s3://bucket/0/r1", .elsewhere("s3://bucket/0/r1")),
    ])
    func `where artifacts are`(uri: String, root: ArtifactRoot) {
        #expect(ArtifactRoot(uri) == root)
    }

    @Test func `a manifest is the same after it was written and read`() throws {
        let files = [
            ArtifactManifest.File(path: "b \"quoted\".bin", size: 1 << 40, sha256: "ff"),
            ArtifactManifest.File(path: "a.bin", size: 0, sha256: "00"),
        ]
        let manifest = ArtifactManifest(files)
        #expect(manifest.files.map(\.path) == ["a.bin", "b \"quoted\".bin"])
        #expect(try ArtifactManifest(parsing: manifest.json) == manifest)
    }

    @Test func `the hash of params does not depend on their order, but on each byte`() {
        let hash = Param.hash(of: [Param("a", 1), Param("b", 2)])
        #expect(hash == Param.hash(of: [Param("b", 2), Param("a", 1)]))
        #expect(hash != Param.hash(of: [Param("a", 12), Param("b", "")]))
        #expect(hash.utf8.count == 64)
    }

    @Test func `the folder of an epoch sorts by its number`() {
        #expect(
            [1, 42, 12_345].map { EpochRecord(epoch: $0).folder } == [
                "epochs/epoch_0001", "epochs/epoch_0042", "epochs/epoch_12345",
            ]
        )
    }

    @Test func `a value cannot break out of its cell in a summary`() {
        let record = EpochRecord(epoch: 1, metadata: [Param("note", "a|b\nc")])
        #expect(record.summary.contains("| note | a\\|b c |"))
    }

    @Test func `a percentile lies between two values in proportion`() {
        let values = [10.0, 20, 30, 40, 50]
        #expect([0, 50, 95, 100].map { BenchmarkTracker.percentile($0, of: values) } == [10, 30, 48, 50])
        #expect(BenchmarkTracker.percentile(95, of: [7]) == 7)
    }

    @Test(arguments: ["", "/kaggle/working", "/content/drive/MyDrive"])
    func `the platform is told by its variables and its folders`(folder: String) throws {
        let root = try TemporaryFolder()
        makeFolders(folder, beneath: root.path)
        let kaggle = Platform.current(beneath: root.path) { $0 == "KAGGLE_KERNEL_RUN_TYPE" ? "Batch" : nil }
        #expect(kaggle == (folder == "/kaggle/working" ? .kaggle : .local))
        let colab = Platform.current(beneath: root.path) { $0 == "COLAB_RELEASE_TAG" ? "1" : nil }
        #expect(colab == .colab(drive: folder.hasPrefix("/content") ? root.path + folder : nil))
        #expect(Platform.current(beneath: root.path) { _ in nil } == .local)
    }
}

private func makeFolders(_ path: String, beneath root: String) {
    var folder = root
    for name in path.split(separator: "/") {
        folder += "/\(name)"
        mkdir(folder, 0o777)
    }
}
