internal import HTTPWire

/// Follows redirects within the origin, and no others, so that credentials are never sent to another server.
enum Redirection {
    /// The largest number of redirects that one call follows.
    static let maximumCount = 5

    /// The request to send after a redirect (RFC 9110 §15.4); nil if the response is not a redirect that can be followed.
    static func request(after head: ResponseHead, of request: ClientRequest, at origin: HTTPOrigin) -> ClientRequest? {
        guard [301, 302, 303, 307, 308].contains(head.status), let location = head.value(of: "location"),
            let target = target(of: location, base: request.target, at: origin)
        else { return nil }
        var next = request
        next.target = target
        if head.status == 307 || head.status == 308 { return request.body.isRepeatable ? next : nil }
        // As in MLflow's Python client: after 301 only POST becomes GET; after 302 and 303 every method but HEAD does.
        if request.method == .get || request.method == .head { return next }
        if head.status == 301, request.method != .post { return request.body.isRepeatable ? next : nil }
        next.method = .get
        next.body = .none
        next.fields.removeAll { $0.name.lowercased().hasPrefix("content-") }
        return next
    }

    /// The target in a Location field; nil if the field is malformed or names another origin.
    static func target(of location: String, base: String, at origin: HTTPOrigin) -> String? {
        guard location.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        let reference = location.prefix { $0 != "#" }
        if reference.hasPrefix("//") { return target(afterScheme: reference.dropFirst(2), origin) }
        if let separator = reference.firstRange(of: "://"),
            !reference[..<separator.lowerBound].contains(where: { "/?".contains($0) })
        {
            guard reference[..<separator.lowerBound].lowercased() == origin.scheme else { return nil }
            return target(afterScheme: reference[separator.upperBound...], origin)
        }
        if reference.hasPrefix("/") { return String(reference) }
        // A colon in the first segment is the end of a scheme (RFC 3986 §4.2).
        guard !reference.prefix(while: { !"/?".contains($0) }).contains(":") else { return nil }
        let path = base.prefix { $0 != "?" }
        if reference.isEmpty { return String(path) }
        if reference.hasPrefix("?") { return String(path) + reference }
        let folder = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
        return withoutDots(String(folder) + reference)
    }

    private static func target(afterScheme text: Substring, _ origin: HTTPOrigin) -> String? {
        let end = text.firstIndex { "/?".contains($0) } ?? text.endIndex
        guard let address = HostAndPort(text[..<end], defaultPort: origin.isSecure ? 443 : 80),
            address.host.lowercased() == origin.host.lowercased(), address.port == origin.port
        else { return nil }
        let rest = String(text[end...])
        return rest.hasPrefix("/") ? rest : "/" + rest
    }

    /// Resolves `.` and `..` in the path of a target (RFC 3986 §5.2.4).
    private static func withoutDots(_ target: String) -> String {
        let path = target.prefix { $0 != "?" }
        var resolved: [Substring] = []
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            switch segment {
            case ".": if isLast { resolved.append("") }
            case "..":
                _ = resolved.popLast()
                if isLast { resolved.append("") }
            default: resolved.append(segment)
            }
        }
        return "/" + resolved.joined(separator: "/") + target[path.endIndex...]
    }
}
