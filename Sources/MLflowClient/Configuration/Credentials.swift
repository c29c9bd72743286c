/// The credentials that a client sends.
///
/// ```swift
/// var configuration = ClientConfiguration(trackingURI: "https://mlflow.example.com")
/// configuration.credentials = .provider { try tokenOfTheCloud() }
/// ```
public enum Credentials: Sendable {
    /// No credentials.
    case none
    /// A name and a password, sent as HTTP Basic.
    case basic(username: String, password: String)
    /// A token, sent as Bearer.
    case token(String)
    /// Tokens that expire: the closure is called for the first token, and again when the server answers 401.
    ///
    /// The closure may block. It is called on a thread of the library or of the caller, and never twice at the same time.
    case provider(@Sendable () throws -> String)
}
