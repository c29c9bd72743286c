package import TLS

/// Why a request got no answer.
package enum CallFailure: Error, Sendable {
    package enum Phase: Sendable {
        case lookingUp
        case connecting
        case encrypting
        case sending
        case answering
    }

    /// The host's name has no address.
    case unresolved(String)
    /// Nothing listens on the port.
    case refused
    /// The system could not make or use the connection; the value is the system's message.
    case unreachable(String)
    /// The deadline passed during this phase.
    case timedOut(Phase)
    /// The peer took the request and closed without an answer.
    case disconnected
    /// The peer's bytes are not HTTP/1.1; the value says what is wrong with them.
    case notHTTP(String)
    /// The peer's answer ended, or became unreadable, before its end; the value says where.
    case brokenAnswer(String)
    /// The peer's answer, or its head, is longer than what is read; the value says which.
    case longAnswer(String)
    /// The peer expects TLS.
    case speaksTLS
    /// The connection cannot be encrypted, or the peer is not trusted.
    case tls(TLSFailure)
    /// The proxy cannot be used; the value names it and says why.
    case proxy(String)
    /// The body of the request cannot be read to its end; the value says why.
    case brokenBody(String)
    /// The caller has interrupted the call.
    case interrupted
}

extension CallFailure {
    /// The end of the sentence that says why a place cannot be reached.
    package var phrase: String {
        switch self {
        case .unresolved(let text): "its name has no address (\(text))"
        case .refused: "nothing listens there"
        case .unreachable(let text): text
        case .timedOut: "it takes too long"
        case .disconnected: "it closes the connection without an answer"
        case .notHTTP(let text): "it does not speak HTTP (\(text))"
        case .brokenAnswer(let text): "its answer breaks off (\(text))"
        case .longAnswer(let text): text
        case .speaksTLS: "it expects https"
        case .tls(let failure): "\(failure)"
        case .proxy(let text): text
        case .brokenBody(let text): "what is sent to it cannot be read: \(text)"
        case .interrupted: "the call was interrupted"
        }
    }
}
