internal import HTTPServer
internal import HTTPWire
internal import MLflowAPI

/// The routes of a server.
///
/// Each route is added with a declaration of the access that it needs.
struct RouteTable {
    private(set) var router = HTTPRouter()
    /// The access that each route needs, by the route's number.
    private var declared: [Access] = []

    /// The longest accepted body of a request that needs no credential, enough for the log-in form.
    private static let openBodyBytes = 16_384

    mutating func add(_ method: HTTPMethod, _ pattern: String, _ access: Access, _ handler: HTTPHandler) {
        // Requests without a credential must not use up the memory for the bodies of other requests.
        let limited = access.action == .open ? handler.limitingBody(to: Self.openBodyBytes) : handler
        let number = router.add(method, pattern, limited)
        precondition(number == declared.count, "every route of the router is added with its access")
        declared.append(access)
    }

    /// The access that the route of a request needs; nil if there is no route for the request.
    func access(for request: HTTPRequest) -> Access? { request.routeNumber.map { declared[$0] } }
}
