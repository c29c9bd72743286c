import Coding
package import HTTPWire

/// The table of routes, which is built before a server gets it, and not changed afterwards.
///
/// A pattern is a path of literal segments and of parameters: `{name}` stands for one segment, and `{name...}` at the end for the
/// rest of the path, which must not be empty. Paths are split at `/` before decoding. If several patterns match, a literal takes
/// precedence over a parameter, and a parameter over a rest. The GET route of a path also answers HEAD, unless the path has a
/// HEAD route. A doubled slash counts as one, because a client whose base URL ends in a slash sends such paths; only the value of
/// a rest keeps doubled slashes.
package struct HTTPRouter: Sendable {
    private struct Endpoint: Sendable {
        let pattern: String
        private(set) var handlers: [(method: HTTPMethod, handler: HTTPHandler, number: Int)] = []

        /// There are so few methods that a search is faster than a dictionary.
        subscript(_ method: HTTPMethod) -> (handler: HTTPHandler, number: Int)? {
            handlers.first { $0.method == method }.map { ($0.handler, $0.number) }
        }

        mutating func add(_ method: HTTPMethod, _ handler: HTTPHandler, _ number: Int) {
            precondition(self[method] == nil, "\(method.rawValue) \(pattern) is added twice")
            handlers.append((method, handler, number))
        }
    }

    /// A node of the tree of patterns; children are indices in `nodes`, and the endpoint is an index in `endpoints`.
    private struct Node: Sendable {
        var literals: [String: Int] = [:]
        var parameter: Int?
        var rest: Int?
        var endpoint: Int?
    }

    private var nodes = [Node()]
    private var endpoints: [Endpoint] = []
    /// The index of the endpoint of each pattern, so that a further method of a pattern is added without a walk down the tree.
    private var endpointOfPattern: [String: Int] = [:]
    private var literalPaths = LiteralTable()
    private var routeCount = 0

    package init() {}

    /// Adds a route.
    ///
    /// Each pair of method and pattern may be added once, otherwise the process ends. Two patterns that differ only in
    /// the names of their parameters are the same pattern.
    /// - Returns: the number of the route, which is the number of routes that were added before.
    @discardableResult
    package mutating func add(_ method: HTTPMethod, _ pattern: String, _ handler: HTTPHandler) -> Int {
        endpoints[endpointOfPattern[pattern] ?? insert(pattern)].add(method, handler, routeCount)
        routeCount += 1
        return routeCount - 1
    }

    /// Inserts a pattern into the tree; returns its endpoint, which already exists if an equal pattern was added.
    private mutating func insert(_ pattern: String) -> Int {
        precondition(pattern.hasPrefix("/"), "a pattern begins with '/', got '\(pattern)'")
        var node = 0
        var isLiteral = true
        // The bytes are split, because splitting some hundred patterns by characters takes milliseconds at every start.
        let segments = pattern.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            if segment.first == UInt8(ascii: "{"), segment.last == UInt8(ascii: "}") {
                isLiteral = false
                let takesRest = segment.dropLast().suffix(3).elementsEqual("...".utf8)
                precondition(
                    !takesRest || index == segments.count - 1,
                    "only the last segment can take the rest: '\(pattern)'"
                )
                node = child(of: node, at: takesRest ? \.rest : \.parameter)
            } else {
                node = literalChild(of: node, String(decoding: segment, as: UTF8.self))
            }
        }
        let endpoint = nodes[node].endpoint ?? endpoints.count
        if endpoint == endpoints.count { endpoints.append(Endpoint(pattern: pattern)) }
        nodes[node].endpoint = endpoint
        endpointOfPattern[pattern] = endpoint
        if isLiteral { literalPaths.insert(pattern, endpoint) }
        return endpoint
    }

    /// Every pair of method and pattern, in the order in which the patterns were added.
    package var routes: [(method: HTTPMethod, pattern: String)] {
        endpoints.flatMap { endpoint in
            HTTPMethod.allCases.filter { endpoint[$0] != nil }.map { ($0, endpoint.pattern) }
        }
    }

    private mutating func child(of node: Int, at slot: WritableKeyPath<Node, Int?>) -> Int {
        if let child = nodes[node][keyPath: slot] { return child }
        nodes.append(Node())
        nodes[node][keyPath: slot] = nodes.count - 1
        return nodes.count - 1
    }

    private mutating func literalChild(of node: Int, _ segment: String) -> Int {
        if let child = nodes[node].literals[segment] { return child }
        nodes.append(Node())
        nodes[node].literals[segment] = nodes.count - 1
        return nodes.count - 1
    }

    /// Finds the route for a raw, percent-encoded path.
    package func match(_ method: HTTPMethod, rawPath: String) -> HTTPRouteMatch {
        var rawPath = rawPath
        return rawPath.withUTF8 { match(method, UnsafeRawBufferPointer($0)) }
    }

    func match(_ method: HTTPMethod, _ path: UnsafeRawBufferPointer) -> HTTPRouteMatch {
        let slash = UInt8(ascii: "/")
        var rawPath = path
        while rawPath.count > 1, rawPath[0] == slash, rawPath[1] == slash {
            rawPath = UnsafeRawBufferPointer(rebasing: rawPath.dropFirst())
        }
        // A request target in absolute form without a path, such as `http://host`, means the root (RFC 9112 §3.2.1).
        if rawPath.isEmpty { return match(method, rawPath: "/") }
        if let endpoint = literalPaths.endpoint(of: rawPath), let (handler, number) = route(endpoint, method) {
            return .found(handler, pattern: endpoints[endpoint].pattern, parameters: [], number: number)
        }
        var search = Search(method: method, path: rawPath)
        let start = rawPath.first == UInt8(ascii: "/") ? 1 : 0
        if let endpoint = descend(0, start, &search), let (handler, number) = route(endpoint, method) {
            let pattern = endpoints[endpoint].pattern
            return .found(handler, pattern: pattern, parameters: search.parameters, number: number)
        }
        if search.allowed.isEmpty { return .notFound }
        if search.allowed.contains(.get) { search.allowed.insert(.head) }
        search.allowed.insert(.options)
        return .methodNotAllowed(allow: HTTPMethod.allCases.filter(search.allowed.contains))
    }

    private func route(_ endpoint: Int, _ method: HTTPMethod) -> (handler: HTTPHandler, number: Int)? {
        endpoints[endpoint][method] ?? (method == .head ? endpoints[endpoint][.get] : nil)
    }

    private struct Search {
        let method: HTTPMethod
        let path: UnsafeRawBufferPointer
        var parameters: [String] = []
        var allowed: Set<HTTPMethod> = []
    }

    /// Finds the endpoint for the path from `offset` on, starting at `node`; nil if no pattern with this method matches.
    ///
    /// The number of segments of the longest pattern limits the recursion.
    private func descend(_ node: Int, _ offset: Int, _ search: inout Search) -> Int? {
        guard offset <= search.path.count else { return accept(nodes[node].endpoint, &search) }
        if let found = descendSegment(node, offset, &search) { return found }
        let tail = UnsafeRawBufferPointer(rebasing: search.path[offset...])
        guard let child = nodes[node].rest, !tail.isEmpty, let rest = PercentCoding.decode(tail) else { return nil }
        search.parameters.append(rest)
        if let found = accept(nodes[child].endpoint, &search) { return found }
        search.parameters.removeLast()
        return nil
    }

    /// Tries the literal children and the parameter of a node with the next segment.
    ///
    /// Repeated slashes are skipped, so the segment is empty only at the end of the path.
    private func descendSegment(_ node: Int, _ start: Int, _ search: inout Search) -> Int? {
        let current = nodes[node]
        guard !current.literals.isEmpty || current.parameter != nil else { return nil }
        var offset = start
        while offset < search.path.count, search.path[offset] == UInt8(ascii: "/") { offset += 1 }
        let tail = UnsafeRawBufferPointer(rebasing: search.path[offset...])
        let length = tail.firstIndex(of: UInt8(ascii: "/")) ?? tail.count
        let raw = UnsafeRawBufferPointer(rebasing: tail[..<length])
        let next = offset + length + 1
        guard let segment = PercentCoding.decode(raw) else { return nil }
        if let child = current.literals[segment], let found = descend(child, next, &search) { return found }
        if let child = current.parameter, !segment.isEmpty {
            search.parameters.append(segment)
            if let found = descend(child, next, &search) { return found }
            search.parameters.removeLast()
        }
        return nil
    }

    /// Returns the endpoint if it has a handler for the request's method; otherwise records its methods for the field Allow.
    private func accept(_ endpoint: Int?, _ search: inout Search) -> Int? {
        guard let endpoint else { return nil }
        if route(endpoint, search.method) != nil { return endpoint }
        search.allowed.formUnion(endpoints[endpoint].handlers.map(\.method))
        return nil
    }
}

/// A hash table from paths without parameters to their endpoints.
///
/// Most requests have such a path; a look-up compares raw bytes and makes no String.
private struct LiteralTable: Sendable {
    private var buckets: [[(path: [UInt8], endpoint: Int)]] = Array(repeating: [], count: 1_024)

    mutating func insert(_ path: String, _ endpoint: Int) {
        let bytes = [UInt8](path.utf8)
        let bucket = bytes.withUnsafeBytes(Self.bucket)
        if !buckets[bucket].contains(where: { $0.path == bytes }) { buckets[bucket].append((bytes, endpoint)) }
    }

    func endpoint(of path: UnsafeRawBufferPointer) -> Int? {
        for entry in buckets[Self.bucket(path)] where entry.path.count == path.count {
            if entry.path.elementsEqual(path) { return entry.endpoint }
        }
        return nil
    }

    /// The bucket of a path by the hash function FNV-1a; clients cannot make buckets long, because only the program adds routes.
    private static func bucket(_ bytes: UnsafeRawBufferPointer) -> Int {
        var hash: UInt32 = 2_166_136_261
        for byte in bytes { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        return Int((hash ^ hash >> 16) & 1_023)
    }
}
