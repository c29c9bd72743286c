package import HTTPWire

/// The decision whether a request goes to the handler of its route.
package enum HTTPAdmission: Sendable {
    case admitted
    /// The request does not go to its handler; the response is the answer.
    case refused(HTTPResponse)
    /// The decision needs data that must be fetched. The closure begins to fetch the data, without blocking. Its parameter is
    /// called, on any thread, when the data have arrived; the server then asks for the decision again.
    case undecided(@Sendable (_ didFetch: @escaping @Sendable () -> Void) -> Void)
}

/// Decides again about a request if permissions have changed after its head arrived and before its handler is called: the body
/// may have arrived late, or the request may have waited for a thread.
package struct HTTPReadmission: Sendable {
    /// Returns a number above 0 that grows with each change of permissions after which an admitted request might be refused.
    ///
    /// Called at least once for each request, so it must be cheap.
    package let version: @Sendable () -> Int
    /// Decides again about a request.
    ///
    /// Called on any thread with the request as `HTTPServer.Configuration.admit` left it; must not block.
    package let check: @Sendable (inout HTTPRequest) -> HTTPAdmission

    package init(
        version: @escaping @Sendable () -> Int,
        check: @escaping @Sendable (inout HTTPRequest) -> HTTPAdmission
    ) {
        self.version = version
        self.check = check
    }
}
