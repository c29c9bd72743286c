internal import Coding

/// The credentials that the MLflow client would send.
///
/// The order of precedence is that of MLflow's client: the user name and password in the URI, then both
/// `MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`, then `MLFLOW_TRACKING_TOKEN`.
package struct ClientCredentials: Sendable {
    /// Where the credentials come from.
    package enum Origin: Sendable {
        case none
        case uri
        case nameAndPassword
        case token
    }

    package let origin: Origin
    /// The value of the Authorization field; nil if no credentials are sent.
    package let authorization: String?
    private let secrets: [String]

    /// No credentials.
    package static let none = ClientCredentials(.none, authorization: nil, secrets: [])

    /// - Parameter variable: returns the value of an environment variable, or nil for an empty one.
    package init(uri: TrackingURI, _ variable: (String) -> String?) throws(TrackingURIFault) {
        let name = variable("MLFLOW_TRACKING_USERNAME")
        let password = variable("MLFLOW_TRACKING_PASSWORD")
        if let userInfo = uri.userInfo {
            self.init(.uri, name: userInfo.name, password: userInfo.password)
        } else if let name, let password {
            self.init(.nameAndPassword, name: name, password: password)
        } else if let token = variable("MLFLOW_TRACKING_TOKEN") {
            guard Self.isSendable(token) else {
                throw TrackingURIFault(
                    detail: "MLFLOW_TRACKING_TOKEN contains a space, a line break or a character outside ASCII",
                    advice: "Set it without them: export MLFLOW_TRACKING_TOKEN=\"$(tr -d '[:space:]' < FILE)\""
                )
            }
            self.init(token: token)
        } else {
            self.init(.none, authorization: nil, secrets: [])
        }
    }

    /// Whether a token can be sent in a header field: it has at least one character, and only visible ASCII characters.
    static func isSendable(_ token: String) -> Bool {
        !token.isEmpty && token.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    init(token: String) { self.init(.token, authorization: "Bearer \(token)", secrets: [token]) }

    init(name: String, password: String) { self.init(.nameAndPassword, name: name, password: password) }

    private init(_ origin: Origin, name: String, password: String) {
        let encoded = Base64.encode(Array("\(name):\(password)".utf8), .standard)
        self.init(origin, authorization: "Basic \(encoded)", secrets: [encoded, password].filter { !$0.isEmpty })
    }

    private init(_ origin: Origin, authorization: String?, secrets: [String]) {
        self.origin = origin
        self.authorization = authorization
        self.secrets = secrets
    }

    /// Replaces every secret in a text with `***`, in case the server sends one back.
    package func redacted(_ text: String) -> String { secrets.reduce(text) { $0.replacing($1, with: "***") } }
}
