import ArgumentParser
import Testing

@testable import apus

@Suite struct SecuritySettingsTests {
    private func settings(_ arguments: [String] = [], _ variables: [String: String] = [:]) throws -> SecuritySettings {
        try SecuritySettings(SecurityOptions.parse(arguments), prefix: "", Environment(variables))
    }

    @Test(arguments: [
        (["MLFLOW_SERVER_ALLOWED_HOSTS": "a/b"], "MLFLOW_SERVER_ALLOWED_HOSTS"),
        (["MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": "nonsense"], "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"),
        (["MLFLOW_SERVER_X_FRAME_OPTIONS": "MAYBE"], "MLFLOW_SERVER_X_FRAME_OPTIONS=MAYBE"),
        (["MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE": "2"], "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE=2"),
    ])
    func `a variable that is refused is named`(variables: [String: String], named: String) {
        #expect(refusal { try settings([], variables) }?.contains(named) == true)
    }

    @Test func `the sentence on guarding tells what is set`() throws {
        #expect(try settings().hostRule.contains("a private address"))
        #expect(try settings(["--allowed-hosts", "a.example"]).hostRule.contains("one of --allowed-hosts"))
        #expect(try settings(["--disable-security-middleware"]).hostRule.contains("any Host and any Origin"))
    }
}
