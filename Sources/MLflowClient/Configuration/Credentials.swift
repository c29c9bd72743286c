/// How a client shows who it is.
///
/// ```swift
/// var configuration = ClientConfiguration(trackingURI: "https://mlflow.example.com")
/// configuration.credentials = .provider { try tokenOfTheCloud() }
/// ```
public enum Credentials: Sendable {
    /// Nothing is sent.
    case none
    /// A name and a password, sent as HTTP Basic.
    case basic(username: String, password: String)
    /// A token, sent as Bearer.
    case token(String)
    /// Tokens that end: the closure is asked for the first one, and again when the server answers 401.
    ///
    /// It may block; it is called on a thread of the library or of the caller, never twice at a time.
    case provider(@Sendable () throws -> String)
}
