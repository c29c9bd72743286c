internal import HTTPServer
internal import HTTPWire
internal import MLflowAPI

/// Finds the endpoint of a route, for rules that apply before a handler is called, for logs and for metrics.
struct DeclaredRoutes: Sendable {
    private let endpoints: [String: [Endpoint]]
    /// The base paths, the longest first, so that the empty one is tried last.
    private let bases: [String]

    /// - Parameter bases: the prefixes under which every endpoint is served; an empty one for the root.
    init(_ endpoints: [Endpoint], bases: [String]) {
        self.endpoints = Dictionary(grouping: endpoints, by: \.path)
        self.bases = bases.sorted { $0.utf8.count > $1.utf8.count }
    }

    /// The endpoint that a pattern of the router leads to; nil if the route does not belong to the API.
    func endpoint(_ method: HTTPMethod?, _ pattern: String) -> Endpoint? {
        for base in bases where pattern.hasPrefix(base) {
            guard let found = endpoints[String(pattern.dropFirst(base.count))] else { continue }
            return found.first { $0.method == (method == .head ? .get : method) }
        }
        return nil
    }

    /// The patterns of the router that lead to the wanted endpoints.
    func patterns(of isWanted: (Endpoint) -> Bool) -> Set<String> {
        let paths = endpoints.values.joined().filter(isWanted).map(\.path)
        return Set(bases.flatMap { base in paths.map { base + $0 } })
    }

    /// Whether only a script can use the answer; requests from pages that hide their origin are then refused.
    func isForScripts(_ request: HTTPRequest) -> Bool {
        endpoint(request.method, request.routePattern)?.family.isForScripts ?? false
    }
}
