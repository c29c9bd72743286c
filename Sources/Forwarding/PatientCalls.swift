internal import Glibc
internal import HTTPWire
internal import JSON

/// Makes a call again that the server has put off, so that one with a low rate of calls gets on at this rate, and says of a
/// failure whether it concerns the one call or all.
struct PatientCalls: UpstreamCalls {
    private static let attempts = 8
    private static let usualPause = Duration.seconds(1)
    /// A server that asks for a longer pause is left alone altogether.
    private static let longestPause = Duration.seconds(10)
    /// How long the look at the server may take after a call has failed.
    private static let longestLook = Duration.seconds(10)

    private let calls: any UpstreamCalls
    private let inFlight: CallsInFlight
    private let patience: Duration
    private let isStopped: @Sendable () -> Bool

    /// - Parameter patience: the longest time for the pauses of one call.
    init(
        _ calls: any UpstreamCalls,
        _ inFlight: CallsInFlight,
        patience: Duration,
        isStopped: @escaping @Sendable () -> Bool
    ) {
        self.calls = calls
        self.inFlight = inFlight
        self.patience = patience
        self.isStopped = isStopped
    }

    var address: String { calls.address }

    func send(
        _ method: HTTPMethod,
        _ path: String,
        _ body: UpstreamBody,
        within limit: Duration?
    ) throws(UpstreamFailure) -> UpstreamAnswer {
        do {
            return try sendPatiently(method, path, body, within: limit)
        } catch {
            throw judged(error)
        }
    }

    /// Whether the server answers at all, by a call that each of its kind answers to everybody.
    func look() throws(UpstreamFailure) {
        let question = UpstreamBody.json(Array(#"{"max_results":1}"#.utf8))
        do throws(UpstreamFailure) {
            let answer = try sendOnce(.post, RunCalls.route + "experiments/search", question, within: Self.longestLook)
            guard try answer.json().kind == .object else { throw UpstreamFailure(.broken, "its answer is no object") }
        } catch {
            // Only the server itself counts calls.
            if error.kind != .busy { throw error }
        }
    }

    /// A failure with what a look at the server says of it.
    ///
    /// What has MLflow's error code is about the thing. Anything else may come from what stands before the server: a proxy
    /// that knows no way to it answers 404, one that wants a login answers with a redirect or a page.
    private func judged(_ failure: UpstreamFailure) -> UpstreamFailure {
        var failure = failure
        switch failure.kind {
        case .unreachable, .busy, .journal: return failure
        case .refused, .missing, .unsupported: if !failure.code.isEmpty { return failure }
        case .unclear, .credentials, .broken: break
        }
        if !isStopped(), (try? look()) != nil {
            failure.isServerAnswering = true
        } else if failure.isAboutThing {
            failure.kind = .broken
        }
        return failure
    }

    private func sendPatiently(
        _ method: HTTPMethod,
        _ path: String,
        _ body: UpstreamBody,
        within limit: Duration?
    ) throws(UpstreamFailure) -> UpstreamAnswer {
        var attempt = 0
        let end = ContinuousClock.now + patience
        while true {
            attempt += 1
            do throws(UpstreamFailure) {
                let answer = try sendOnce(method, path, body, within: limit)
                guard answer.isOfAPI else { throw UpstreamFailure(.broken, "it answers with a page, which is no JSON") }
                return answer
            } catch {
                guard error.kind == .busy else { throw error }
                let pause = error.pause ?? Self.usualPause
                guard attempt < Self.attempts, pause <= Self.longestPause, .now + pause < end, wait(pause) else {
                    throw error
                }
            }
        }
    }

    private func sendOnce(
        _ method: HTTPMethod,
        _ path: String,
        _ body: UpstreamBody,
        within limit: Duration?
    ) throws(UpstreamFailure) -> UpstreamAnswer {
        // How long a file may take depends on its size.
        if case .file = body { return try calls.send(method, path, body, within: limit) }
        let call = inFlight.begin()
        defer { inFlight.end(call) }
        return try calls.send(method, path, body, within: limit)
    }

    /// - Returns: false if the server stops meanwhile.
    private func wait(_ pause: Duration) -> Bool {
        let end = ContinuousClock.now + pause
        while ContinuousClock.now < end {
            if isStopped() { return false }
            usleep(50_000)
        }
        return !isStopped()
    }
}
