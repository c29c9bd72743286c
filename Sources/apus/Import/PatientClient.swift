internal import Coding
internal import HTTPClient
internal import HTTPWire
internal import MLflowClient

/// A client that repeats calls while the server is busy or away; so each call may be carried out twice.
final class PatientClient {
    /// How long a call may take.
    static let callTime = Duration.seconds(120)
    private static let attempts = 8
    /// How often a call is made that the server fails to carry out, or that takes all of its time.
    private static let failureAttempts = 3
    private static let slowAttempts = 2
    private static let firstPause = Duration.milliseconds(250)
    private static let longestPause = Duration.seconds(8)
    /// The longest pause that the server itself may ask for.
    private static let longestRequestedPause = Duration.seconds(30)

    /// What the server is, for a person.
    let title: String
    let client: TrackingConnection
    /// Whether there has been an answer, so that there is a server which may come back.
    private var hasAnswered = false
    /// Whether one call's answers have broken off so often that the call was given up: the next ones get fewer attempts.
    private var hasGivenUp = false

    init(_ client: TrackingConnection) {
        title = "server \(client.uri)"
        self.client = client
    }

    /// Makes a call and returns its answer, whatever its status.
    ///
    /// - Throws: `ImportFailure` where there is none after all attempts, or the server only says that it is busy;
    ///   `UnusableAnswer` where the answer to this call is never whole; or what `call` throws besides `CallFailure`.
    func repeated(_ call: (TrackingConnection) throws -> HTTPReply) throws -> HTTPReply {
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
                    // What refuses one call for so long refuses the next ones too, each after the same wait.
                    if attempts == Self.attempts { throw failure(reply, "is busy: it refuses a call again and again") }
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
        // So MLflow says that it serves no artifacts, which waiting does not change.
        case 503 where reply.message?.contains("serve-artifacts") == true: 1
        case 429, 502, 503, 504: Self.attempts
        case 500: Self.failureAttempts
        default: 1
        }
    }

    private func attempts(for failure: CallFailure) -> Int {
        switch failure {
        case .disconnected: Self.attempts
        case .timedOut(.answering), .timedOut(.sending): hasAnswered ? Self.slowAttempts : 1
        case .refused, .unreachable, .timedOut, .unresolved: hasAnswered ? Self.attempts : 1
        case .brokenAnswer, .notHTTP: hasAnswered ? (hasGivenUp ? Self.failureAttempts : Self.attempts) : 1
        case .longAnswer, .speaksTLS, .tls, .proxy, .brokenBody, .interrupted: 1
        }
    }

    /// What the server says about a failed call, without secrets; empty if nothing.
    func message(of reply: HTTPReply) -> String {
        if (300..<400).contains(reply.status), let place = reply.field("location") {
            return client.credentials.redacted("it sends to \(place)").printable(limit: 400)
        }
        return client.credentials.redacted(reply.message ?? "").printable(limit: 400)
    }

    /// - Parameter what: goes on after the server's title.
    func failure(_ reply: HTTPReply, _ what: String) -> ImportFailure {
        let text = message(of: reply)
        let message = text.hasSuffix(".") ? String(text.dropLast()) : text
        return ImportFailure("The \(title) \(what) (status \(reply.status)\(message.isEmpty ? "" : ": \(message)")).")
    }
}

/// Why the answer to one call cannot be had, while the server answers others; the end of a sentence about the server.
struct UnusableAnswer: Error, CustomStringConvertible {
    let description: String

    /// - Returns: nil for a failure that is not about one answer.
    fileprivate init?(_ failure: CallFailure) {
        switch failure {
        case .brokenAnswer, .longAnswer, .notHTTP, .timedOut(.answering): description = failure.phrase
        default: return nil
        }
    }
}
