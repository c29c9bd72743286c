internal import HTTPServer
internal import HTTPWire
internal import MLflowAPI

/// What the endpoints of the API declare, by the route that answers: for rules before a handler, logs and metrics.
struct DeclaredRoutes: Sendable {
    private let endpoints: [String: [Endpoint]]
    private let prefix: String

    init(_ endpoints: [Endpoint], prefix: String) {
        self.endpoints = Dictionary(grouping: endpoints, by: \.path)
        self.prefix = prefix
    }

    /// The endpoint behind a pattern of the router; nil for what is no call of the API.
    func endpoint(_ method: HTTPMethod?, _ pattern: String) -> Endpoint? {
        let bare = pattern.hasPrefix(prefix) ? String(pattern.dropFirst(prefix.count)) : pattern
        let found = endpoints[bare] ?? endpoints[pattern]
        return found?.first { $0.method == (method == .head ? .get : method) }
    }

    /// Whether a page of another site that hides its origin may not ask for it.
    func isForScripts(_ request: HTTPRequest) -> Bool {
        endpoint(request.method, request.routePattern)?.family.isForScripts ?? false
    }
}
