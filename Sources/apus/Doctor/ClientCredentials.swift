internal import Coding

/// The credentials that the MLflow client would send.
///
/// Precedence as in the client: name and password in the URI, then both `MLFLOW_TRACKING_USERNAME` and
/// `MLFLOW_TRACKING_PASSWORD`, then `MLFLOW_TRACKING_TOKEN`.
struct ClientCredentials: Sendable {
    enum Origin: Sendable {
        case none
        case uri
        case nameAndPassword
        case token
    }

    let origin: Origin
    /// The Authorization field; nil when there is nothing to send.
    let authorization: String?
    private let secrets: [String]

    init(uri: TrackingURI, environment: Environment) throws(TrackingURIFault) {
        let name = environment["MLFLOW_TRACKING_USERNAME"]
        let password = environment["MLFLOW_TRACKING_PASSWORD"]
        if let userInfo = uri.userInfo {
            self.init(.uri, name: userInfo.name, password: userInfo.password)
        } else if let name, let password {
            self.init(.nameAndPassword, name: name, password: password)
        } else if let token = environment["MLFLOW_TRACKING_TOKEN"] {
            guard token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw TrackingURIFault(
                    detail: "MLFLOW_TRACKING_TOKEN holds a blank, a line break or a character outside ASCII",
                    advice: "Set it anew without it: export MLFLOW_TRACKING_TOKEN=\"$(tr -d '[:space:]' < FILE)\""
                )
            }
            self.init(.token, authorization: "Bearer \(token)", secrets: [token])
        } else {
            self.init(.none, authorization: nil, secrets: [])
        }
    }

    private init(_ origin: Origin, name: String, password: String) {
        let encoded = Base64.encode(Array("\(name):\(password)".utf8), .standard)
        self.init(origin, authorization: "Basic \(encoded)", secrets: [encoded, password].filter { !$0.isEmpty })
    }

    private init(_ origin: Origin, authorization: String?, secrets: [String]) {
        self.origin = origin
        self.authorization = authorization
        self.secrets = secrets
    }

    /// Replaces every secret in a text from the server, in case the server sends one back.
    func redacted(_ text: String) -> String {
        secrets.reduce(text) { $0.replacing($1, with: "***") }
    }
}
