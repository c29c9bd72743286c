import TLS
import Testing

@Suite struct TLSTrustTests {
    private func trust(_ variables: [String: String]) throws -> TLSTrust { try TLSTrust { variables[$0] } }

    @Test func `without variables the system's certificates are trusted`() throws {
        #expect(try trust([:]) == TLSTrust())
        #expect(try trust(["MLFLOW_TRACKING_INSECURE_TLS": "False"]).verifies)
    }

    @Test func `the variable of MLflow wins over those of other programs`() throws {
        var variables = ["CURL_CA_BUNDLE": "c"]
        #expect(try trust(variables).authorities == .path("c", source: "CURL_CA_BUNDLE"))
        variables["REQUESTS_CA_BUNDLE"] = "b"
        #expect(try trust(variables).authorities == .path("b", source: "REQUESTS_CA_BUNDLE"))
        variables["MLFLOW_TRACKING_SERVER_CERT_PATH"] = "a"
        #expect(try trust(variables).authorities == .path("a", source: "MLFLOW_TRACKING_SERVER_CERT_PATH"))
    }

    @Test(arguments: ["1", "true", "TRUE"]) func `everyone can be trusted`(value: String) throws {
        #expect(try !trust(["MLFLOW_TRACKING_INSECURE_TLS": value, "REQUESTS_CA_BUNDLE": "b"]).verifies)
    }

    @Test func `a certificate of the client is one file with its key`() throws {
        let own = try #require(try trust(["MLFLOW_TRACKING_CLIENT_CERT_PATH": "own.pem"]).ownCertificate)
        #expect(own.certificatePath == "own.pem" && own.keyPath == "own.pem")
    }

    @Test(arguments: [
        ["MLFLOW_TRACKING_INSECURE_TLS": "perhaps"],
        ["MLFLOW_TRACKING_INSECURE_TLS": "1", "MLFLOW_TRACKING_SERVER_CERT_PATH": "a"],
    ])
    func `what contradicts itself is refused`(variables: [String: String]) {
        #expect(throws: TLSFailure.self) { try trust(variables) }
    }
}
