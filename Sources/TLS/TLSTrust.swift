/// The certificates that a client trusts, and its own certificate.
package struct TLSTrust: Sendable, Equatable {
    /// The location of the trusted certificates.
    package enum Authorities: Sendable, Equatable {
        /// The default files of the system's OpenSSL, or those in SSL_CERT_FILE and SSL_CERT_DIR.
        case system
        /// The path of a file, or of a folder whose file names are hashes; `source` is the variable with the path.
        case path(String, source: String)
    }

    /// Whether the server's certificate, and the name for which it is valid, are verified.
    package var verifies = true
    package var authorities = Authorities.system
    /// The client's own certificate; nil to send no certificate.
    package var ownCertificate: TLSIdentity?

    package init() {}

    /// Reads the environment variables of MLflow's Python client.
    ///
    /// The trusted certificates are those in `MLFLOW_TRACKING_SERVER_CERT_PATH` or, if it is not set, in
    /// `REQUESTS_CA_BUNDLE` or `CURL_CA_BUNDLE`, or else the system's. With `MLFLOW_TRACKING_INSECURE_TLS`, every
    /// certificate is accepted. The client's own certificate is in `MLFLOW_TRACKING_CLIENT_CERT_PATH`.
    ///
    /// - Parameter variable: returns the value of an environment variable; nil for an empty or missing one.
    /// - Throws: `.badFile` if `MLFLOW_TRACKING_INSECURE_TLS` has another value than true, false, 1 or 0, or is true
    ///   although `MLFLOW_TRACKING_SERVER_CERT_PATH` is set.
    package init(_ variable: (String) -> String?) throws(TLSFailure) {
        let insecureVariable = "MLFLOW_TRACKING_INSECURE_TLS"
        let certificateVariable = "MLFLOW_TRACKING_SERVER_CERT_PATH"
        switch variable(insecureVariable)?.lowercased() {
        case nil, "false", "0": verifies = true
        case "true", "1": verifies = false
        default: throw .badFile("\(insecureVariable) is neither true nor false")
        }
        if let path = variable(certificateVariable) {
            let conflict = "\(insecureVariable) and \(certificateVariable) contradict each other"
            guard verifies else { throw .badFile(conflict) }
            authorities = .path(path, source: certificateVariable)
        } else if let name = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"].first(where: { variable($0) != nil }),
            let path = variable(name)
        {
            authorities = .path(path, source: name)
        }
        let name = "MLFLOW_TRACKING_CLIENT_CERT_PATH"
        if let path = variable(name) { ownCertificate = TLSIdentity(certificatePath: path, name, keyPath: path, name) }
    }
}
