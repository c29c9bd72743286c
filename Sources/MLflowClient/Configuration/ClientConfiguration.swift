internal import Glibc
internal import TLS

/// The address of a server, and how a client calls it.
///
/// As in MLflow's Python client, settings that are nil come from the environment: `MLFLOW_TRACKING_URI`,
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
    /// An http, https or azureml address, which may contain a user name and a password; nil for `MLFLOW_TRACKING_URI`.
    public var trackingURI: String?
    /// The credentials; nil for those in the address or the environment.
    public var credentials: Credentials?
    /// The settings for https; nil for those in the environment.
    public var tls: TLSSettings?
    /// How failed calls are repeated.
    public var retries = RetryPolicy()
    /// The longest time for one attempt of a call that transfers no file.
    public var requestTimeout = Duration.seconds(120)
    /// The longest time for connecting to the server.
    public var connectTimeout = Duration.seconds(10)
    /// The longest time in which no byte of a file is transferred.
    public var transferTimeout = Duration.seconds(120)
    /// The value of the header field User-Agent.
    public var userAgent = "mlflow-swift-client"
    /// Returns the value of an environment variable; an empty value counts as absent.
    public var environment: @Sendable (String) -> String?

    /// - Parameters:
    ///   - trackingURI: nil for `MLFLOW_TRACKING_URI`.
    ///   - environment: returns the value of a variable; by default from the environment of the process.
    public init(
        trackingURI: String? = nil,
        environment: @escaping @Sendable (String) -> String? = ClientConfiguration.processEnvironment
    ) {
        self.trackingURI = trackingURI
        self.environment = environment
    }

    /// Returns the value of a variable in the environment of the process; nil if it is not set.
    public static let processEnvironment: @Sendable (String) -> String? = { name in
        getenv(name).map { String(cString: $0) }
    }

    func variable(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }

    func connection() throws(MLflowError) -> TrackingConnection {
        do throws(TrackingURIFault) {
            guard let text = trackingURI ?? variable("MLFLOW_TRACKING_URI") else {
                throw TrackingURIFault(
                    detail: "no tracking URI is given and MLFLOW_TRACKING_URI is not set",
                    advice: "Give the server's address, such as http://127.0.0.1:5000, or set MLFLOW_TRACKING_URI."
                )
            }
            let uri = try TrackingURI(text)
            let fixed = try credentials?.fixedCredentials()
            return try TrackingConnection(uri, userAgent: userAgent, credentials: fixed, trust: tls?.trust, variable)
        } catch {
            throw MLflowError(.invalidConfiguration, "\(error.detail). \(error.advice)", outcome: .notCarriedOut)
        }
    }
}

extension Credentials {
    /// The credentials, if they never change; none if a provider returns tokens.
    fileprivate func fixedCredentials() throws(TrackingURIFault) -> ClientCredentials {
        switch self {
        case .none, .provider: return .none
        case .basic(let username, let password): return ClientCredentials(name: username, password: password)
        case .token(let token):
            guard ClientCredentials.isSendable(token) else {
                throw TrackingURIFault(
                    detail: "the token is empty or contains a space, a line break or a character outside ASCII",
                    advice: "Give only the token, without other characters."
                )
            }
            return ClientCredentials(token: token)
        }
    }
}
