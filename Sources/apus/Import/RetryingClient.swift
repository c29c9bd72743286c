internal import Coding
internal import HTTPClient
internal import MLflowClient

/// A client that repeats calls while the server is busy or unreachable.
///
/// Because of the repetition, the server may carry out a call twice.
final class RetryingClient {
    /// The longest time of one attempt at a call.
    static let callTime = Duration.seconds(120)
    private static let mostAttempts = 8
    /// The attempts at a call that is answered with status 500, and, after `hasGivenUp`, with an incomplete answer.
    private static let failureAttempts = 3
    /// The attempts at a call that the server does not answer in time.
    private static let slowAttempts = 2
    private static let firstPause = Duration.milliseconds(250)
    private static let longestPause = Duration.seconds(8)
    /// The longest pause that the server itself may ask for.
    private static let longestRequestedPause = Duration.seconds(30)

    /// The description of the server for messages.
    let title: String
    let client: TrackingConnection
    /// Whether the server has answered a call, so that waiting for it makes sense.
    private var hasAnswered = false
    /// Whether a call was given up because its answers were never complete.
    ///
    /// Later calls then get fewer attempts.
    private var hasGivenUp = false

    init(_ client: TrackingConnection) {
        title = "server \(client.uri)"
        self.client = client
    }

    /// Makes a call, repeats it if necessary, and returns the answer with any status.
    ///
    /// - Throws: `ImportFailure` if no attempt gets an answer, or the server stays busy; `UnusableAnswer` if the
    ///   answer to this call is never complete; or any other error than `CallFailure` that `call` throws.
    func withRetries(_ call: (TrackingConnection) throws -> HTTPReply) throws -> HTTPReply {
        var pause = Self.firstPause
        var attempt = 0
        while true {
            attempt += 1
            var requested: Duration?
            do {
                let reply = try call(client)
                hasAnswered = true
                let attempts = attempts(for: reply)
                guard attempt < attempts else {
                    // A server that is busy for so long would refuse the next calls too, each after the same wait.
                    if attempts == Self.mostAttempts { throw failure(reply, "is busy: it refuses a call each time") }
                    return reply
                }
                requested = reply.field("retry-after").flatMap { Int($0) }.map { .seconds($0) }
            } catch let failure as CallFailure {
                guard attempt < attempts(for: failure) else {
                    if hasAnswered, let unusable = UnusableAnswer(failure) {
                        hasGivenUp = true
                        throw unusable
                    }
                    throw ImportFailure("The \(title) cannot be reached: \(failure.phrase).")
                }
            }
            sleepFor(max(pause, min(requested ?? .zero, Self.longestRequestedPause)))
            pause = min(pause * 2, Self.longestPause)
        }
    }

    private func attempts(for reply: HTTPReply) -> Int {
        switch reply.status {
        // MLflow answers with this message if it serves no artifacts, and waiting does not change that.
        case 503 where reply.message?.contains("serve-artifacts") == true: 1
        case 429, 502, 503, 504: Self.mostAttempts
        case 500: Self.failureAttempts
        default: 1
        }
    }

    private func attempts(for failure: CallFailure) -> Int {
        switch failure {
        case .disconnected: Self.mostAttempts
        case .timedOut(.answering), .timedOut(.sending): hasAnswered ? Self.slowAttempts : 1
        case .refused, .unreachable, .timedOut, .unresolved: hasAnswered ? Self.mostAttempts : 1
        case .brokenAnswer, .notHTTP, .tooManyRedirects:
            hasAnswered ? (hasGivenUp ? Self.failureAttempts : Self.mostAttempts) : 1
        case .longAnswer, .speaksTLS, .tls, .proxy, .brokenBody, .interrupted: 1
        }
    }

    /// The server's message about a failed call, without secrets; empty if there is none.
    func message(of reply: HTTPReply) -> String {
        if (300..<400).contains(reply.status), let location = reply.field("location") {
            return client.credentials.redacted("it redirects to \(location)").printable(limit: 400)
        }
        return client.credentials.redacted(reply.message ?? "").printable(limit: 400)
    }

    /// - Parameter reason: the part of the message after the server's title.
    func failure(_ reply: HTTPReply, _ reason: String) -> ImportFailure {
        let text = message(of: reply)
        let message = text.hasSuffix(".") ? String(text.dropLast()) : text
        return ImportFailure("The \(title) \(reason) (status \(reply.status)\(message.isEmpty ? "" : ": \(message)")).")
    }
}

/// The reason why one call gets no usable answer although the server answers others, as the end of a sentence.
struct UnusableAnswer: Error, CustomStringConvertible {
    let description: String

    /// - Returns: nil for a failure that does not concern the answer to one call.
    fileprivate init?(_ failure: CallFailure) {
        switch failure {
        case .brokenAnswer, .longAnswer, .notHTTP, .tooManyRedirects, .timedOut(.answering):
            description = failure.phrase
        default: return nil
        }
    }
}
