import ArgumentParser
import Glibc
import TestSupport
import Testing
import Tracking

@testable import apus

/// The flags of a server that say where the data is and how it is kept.
private struct ServerStorage: ParsableArguments {
    @OptionGroup var storage: StorageOptions
    @OptionGroup var keeping: DataHandlingOptions
}

@Suite struct StorageLayoutTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func layout(_ arguments: [String], _ variables: [String: String] = [:]) throws -> StorageLayout {
        let options = try ServerStorage.parse(arguments)
        return try StorageLayout(options.storage, Environment(variables), keeping: options.keeping)
    }

    @Test func `the data folder holds everything unless told otherwise`() throws {
        let layout = try layout([], ["APUS_DATA_DIR": folder.file("data")])
        #expect(layout.databasePath == folder.file("data/apus.db"))
        #expect(layout.artifactsPath == folder.file("data/artifacts"))
        #expect(layout.artifactRoot.uri == "mlflow-artifacts:/")
        #expect(layout.remarks.isEmpty)
    }

    @Test func `a file store is refused as a data folder, unless Apus lives in it already`() throws {
        try #require(mkdir(folder.file("0"), 0o700) == 0)
        try #require(write([], toFile: folder.file("0/meta.yaml")))
        #expect(refusal { try layout(["--data-dir", folder.path]) }?.contains("file store") == true)
        #expect(fileNames(inFolder: folder.path) == ["0"])
        try #require(write([], toFile: folder.file("apus.db")))
        #expect(refusal { try layout(["--data-dir", folder.path]) } == nil)
    }

    @Test(arguments: ["--data-dir", "--artifacts-destination", "--default-artifact-root"])
    func `an address with a password is no folder, unless there is one of this name`(flag: String) throws {
        let message = try #require(refusal { try layout([flag, "host=db password=secret"]) })
        #expect(message.contains(flag) && message.contains("--backend-store-uri") && !message.contains("secret"))
        let path = folder.file("password=secret")
        try #require(mkdir(path, 0o700) == 0)
        #expect(refusal { try layout([flag, path], ["APUS_DATA_DIR": folder.file("data")]) } == nil)
    }

    @Test func `the pair of flags of a file store is refused before anything is made`() throws {
        let runs = folder.file("mlruns")
        let arguments = ["--backend-store-uri", runs, "--default-artifact-root", runs]
        #expect(refusal { try layout(arguments) }?.contains("--data-dir") == true)
        #expect(fileNames(inFolder: folder.path).isEmpty)
    }

    @Test(arguments: ["--artifacts-destination", "--default-artifact-root"])
    func `a file where a folder of artifacts should be is refused by its flag`(flag: String) throws {
        try #require(write([], toFile: folder.file("file")))
        let data = ["--data-dir", folder.file("data")]
        for path in [folder.file("file"), "file://" + folder.file("file")] {
            #expect(refusal { try layout(data + [flag, path]) }?.contains("\(flag): ") == true)
        }
    }

    @Test(arguments: [
        ("MLFLOW_ARTIFACTS_DESTINATION", "gs://bucket"), ("MLFLOW_ARTIFACTS_DESTINATION", "s3://b"),
        ("MLFLOW_DEFAULT_ARTIFACT_ROOT", "s3://"), ("MLFLOW_BACKEND_STORE_URI", "mysql://h/d"),
        ("MLFLOW_SERVE_ARTIFACTS", "perhaps"), ("MLFLOW_ARTIFACTS_ONLY", "perhaps"),
        ("APUS_DEDUPLICATE_ARTIFACTS", "perhaps"),
    ])
    func `a variable that is refused is named`(name: String, value: String) {
        let data = ["--data-dir", folder.file("data")]
        #expect(refusal { try layout(data, [name: value]) }?.contains(name) == true)
    }
}
