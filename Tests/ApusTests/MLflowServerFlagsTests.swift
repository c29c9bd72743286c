import ArgumentParser
import TLS
import TestSupport
import Testing

@testable import apus

@Suite struct MLflowServerFlagsTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func check(_ arguments: [String], _ variables: [String: String] = [:]) throws {
        let storage = try StorageOptions.parse(["--data-dir", folder.path])
        try MLflowServerFlags(arguments).refuseUnsupported(Environment(variables), storage)
    }

    @Test(arguments: [
        (["--enable-workspaces"], "--enable-workspaces"),
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
        (["--uvicorn-opts", "--ssl-certfile=c --ssl-keyfile-password p"], "--ssl-keyfile-password"),
        (["--uvicorn-opts", "--ssl-ca-certs 'a b'"], "--ssl-ca-certs"),
        (["--gunicorn-opts", "-w 2 --certfile c.pem"], "--certfile"),
    ])
    func `https is never left out silently`(arguments: [String], named: String) throws {
        let options = try MLflowServerFlags(arguments)
        #expect(refusal { _ = try options.encryption(Environment([:])) }?.contains(named) == true)
    }

    @Test(arguments: [
        "--ssl-certfile 'a b.pem' --ssl-keyfile=k", "--log-level info --ssl-keyfile \"k\" --ssl-certfile=a\\ b.pem",
    ])
    func `the files for https are taken from the options for uvicorn`(text: String) throws {
        let environment = Environment(["MLFLOW_UVICORN_OPTS": text])
        let found = try MLflowServerFlags([]).encryption(environment)
        #expect(found.certificate?.text == "a b.pem" && found.key?.text == "k")
        #expect(found.key?.source == "MLFLOW_UVICORN_OPTS --ssl-keyfile")
        let none = try ListeningOptions.parse([])
        #expect(try ServedCertificate.identity(none, MLflowServerFlags([]), Environment([:])) == nil)
        let own = try ListeningOptions.parse(["--ssl-certfile", "own", "--ssl-keyfile", "own.key"])
        let identity = try ServedCertificate.identity(own, MLflowServerFlags([]), environment)
        #expect(identity?.certificatePath == "own" && identity?.keyPath == "own.key")
    }

    @Test func `a key without a certificate is refused`() throws {
        let options = try ListeningOptions.parse(["--ssl-keyfile", "k"])
        let message = refusal { _ = try ServedCertificate.identity(options, MLflowServerFlags([]), Environment([:])) }
        #expect(message?.contains("--ssl-keyfile") == true && message?.contains("--ssl-certfile") == true)
    }

    @Test func `each flag and variable without effect gets one line`() throws {
        let options = try MLflowServerFlags(["-w", "4", "--dev", "--uvicorn-opts", "--timeout-keep-alive 5"])
        let lines = options.remarks(Environment(["MLFLOW_EXPOSE_PROMETHEUS": "/metrics", "MLFLOW_WORKERS": "8"]))
        #expect(lines.count == 4)
        for name in ["--workers", "--dev", "--uvicorn-opts", "MLFLOW_EXPOSE_PROMETHEUS"] {
            #expect(lines.contains { $0.hasPrefix("apus: \(name) has no effect here") })
        }
    }

    @Test func `what is not a flag of MLflow stays for the parser, in its order`() throws {
        let given = ["server", "--port", "0", "--workers=4", "--dev", "-w", "2", "--dev=no", "--", "--app-name", "x"]
        let left = ["server", "--port", "0", "--dev=no", "--", "--app-name", "x"]
        #expect(try MLflowServerFlags(given).rest == left)
    }

    @Test(arguments: [["--workers"], ["--registry-store-uri", "--dev"], ["--gunicorn-opts"]])
    func `a flag without its value is an error that names it`(arguments: [String]) {
        let error = #expect(throws: ValidationError.self) { try MLflowServerFlags(arguments) }
        #expect(error?.message.contains(arguments[0]) == true)
    }
}
