import HTTPWire
import Threads

/// Judges a request once more where its handler really begins, if permissions have changed since the last judgement.
///
/// A request may wait long for a thread: what allowed it at its head may be gone by then. Where nothing has changed, this
/// compares two numbers.
struct LateJudgement: Sendable {
    /// nil where every request is admitted.
    let readmission: HTTPReadmission?
    /// The threads on which the handler runs.
    let pool: ThreadPool
    /// The client's number in the line for these threads.
    let turn: Int
    /// The answer to a request about which nothing can be found out.
    let errorResponse: @Sendable (HTTPRefusal, HTTPRequest?) -> HTTPResponse

    /// The most judgements of one request; each may be outdated when its facts have been fetched.
    static let limit = 8
    static let changesTooOften = HTTPRefusal(429, "What this client may do changes just now; try again")

    /// Calls the handler with the request as it was judged last, or answers the request and calls the handler with nil.
    ///
    /// Never blocks: while facts are fetched, the thread serves others, and the handler is called on another one of the pool.
    func run(
        _ request: HTTPRequest,
        _ responder: HTTPResponder,
        judgedBefore count: Int = 0,
        _ handler: @escaping @Sendable (HTTPRequest?) -> Void
    ) {
        guard let readmission, readmission.version() != request.admissionVersion else { return handler(request) }
        var request = request
        request.admissionVersion = readmission.version()
        switch readmission.check(&request) {
        case .admitted: handler(request)
        case .refused(let response):
            responder.send(response)
            handler(nil)
        case .undecided(let begin):
            guard count < Self.limit else {
                responder.send(errorResponse(Self.changesTooOften, request))
                return handler(nil)
            }
            // Nothing is decided: the next judgement must not take this one's number for its own.
            request.admissionVersion = 0
            begin { [request, self] in
                pool.run(for: turn) { run(request, responder, judgedBefore: count + 1, handler) }
            }
        }
    }
}
