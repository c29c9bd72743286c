internal import Coding
internal import HTTPClient

extension MLflowError {
    /// Makes the error for an answer that is not a success.
    ///
    /// - Parameter redacted: removes secrets from a text of the server.
    init(_ reply: HTTPReply, at uri: TrackingURI, redacted: (String) -> String) {
        let code = reply.errorCode.map { Code(rawValue: redacted($0).printable(limit: 100)) }
        let text = reply.message.map { redacted($0).printable(limit: 2_000) }
        self.init(
            code ?? Self.code(of: reply.status),
            text ?? "\(uri) answers \(reply.status)\(reply.isHTML ? " in HTML" : "")",
            outcome: reply.status < 500 && reply.status != 408 ? .notCarriedOut : .unclear,
            cause: .answer(reply)
        )
    }

    private static func code(of status: Int) -> Code {
        switch status {
        case 401: .unauthenticated
        case 403: .permissionDenied
        case 404, 405: .endpointNotFound
        case 429: .requestLimitExceeded
        case 501: .notImplemented
        case 502, 503, 504: .temporarilyUnavailable
        case 500...: .internalError
        case 400..<500: .invalidParameterValue
        default: .malformedAnswer
        }
    }

    /// Makes the error for a call that got no answer.
    init(_ failure: CallFailure, at uri: TrackingURI) {
        if case .interrupted = failure {
            self.init(.cancelled, failure.phrase, outcome: .unclear, cause: .call(failure))
        } else {
            let outcome = failure.isBeforeRequest ? Outcome.notCarriedOut : .unclear
            let message = "\(uri) cannot be reached: \(failure.phrase)"
            self.init(.noAnswer, message, outcome: outcome, cause: .call(failure))
        }
    }
}

extension CallFailure {
    /// Whether the request was certainly not sent completely.
    var isBeforeRequest: Bool {
        switch self {
        case .unresolved, .refused, .speaksTLS, .tls, .proxy, .brokenBody: true
        case .timedOut(.lookingUp), .timedOut(.connecting), .timedOut(.encrypting): true
        case .timedOut(.sending), .timedOut(.answering), .unreachable, .disconnected, .notHTTP, .tooManyRedirects,
            .brokenAnswer, .longAnswer, .interrupted:
            false
        }
    }

    /// Whether another attempt may succeed.
    ///
    /// - Parameter hasAnswered: whether the server has answered before. If so, its name exists, and the failure to resolve it is
    ///   temporary.
    func isTransient(hasAnswered: Bool) -> Bool {
        switch self {
        case .unresolved: hasAnswered
        case .refused, .unreachable, .timedOut, .disconnected, .notHTTP, .tooManyRedirects, .brokenAnswer: true
        case .longAnswer, .speaksTLS, .tls, .proxy, .brokenBody, .interrupted: false
        }
    }
}
