/// Whom a client trusts, and how it shows who it is.
package struct TLSTrust: Sendable, Equatable {
    /// Where the trusted certificates are.
    package enum Authorities: Sendable, Equatable {
        /// The places of the system's OpenSSL, or those that SSL_CERT_FILE and SSL_CERT_DIR name.
        case system
        /// A file or a folder of hashed names, and the variable that names it.
        case place(String, source: String)
    }

    /// Whether certificates and their names are verified.
    package var verifies = true
    package var authorities = Authorities.system
    /// The client's own certificate; nil to send none.
    package var ownCertificate: TLSIdentity?

    package init() {}

    /// What the environment says, as the Python client takes it.
    ///
    /// `MLFLOW_TRACKING_SERVER_CERT_PATH` wins over `REQUESTS_CA_BUNDLE` and `CURL_CA_BUNDLE`, these over the system's
    /// certificates; `MLFLOW_TRACKING_INSECURE_TLS` trusts everyone.
    ///
    /// - Parameter variable: looks a variable of the environment up; nil for an empty one.
    /// - Throws: the contradiction, in words, if both trust everyone and trust only a file are asked for.
    package init(_ variable: (String) -> String?) throws(TLSFailure) {
        let everyone = "MLFLOW_TRACKING_INSECURE_TLS"
        let serverCertificate = "MLFLOW_TRACKING_SERVER_CERT_PATH"
        switch variable(everyone)?.lowercased() {
        case nil, "false", "0": verifies = true
        case "true", "1": verifies = false
        default: throw .badFile("\(everyone) is neither true nor false")
        }
        if let path = variable(serverCertificate) {
            guard verifies else { throw .badFile("\(everyone) and \(serverCertificate) contradict each other") }
            authorities = .place(path, source: serverCertificate)
        } else if let name = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"].first(where: { variable($0) != nil }),
            let path = variable(name)
        {
            authorities = .place(path, source: name)
        }
        let name = "MLFLOW_TRACKING_CLIENT_CERT_PATH"
        if let path = variable(name) {
            ownCertificate = TLSIdentity(certificatePath: path, name, keyPath: path, name)
        }
    }
}
