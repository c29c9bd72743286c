import HTTPWire
import Threads

/// Checks again, just before a handler is called, whether its request is admitted.
///
/// A request may wait long for a thread, and the permission that admitted it may be withdrawn during this time. If no permissions
/// have changed, the check only compares two numbers.
struct LateAdmission: Sendable {
    /// Nil if the server admits every request.
    let readmission: HTTPReadmission?
    /// The threads on which the handler runs.
    let pool: ThreadPool
    /// The client's number in the queue for these threads.
    let clientNumber: Int
    /// Makes the answer to a request that could not be checked.
    let errorResponse: @Sendable (HTTPRefusal, HTTPRequest?) -> HTTPResponse

    /// The maximum number of checks of one request, which is needed because permissions may change again during each check.
    static let limit = 8
    static let changesTooOften = HTTPRefusal(
        429,
        "The permissions of this client changed again and again while the request was checked; send it again"
    )

    /// Calls the handler with the request if it is still admitted; otherwise answers the request and calls the handler with nil.
    ///
    /// Never blocks: while permissions are read, the thread serves other requests; any thread of the pool then calls the handler.
    func run(
        _ request: HTTPRequest,
        _ responder: HTTPResponder,
        checkedBefore count: Int = 0,
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
        case .undecided(let fetchData):
            guard count < Self.limit else {
                responder.send(errorResponse(Self.changesTooOften, request))
                return handler(nil)
            }
            // The request was not checked with this version of the permissions, so the next call must not skip the check.
            request.admissionVersion = 0
            fetchData { [request, self] in
                pool.run(for: clientNumber) { run(request, responder, checkedBefore: count + 1, handler) }
            }
        }
    }
}
