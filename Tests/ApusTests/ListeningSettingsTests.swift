import ArgumentParser
import Testing

@testable import apus

@Suite struct ListeningSettingsTests {
    private func settings(_ arguments: [String] = [], _ variables: [String: String] = [:]) throws -> ListeningSettings {
        try ListeningSettings(ListeningOptions.parse(arguments), Environment(variables))
    }

    @Test func `a flag wins over MLFLOW_PORT, and that over PORT`() throws {
        let variables = ["MLFLOW_PORT": "6001", "PORT": "6002"]
        #expect(try settings(["--port", "6000"], variables).port == 6_000)
        #expect(try settings([], variables).port == 6_001)
        #expect(try settings([], ["PORT": "6002"]).port == 6_002)
        #expect(try settings().port == 5_000)
    }

    @Test(arguments: ["tcp://10.0.0.1:5000", "udp://10.0.0.1:5000", "sctp://[fd00::1]:5000"])
    func `what Kubernetes makes for a Service is ignored with a line`(link: String) throws {
        let beside = try settings([], ["MLFLOW_PORT": link, "PORT": "6002"])
        #expect(beside.port == 6_002)
        #expect(beside.remarks.count == 1)
        #expect(beside.remarks.first?.contains("MLFLOW_PORT=\(link)") == true)
        let alone = try settings([], ["MLFLOW_PORT": link])
        #expect(alone.port == 5_000)
        #expect(try settings([], ["PORT": link]).port == 5_000)
        let flagged = try settings(["--port", "7000"], ["MLFLOW_PORT": link])
        #expect(flagged.port == 7_000)
        #expect(flagged.remarks.isEmpty)
    }

    @Test(arguments: [
        (["MLFLOW_PORT": "x"], "MLFLOW_PORT=x"), (["PORT": "99999"], "PORT=99999"),
        (["MLFLOW_HOST": "tcp://10.0.0.1"], "MLFLOW_HOST=tcp://10.0.0.1"),
        (["MLFLOW_STATIC_PREFIX": "mlflow"], "MLFLOW_STATIC_PREFIX=mlflow"),
    ])
    func `a variable that is refused is named`(variables: [String: String], named: String) {
        #expect(refusal { try settings([], variables) }?.contains(named) == true)
    }

    @Test(arguments: [
        (["--port", "x"], "--port 'x'"), (["--port", ""], "--port ''"), (["--host", ""], "--host ''"),
        (["--static-prefix", "/a/"], "--static-prefix '/a/'"),
    ])
    func `a flag that is refused is named`(arguments: [String], named: String) {
        #expect(refusal { try settings(arguments) }?.contains(named) == true)
    }

    @Test func `an empty variable is none`() throws {
        #expect(try settings([], ["MLFLOW_PORT": "", "MLFLOW_HOST": ""]).host == "127.0.0.1")
    }
}
