internal import HTTPServer
internal import HTTPWire
internal import MLflowAPI

/// The endpoints of the API by their routes, for the rules before a handler, for logs and for metrics.
struct DeclaredRoutes: Sendable {
    private let endpoints: [String: [Endpoint]]
    /// The longest first, so that the empty one is tried last.
    private let bases: [String]

    /// - Parameter bases: the paths beneath which every endpoint is found.
    init(_ endpoints: [Endpoint], bases: [String]) {
        self.endpoints = Dictionary(grouping: endpoints, by: \.path)
        self.bases = bases.sorted { $0.utf8.count > $1.utf8.count }
    }

    /// The endpoint behind a pattern of the router; nil for what is no call of the API.
    func endpoint(_ method: HTTPMethod?, _ pattern: String) -> Endpoint? {
        for base in bases where pattern.hasPrefix(base) {
            guard let found = endpoints[String(pattern.dropFirst(base.count))] else { continue }
            return found.first { $0.method == (method == .head ? .get : method) }
        }
        return nil
    }

    /// The patterns of the router behind which a call of some kind is.
    func patterns(of isWanted: (Endpoint) -> Bool) -> Set<String> {
        let paths = endpoints.values.joined().filter(isWanted).map(\.path)
        return Set(bases.flatMap { base in paths.map { base + $0 } })
    }

    /// Whether only a script can use the answer; a page of another site that hides its origin is then refused.
    func isForScripts(_ request: HTTPRequest) -> Bool {
        endpoint(request.method, request.routePattern)?.family.isForScripts ?? false
    }
}
