internal import Glibc
internal import TLS

/// Everything a client needs to know about its server.
///
/// What is nil is taken from the environment, as the Python client does: `MLFLOW_TRACKING_URI`,
/// `MLFLOW_TRACKING_USERNAME` with `MLFLOW_TRACKING_PASSWORD`, `MLFLOW_TRACKING_TOKEN`,
/// `MLFLOW_TRACKING_SERVER_CERT_PATH`, `MLFLOW_TRACKING_CLIENT_CERT_PATH`, `MLFLOW_TRACKING_INSECURE_TLS`,
/// `REQUESTS_CA_BUNDLE`, and the proxies of `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`.
///
/// ```swift
/// var configuration = ClientConfiguration(trackingURI: "http://127.0.0.1:5000")
/// configuration.retries.totalTime = .seconds(30)
/// let client = try TrackingClient(configuration)
/// ```
public struct ClientConfiguration: Sendable {
    /// An http, https or azureml address, which may have a name and a password.
    public var trackingURI: String?
    /// Nil for those of the address or the environment.
    public var credentials: Credentials?
    /// Nil for what the environment says.
    public var tls: TLSSettings?
    /// How calls are repeated.
    public var retries = RetryPolicy()
    /// The longest time of one attempt of a call that moves no file.
    public var requestTimeout = Duration.seconds(120)
    /// The longest time for a connection.
    public var connectTimeout = Duration.seconds(10)
    /// The longest time in which no byte of a file moves.
    public var transferTimeout = Duration.seconds(120)
    /// The value of the header field User-Agent.
    public var userAgent = "mlflow-swift-client"
    /// Looks a variable of the environment up; an empty one counts as absent.
    public var environment: @Sendable (String) -> String?

    /// - Parameters:
    ///   - trackingURI: nil for `MLFLOW_TRACKING_URI`.
    ///   - environment: looks a variable up; by default in the environment of the process.
    public init(
        trackingURI: String? = nil,
        environment: @escaping @Sendable (String) -> String? = ClientConfiguration.processEnvironment
    ) {
        self.trackingURI = trackingURI
        self.environment = environment
    }

    /// Looks a variable up in the environment of the process.
    public static let processEnvironment: @Sendable (String) -> String? = { name in
        getenv(name).map { String(cString: $0) }
    }

    func variable(_ name: String) -> String? {
        environment(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    func connection() throws(MLflowError) -> TrackingConnection {
        do throws(TrackingURIFault) {
            guard let text = trackingURI ?? variable("MLFLOW_TRACKING_URI") else {
                throw TrackingURIFault(
                    detail: "no tracking URI is given and MLFLOW_TRACKING_URI is not set",
                    advice: "Name the server, as in http://127.0.0.1:5000."
                )
            }
            let uri = try TrackingURI(text)
            let given = try credentials?.fixed()
            return try TrackingConnection(uri, userAgent: userAgent, credentials: given, trust: tls?.trust, variable)
        } catch {
            throw MLflowError(.invalidConfiguration, "\(error.detail). \(error.advice)", outcome: .notCarriedOut)
        }
    }
}

extension Credentials {
    /// What is sent where no provider is asked.
    fileprivate func fixed() throws(TrackingURIFault) -> ClientCredentials {
        switch self {
        case .none, .provider: return .none
        case .basic(let username, let password): return ClientCredentials(name: username, password: password)
        case .token(let token):
            guard ClientCredentials.isSendable(token) else {
                throw TrackingURIFault(
                    detail: "the token is empty or holds a blank, a line break or a character outside ASCII",
                    advice: "Give the token alone."
                )
            }
            return ClientCredentials(token: token)
        }
    }
}
