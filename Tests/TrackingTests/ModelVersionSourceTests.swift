import Testing
import Tracking

@Suite struct ModelVersionSourceTests {
    private static func kind(_ text: String, isPrompt: Bool = false) throws -> ModelVersionSource.Kind {
        try ModelVersionSource(text, isPrompt: isPrompt, workingDirectory: "/server", trustedRoots: []).kind
    }

    @Test(arguments: [
        "s3://b/../x", "s3://b/a/%2e%2e/x", "s3://b/%252e%252e/x", "mlflow-artifacts:/../x", "runs:/abc/m/../..",
        "s3://b/a/./x", "s3://b", "s3:", "runs:abc", "databricks", "s3://b/a%00", "c:\\x",
        "mlflow-artifacts:/1/..\u{301}/../x", "s3://b/+/../x",
    ])
    func `a path that is not absolute and plain is refused however it is encoded`(source: String) {
        #expect(throws: TrackingError.self) { try Self.kind(source) }
    }

    @Test(arguments: [
        "http://h/x", "https://h/x", "ftp://h/x", "sftp://u@h/x", "hdfs://h/x", "abfss://c@h/x",
        "mlflow-artifacts://h/0",
        "file://host/x", "s3://[::1/x", "models://h/m/1", "runs://h/abc/m",
    ])
    func `a source that names a host is refused`(source: String) {
        #expect(throws: TrackingError.self) { try Self.kind(source) }
    }

    @Test(arguments: ["models:/", "models:/m/1/2", "models:/m/ ", "models:m/1", "models:/m@ "])
    func `a malformed model reference is refused`(source: String) {
        #expect(throws: TrackingError.self) { try Self.kind(source) }
    }

    @Test func `what a source is follows from its text`() throws {
        #expect(try Self.kind("/tmp/a/../b") == .local(path: "/tmp/b"))
        #expect(try Self.kind("x/y") == .local(path: "/server/x/y"))
        #expect(try Self.kind("file:///tmp/a%20b") == .local(path: "/tmp/a b"))
        #expect(try Self.kind("runs:/abc/model") == .run(id: "abc"))
        #expect(try Self.kind("models:/m-1") == .loggedModel(id: "m-1"))
        #expect(try Self.kind("mlflow-artifacts:/0/r/artifacts") == .proxied)
        #expect(try Self.kind("s3://b/x") == .elsewhere)
        guard case .registeredModel(let byVersion) = try Self.kind("models:/m/1") else { Issue.record(); return }
        #expect(byVersion.name == "m" && byVersion.choice == .version("1"))
        guard case .registeredModel(let byAlias) = try Self.kind("models:/m@champ") else { Issue.record(); return }
        #expect(byAlias.name == "m" && byAlias.choice == .alias("champ"))
        guard case .registeredModel(let byStage) = try Self.kind("models:/m/Production") else { Issue.record(); return }
        #expect(byStage.choice == .stage("Production"))
    }

    /// CVE-2026-2614: a tag made the server skip the check of the source.
    @Test(arguments: ["/etc/passwd", "file:///etc/passwd", "../x", "s3://b/x", "mlflow-artifacts:/0/x", "Dummy-source"])
    func `a prompt has a placeholder for its source and nothing else`(source: String) {
        #expect(throws: TrackingError.self) { try Self.kind(source, isPrompt: true) }
    }

    @Test(arguments: ["dummy-source", "prompt-template"])
    func `the placeholders of prompts are paths like others elsewhere`(source: String) throws {
        #expect(try Self.kind(source, isPrompt: true) == .placeholder)
        #expect(try Self.kind(source) == .local(path: "/server/" + source))
    }

    @Test func `a folder holds what lies beneath it and nothing that begins like it`() {
        #expect(ModelVersionSource.isLocalPath("/a/b/c", within: "/a/b"))
        #expect(ModelVersionSource.isLocalPath("/a/b", within: "/a/b"))
        #expect(!ModelVersionSource.isLocalPath("/a/bc", within: "/a/b"))
        #expect(ModelVersionSource.isURI("mlflow-artifacts:/0/r/x", within: "mlflow-artifacts:/0/r"))
        #expect(!ModelVersionSource.isURI("mlflow-artifacts:/0/rx", within: "mlflow-artifacts:/0/r"))
        #expect(!ModelVersionSource.isURI("mlflow-artifacts://h/0/r/x", within: "mlflow-artifacts:/0/r"))
        #expect(!ModelVersionSource.isURI("mlflow-artifacts:/x", within: "mlflow-artifacts:/"))
    }
}
