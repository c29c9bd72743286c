internal import HTTPWire

/// Follows redirects that stay at the origin, so that credentials never go to another place.
enum Redirection {
    /// The largest number of redirects that one call follows.
    static let maximumCount = 5

    /// The request that a redirecting response asks for (RFC 9110 §15.4); nil if the response is final here.
    static func request(
        after head: ResponseHead,
        of request: ClientRequest,
        at origin: HTTPOrigin
    ) -> ClientRequest? {
        guard [301, 302, 303, 307, 308].contains(head.status), let location = head.value(of: "location"),
            let target = target(of: location, base: request.target, at: origin)
        else { return nil }
        var next = request
        next.target = target
        if head.status == 307 || head.status == 308 { return request.body.isRepeatable ? next : nil }
        // As the Python client does: only a redirected GET or HEAD keeps its method, and other methods that 301 meets.
        if request.method == .get || request.method == .head { return next }
        if head.status == 301, request.method != .post { return request.body.isRepeatable ? next : nil }
        next.method = .get
        next.body = .none
        next.fields.removeAll { $0.name.lowercased().hasPrefix("content-") }
        return next
    }

    /// The target that a Location field names; nil if it lies at another origin or is malformed.
    static func target(of location: String, base: String, at origin: HTTPOrigin) -> String? {
        guard location.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        let reference = location.prefix { $0 != "#" }
        if reference.hasPrefix("//") { return target(afterScheme: reference.dropFirst(2), origin) }
        if let mark = reference.firstRange(of: "://"),
            !reference[..<mark.lowerBound].contains(where: { "/?".contains($0) })
        {
            guard reference[..<mark.lowerBound].lowercased() == origin.scheme else { return nil }
            return target(afterScheme: reference[mark.upperBound...], origin)
        }
        if reference.hasPrefix("/") { return String(reference) }
        // RFC 3986 §4.2: a colon in the first segment would be the end of a scheme.
        guard !reference.prefix(while: { !"/?".contains($0) }).contains(":") else { return nil }
        let path = base.prefix { $0 != "?" }
        if reference.isEmpty { return String(path) }
        if reference.hasPrefix("?") { return String(path) + reference }
        let folder = path[...(path.lastIndex(of: "/") ?? path.startIndex)]
        return withoutDots(String(folder) + reference)
    }

    private static func target(afterScheme text: Substring, _ origin: HTTPOrigin) -> String? {
        let end = text.firstIndex { "/?".contains($0) } ?? text.endIndex
        guard let place = HostAndPort(text[..<end], usualPort: origin.isSecure ? 443 : 80),
            place.host.lowercased() == origin.host.lowercased(), place.port == origin.port
        else { return nil }
        let rest = String(text[end...])
        return rest.hasPrefix("/") ? rest : "/" + rest
    }

    /// RFC 3986 §5.2.4: resolves `.` and `..` in the path.
    private static func withoutDots(_ target: String) -> String {
        let path = target.prefix { $0 != "?" }
        var kept: [Substring] = []
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            switch segment {
            case ".": if isLast { kept.append("") }
            case "..":
                _ = kept.popLast()
                if isLast { kept.append("") }
            default: kept.append(segment)
            }
        }
        return "/" + kept.joined(separator: "/") + target[path.endIndex...]
    }
}
