internal import Coding
internal import Glibc
internal import HTTPClient
internal import JSON
internal import Synchronization

/// Why one attempt of a call failed.
enum AttemptFailure: Error {
    case call(CallFailure)
    /// Nothing that another attempt would change.
    case final(MLflowError)
}

/// Makes calls, repeats them where the policy and their kind allow it, and asks for another token where one is refused.
final class TrackingCaller: Sendable {
    let connection: TrackingConnection
    let configuration: ClientConfiguration
    /// The places of artifacts, which never change.
    let artifactRoots = Mutex<[ArtifactOwner: ArtifactRoot]>([:])
    private let tokens: TokenSource?
    private let hasAnswered: Atomic<Bool>

    init(_ configuration: ClientConfiguration) throws(MLflowError) {
        self.configuration = configuration
        connection = try configuration.connection()
        if case .provider(let provider) = configuration.credentials {
            tokens = TokenSource(provider)
        } else {
            tokens = nil
        }
        hasAnswered = Atomic(false)
    }

    init(_ connection: TrackingConnection) {
        self.connection = connection
        configuration = ClientConfiguration()
        tokens = nil
        hasAnswered = Atomic(false)
    }

    /// A caller with the connections and the token of another one.
    private init(_ other: TrackingCaller, _ configuration: ClientConfiguration) {
        self.configuration = configuration
        connection = other.connection
        tokens = other.tokens
        hasAnswered = Atomic(other.hasAnswered.load(ordering: .relaxed))
    }

    /// The same caller with another patience.
    func changing(_ change: (inout ClientConfiguration) -> Void) -> TrackingCaller {
        var changed = configuration
        change(&changed)
        return TrackingCaller(self, changed)
    }

    /// Makes a call and returns the successful answer.
    func reply(to call: TrackingCall, _ interruption: CallInterruption?) throws(MLflowError) -> HTTPReply {
        var limits = CallLimits(connecting: configuration.connectTimeout, interruption: interruption)
        return try attempts(call.repetition, interruption) { authorization, end throws(AttemptFailure) in
            limits.whole = .earlier(end, Deadline(after: configuration.requestTimeout))
            let fields = call.body == nil ? [] : [(name: "Content-Type", value: "application/json")]
            do throws(CallFailure) {
                return try connection.send(
                    call.method,
                    call.path,
                    fields: fields,
                    body: call.body.map { .bytes($0) } ?? .none,
                    authorization: authorization,
                    maximumBytes: TrackingCall.maximumBytes,
                    limits
                )
            } catch {
                throw .call(error)
            }
        }
    }

    /// Makes attempts until one succeeds, or none is left.
    ///
    /// - Parameters:
    ///   - isTransfer: whether a file moves, so that the time of an attempt does not count.
    ///   - attempt: gets the value of the field Authorization, nil for that of the connection, and the time by which all
    ///     must be done.
    /// - Returns: an answer with a status of success.
    func attempts(
        _ repetition: Repetition,
        _ interruption: CallInterruption?,
        isTransfer: Bool = false,
        _ attempt: (String?, Deadline) throws(AttemptFailure) -> HTTPReply
    ) throws(MLflowError) -> HTTPReply {
        let policy = configuration.retries
        let end = ContinuousClock.now + policy.totalTime
        var token = try tokens?.token()
        var mayRenew = tokens != nil
        var count = 0
        var isUnclear = false
        while true {
            if interruption?.isInterrupted == true {
                let outcome: MLflowError.Outcome = isUnclear ? .unclear : .notCarriedOut
                throw MLflowError(.cancelled, "the call was cancelled", outcome: outcome)
            }
            count += 1
            let problem: Problem
            do throws(AttemptFailure) {
                let reply = try attempt(token.map { "Bearer \($0)" }, Deadline(after: end - .now))
                hasAnswered.store(true, ordering: .relaxed)
                if (200..<300).contains(reply.status) { return reply }
                if reply.status == 401, mayRenew, let tokens {
                    token = try renewed(after: token, tokens)
                    mayRenew = false
                    count -= 1
                    continue
                }
                problem = Problem(
                    error: MLflowError(reply, at: connection.uri, redacted: redacted),
                    mayRepeat: mayRepeat(reply.status, repetition),
                    requestedPause: reply.requestedPause
                )
            } catch {
                problem = self.problem(error, repetition)
            }
            // Of several attempts, one that may have been carried out decides.
            isUnclear = isUnclear || problem.error.outcome == .unclear
            let pause = policy.pause(after: count, requested: problem.requestedPause, random: .random(in: 0...1))
            guard problem.mayRepeat, count < policy.attempts, isTransfer || .now + pause < end else {
                throw isUnclear ? problem.error.unclear : problem.error
            }
            (interruption ?? CallInterruption()).wait(pause)
        }
    }

    /// Why an attempt failed, and what follows.
    private struct Problem {
        let error: MLflowError
        let mayRepeat: Bool
        var requestedPause: Duration?
    }

    private func problem(_ failure: AttemptFailure, _ repetition: Repetition) -> Problem {
        switch failure {
        case .final(let error): return Problem(error: error, mayRepeat: false)
        case .call(let failure):
            let isTransient = failure.isTransient(hasAnswered: hasAnswered.load(ordering: .relaxed))
            return Problem(
                error: MLflowError(failure, at: connection.uri),
                mayRepeat: isTransient && (repetition == .harmless || failure.isBeforeRequest)
            )
        }
    }

    private func renewed(after token: String?, _ tokens: TokenSource) throws(AttemptFailure) -> String {
        do throws(MLflowError) {
            return try tokens.renewed(after: token)
        } catch {
            throw .final(error)
        }
    }

    private func mayRepeat(_ status: Int, _ repetition: Repetition) -> Bool {
        switch status {
        // The server says that it has not begun.
        case 429: true
        // A server, or a proxy in front of it, can say so after it has carried the call out.
        case 408, 500, 502, 503, 504: repetition == .harmless
        default: false
        }
    }

    private func redacted(_ text: String) -> String {
        let text = connection.credentials.redacted(text)
        return tokens?.redacted(text) ?? text
    }
}

extension HTTPReply {
    /// The time that a busy server asks to wait (RFC 9110 §10.2.3); nil if it says nothing.
    fileprivate var requestedPause: Duration? {
        guard let text = field("retry-after") else { return nil }
        if let seconds = Int(text) { return .seconds(max(seconds, 0)) }
        return HTTPDate.seconds(text).map { .seconds(max($0 - Int64(time(nil)), 0)) }
    }
}
