import ArgumentParser
import TestSupport
import Testing

@testable import apus

@Suite struct ReferenceArgumentsTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func check(_ arguments: [String], _ variables: [String: String] = [:]) throws {
        let storage = try StorageOptions.parse(["--data-dir", folder.path])
        try ReferenceArguments(arguments).refuseUnhonoured(Environment(variables), storage)
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
        let options = try ReferenceArguments(arguments)
        #expect(refusal { try options.refuseEncryption(Environment([:])) }?.contains(named) == true)
    }

    @Test func `https asked for by a variable is refused by its name`() throws {
        let options = try ReferenceArguments([])
        let environment = Environment(["MLFLOW_UVICORN_OPTS": "--ssl-certfile c"])
        #expect(refusal { try options.refuseEncryption(environment) }?.contains("MLFLOW_UVICORN_OPTS") == true)
    }

    @Test func `each flag and variable without effect gets one line`() throws {
        let options = try ReferenceArguments(["-w", "4", "--dev", "--uvicorn-opts", "--timeout-keep-alive 5"])
        let lines = options.remarks(Environment(["MLFLOW_EXPOSE_PROMETHEUS": "/metrics", "MLFLOW_WORKERS": "8"]))
        #expect(lines.count == 4)
        for name in ["--workers", "--dev", "--uvicorn-opts", "MLFLOW_EXPOSE_PROMETHEUS"] {
            #expect(lines.contains { $0.hasPrefix("apus: \(name) does nothing here") })
        }
    }

    @Test func `what is no flag of the reference stays for the parser, in its order`() throws {
        let given = ["server", "--port", "0", "--workers=4", "--dev", "-w", "2", "--dev=no", "--", "--app-name", "x"]
        let left = ["server", "--port", "0", "--dev=no", "--", "--app-name", "x"]
        #expect(try ReferenceArguments(given).rest == left)
    }

    @Test(arguments: [["--workers"], ["--app-name", "--dev"], ["--gunicorn-opts"]])
    func `a flag without its value is an error that names it`(arguments: [String]) {
        let error = #expect(throws: ValidationError.self) { try ReferenceArguments(arguments) }
        #expect(error?.message.contains(arguments[0]) == true)
    }
}
