package import TLS

/// The reason why a request got no answer.
package enum CallFailure: Error, Sendable {
    /// The part of a call that was in progress.
    package enum Phase: Sendable {
        case lookingUp
        case connecting
        case encrypting
        case sending
        case answering
    }

    /// The host name has no address; the value is the resolver's reason.
    case unresolved(String)
    /// Nothing listens on the port.
    case refused
    /// The system could not make or use the connection; the value is the system's message.
    case unreachable(String)
    /// The deadline passed during this phase.
    case timedOut(Phase)
    /// The peer closed the connection without an answer.
    case disconnected
    /// The peer's answer is not HTTP/1.1; the value says what is wrong with it.
    case notHTTP(String)
    /// The server answers with one redirect after another.
    case tooManyRedirects
    /// The peer's answer ended too early, or its framing is broken; the value says where.
    case brokenAnswer(String)
    /// The peer's answer, or its head, exceeds a limit; the value says which.
    case longAnswer(String)
    /// The peer expects TLS.
    case speaksTLS
    /// The connection cannot be encrypted, or the peer is not trusted.
    case tls(TLSFailure)
    /// The proxy cannot be used; the value names the proxy and says why.
    case proxy(String)
    /// The body of the request cannot be read to its end; the value says why.
    case brokenBody(String)
    /// The caller interrupted the call.
    case interrupted
}

extension CallFailure {
    /// The reason as the end of a sentence such as "the server at X cannot be reached: …", where "it" is the server.
    package var phrase: String {
        switch self {
        case .unresolved(let text): "its name has no address (\(text))"
        case .refused: "nothing listens there"
        case .unreachable(let text): text
        case .timedOut: "it takes too long"
        case .disconnected: "it closes the connection without an answer"
        case .notHTTP(let text): "it does not speak HTTP (\(text))"
        case .tooManyRedirects: "it redirects more than \(Redirection.maximumCount) times"
        case .brokenAnswer(let text): "its answer breaks off (\(text))"
        case .longAnswer(let text): text
        case .speaksTLS: "it expects https"
        case .tls(let failure): "\(failure)"
        case .proxy(let text): text
        case .brokenBody(let text): "the body of the request cannot be read: \(text)"
        case .interrupted: "the call was interrupted"
        }
    }
}
