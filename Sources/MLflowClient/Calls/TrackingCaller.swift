internal import Coding
internal import Glibc
internal import HTTPClient
internal import JSON
internal import Synchronization

/// Why one attempt of a call failed.
enum AttemptFailure: Error {
    case call(CallFailure)
    /// A failure that would occur again at another attempt.
    case final(MLflowError)
}

/// Makes calls, repeats a failed call if the retry policy and the call allow it, and renews a token that the server refuses.
final class TrackingCaller: Sendable {
    let connection: TrackingConnection
    let configuration: ClientConfiguration
    /// The artifact roots that were looked up; they stay valid, because the artifact URI of a run or model never changes.
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

    private init(_ other: TrackingCaller, _ configuration: ClientConfiguration) {
        self.configuration = configuration
        connection = other.connection
        tokens = other.tokens
        hasAnswered = Atomic(other.hasAnswered.load(ordering: .relaxed))
    }

    /// Returns a caller with the same connections and token, and a changed configuration.
    func withConfiguration(changedBy change: (inout ClientConfiguration) -> Void) -> TrackingCaller {
        var changed = configuration
        change(&changed)
        return TrackingCaller(self, changed)
    }

    /// Makes a call, with repetitions, and returns the successful answer.
    func reply(to call: TrackingCall, _ interruption: CallInterruption?) throws(MLflowError) -> HTTPReply {
        var limits = CallLimits(connecting: configuration.connectTimeout, interruption: interruption)
        return try retry(call.repetition, interruption) { authorization, end throws(AttemptFailure) in
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

    /// Makes attempts until one succeeds or the retry policy allows no more.
    ///
    /// - Parameters:
    ///   - isTransfer: whether the call transfers a file, so that the policy's total time does not limit it.
    ///   - attempt: receives the value of the Authorization field (nil for the connection's credentials) and the
    ///     deadline of the call.
    /// - Returns: an answer with a status from 200 to 299.
    func retry(
        _ repetition: Repetition,
        _ interruption: CallInterruption?,
        isTransfer: Bool = false,
        _ attempt: (String?, Deadline) throws(AttemptFailure) -> HTTPReply
    ) throws(MLflowError) -> HTTPReply {
        let policy = configuration.retries
        let deadline = ContinuousClock.now + policy.totalTime
        var token = try tokens?.token()
        var mayRenewToken = tokens != nil
        var attemptCount = 0
        var isOutcomeUnclear = false
        while true {
            if interruption?.isInterrupted == true {
                let outcome: MLflowError.Outcome = isOutcomeUnclear ? .unclear : .notCarriedOut
                throw MLflowError(.cancelled, "the call was cancelled", outcome: outcome)
            }
            attemptCount += 1
            let problem: Problem
            do throws(AttemptFailure) {
                let reply = try attempt(token.map { "Bearer \($0)" }, Deadline(after: deadline - .now))
                hasAnswered.store(true, ordering: .relaxed)
                if (200..<300).contains(reply.status) { return reply }
                if reply.status == 401, mayRenewToken, let tokens {
                    token = try renewedToken(after: token, tokens)
                    mayRenewToken = false
                    attemptCount -= 1
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
            // The outcome is unclear if any of the attempts may have been carried out.
            isOutcomeUnclear = isOutcomeUnclear || problem.error.outcome == .unclear
            let pause = policy.pause(after: attemptCount, requested: problem.requestedPause, random: .random(in: 0...1))
            guard problem.mayRepeat, attemptCount < policy.attempts, isTransfer || .now + pause < deadline else {
                throw isOutcomeUnclear ? problem.error.unclear : problem.error
            }
            (interruption ?? CallInterruption()).wait(pause)
        }
    }

    /// Why an attempt failed, and whether and when it may be repeated.
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
                mayRepeat: isTransient && (repetition == .repeatable || failure.isBeforeRequest)
            )
        }
    }

    private func renewedToken(after token: String?, _ tokens: TokenSource) throws(AttemptFailure) -> String {
        do throws(MLflowError) {
            return try tokens.renewedToken(after: token)
        } catch {
            throw .final(error)
        }
    }

    private func mayRepeat(_ status: Int, _ repetition: Repetition) -> Bool {
        switch status {
        // With 429 the server says that it has not begun to carry out the call.
        case 429: true
        // The server, or a proxy in front of it, may answer with these statuses although the server has carried out the call.
        case 408, 500, 502, 503, 504: repetition == .repeatable
        default: false
        }
    }

    private func redacted(_ text: String) -> String {
        let text = connection.credentials.redacted(text)
        return tokens?.redacted(text) ?? text
    }
}

extension HTTPReply {
    /// The pause in the field `Retry-After` (RFC 9110 §10.2.3); nil if the answer has none.
    fileprivate var requestedPause: Duration? {
        guard let text = field("retry-after") else { return nil }
        if let seconds = Int(text) { return .seconds(max(seconds, 0)) }
        return HTTPDate.seconds(text).map { .seconds(max($0 - Int64(time(nil)), 0)) }
    }
}
