internal import Glibc
internal import HTTPWire
internal import JSON

/// Repeats a call if the server asks to wait, so that forwarding works with a server that limits the rate of calls.
///
/// For each failure it finds out whether the failure concerns only this call, or the server as a whole.
struct RetryingCalls: UpstreamCalls {
    private static let attempts = 8
    private static let usualPause = Duration.seconds(1)
    /// If the server asks for a longer pause, the call fails and the whole round pauses.
    private static let longestPause = Duration.seconds(10)
    /// The time limit of the call that checks the server after another call has failed.
    private static let longestCheck = Duration.seconds(10)

    private let calls: any UpstreamCalls
    private let inFlight: CallsInFlight
    private let longestWait: Duration
    private let isStopped: @Sendable () -> Bool

    /// - Parameter longestWait: the longest total time that one call may wait because the server asks for pauses.
    init(
        _ calls: any UpstreamCalls,
        _ inFlight: CallsInFlight,
        longestWait: Duration,
        isStopped: @escaping @Sendable () -> Bool
    ) {
        self.calls = calls
        self.inFlight = inFlight
        self.longestWait = longestWait
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
            return try sendRepeatedly(method, path, body, within: limit)
        } catch { throw classified(error) }
    }

    /// Checks by `experiments/search`, which every MLflow server answers, that the server works; a busy server works too.
    func checkServer() throws(UpstreamFailure) {
        let question = UpstreamBody.json(Array(#"{"max_results":1}"#.utf8))
        do throws(UpstreamFailure) {
            let answer = try sendOnce(.post, RunCalls.route + "experiments/search", question, within: Self.longestCheck)
            guard try answer.json().kind == .object else {
                throw UpstreamFailure(.broken, "its answer is not a JSON object")
            }
        } catch {
            // A server that only limits the rate of calls works.
            if error.kind != .busy { throw error }
        }
    }

    /// The failure, with `isServerAnswering` and the kind corrected by a second call that checks the server.
    ///
    /// A refusal with an error code of MLflow concerns the item that was sent. Other answers may come from a proxy: a proxy
    /// without a route to the server answers 404, and a proxy that requires a login answers with a redirect or a page.
    private func classified(_ failure: UpstreamFailure) -> UpstreamFailure {
        var failure = failure
        switch failure.kind {
        case .unreachable, .busy, .journal: return failure
        case .refused, .missing, .unsupported: if !failure.code.isEmpty { return failure }
        case .unclear, .credentials, .broken: break
        }
        if !isStopped(), (try? checkServer()) != nil {
            failure.isServerAnswering = true
        } else if failure.isAboutItem {
            failure.kind = .broken
        }
        return failure
    }

    private func sendRepeatedly(
        _ method: HTTPMethod,
        _ path: String,
        _ body: UpstreamBody,
        within limit: Duration?
    ) throws(UpstreamFailure) -> UpstreamAnswer {
        var attempt = 0
        let end = ContinuousClock.now + longestWait
        while true {
            attempt += 1
            do throws(UpstreamFailure) {
                let answer = try sendOnce(method, path, body, within: limit)
                guard answer.mayBeJSON else { throw UpstreamFailure(.broken, "it answers with a page instead of JSON") }
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
        // Uploads of files are not watched, because their time depends on the size.
        if case .file = body { return try calls.send(method, path, body, within: limit) }
        let call = inFlight.begin()
        defer { inFlight.end(call) }
        return try calls.send(method, path, body, within: limit)
    }

    /// - Returns: false if this server stops meanwhile.
    private func wait(_ pause: Duration) -> Bool {
        let end = ContinuousClock.now + pause
        while ContinuousClock.now < end {
            if isStopped() { return false }
            usleep(50_000)
        }
        return !isStopped()
    }
}
