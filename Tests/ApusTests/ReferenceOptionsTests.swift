import ArgumentParser
import TestSupport
import Testing

@testable import apus

@Suite struct ReferenceOptionsTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func check(_ arguments: [String], _ variables: [String: String] = [:]) throws {
        let storage = try StorageOptions.parse(["--data-dir", folder.path])
        try RefusedOptions.parse(arguments).check(Environment(variables), storage)
    }

    @Test(arguments: [
        (["--app-name", "basic-auth"], "--app-name basic-auth"), (["--enable-workspaces"], "--enable-workspaces"),
        (["--artifacts-presigned-only"], "--artifacts-presigned-only"),
        (["--registry-store-uri", "sqlite:///other.db"], "--registry-store-uri"),
        (["--registry-store-uri", "postgresql://h/db"], "--registry-store-uri"),
    ])
    func `a flag that cannot be honoured is refused by name`(arguments: [String], named: String) {
        #expect(refusal { try check(arguments) }?.contains(named) == true)
    }

    @Test(arguments: [
        ("MLFLOW_ENABLE_WORKSPACES", "true"), ("MLFLOW_ARTIFACTS_PRESIGNED_ONLY", "1"),
        ("MLFLOW_REGISTRY_STORE_URI", "sqlite:///other.db"),
    ])
    func `so is its variable`(name: String, value: String) {
        #expect(refusal { try check([], [name: value]) }?.contains(name) == true)
    }

    @Test func `what asks for nothing special is no refusal`() {
        let same = "sqlite:///\(folder.path)/apus.db?timeout=30"
        #expect(refusal { try check(["--registry-store-uri", same]) } == nil)
        #expect(refusal { try check(["--disable-workspaces"], ["MLFLOW_ENABLE_WORKSPACES": "true"]) } == nil)
        #expect(refusal { try check([], ["MLFLOW_ENABLE_WORKSPACES": "false"]) } == nil)
    }

    @Test(arguments: [
        (["--uvicorn-opts", "--ssl-keyfile=k --ssl-certfile=c"], "--ssl-keyfile"),
        (["--gunicorn-opts", "-w 2 --certfile c.pem"], "--certfile"),
    ])
    func `https is never left out silently`(arguments: [String], named: String) throws {
        let options = try IdleOptions.parse(arguments)
        #expect(refusal { try options.refuseEncryption(Environment([:])) }?.contains(named) == true)
    }

    @Test func `https asked for by a variable is refused by its name`() throws {
        let options = try IdleOptions.parse([])
        let environment = Environment(["MLFLOW_UVICORN_OPTS": "--ssl-certfile c"])
        #expect(refusal { try options.refuseEncryption(environment) }?.contains("MLFLOW_UVICORN_OPTS") == true)
    }

    @Test func `each flag and variable without effect gets one line`() throws {
        let options = try IdleOptions.parse(["-w", "4", "--dev", "--uvicorn-opts", "--timeout-keep-alive 5"])
        let lines = options.remarks(Environment(["MLFLOW_EXPOSE_PROMETHEUS": "/metrics", "MLFLOW_WORKERS": "8"]))
        #expect(lines.count == 4)
        for name in ["--workers", "--dev", "--uvicorn-opts", "MLFLOW_EXPOSE_PROMETHEUS"] {
            #expect(lines.contains { $0.hasPrefix("apus: \(name) does nothing here") })
        }
    }
}
