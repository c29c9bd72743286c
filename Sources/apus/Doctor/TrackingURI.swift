internal import Coding

/// The reason why a text is not the address of a server that can be checked.
struct TrackingURIFault: Error {
    let detail: String
    let advice: String
}

/// The address of a tracking server over plain HTTP, as the client reads `MLFLOW_TRACKING_URI`.
struct TrackingURI: Sendable {
    /// A name or numeric address, without brackets; an IPv6 zone stands behind a `%`.
    let host: String
    let isIPv6: Bool
    let port: Int
    /// The path prefix of all routes: empty, or a path that begins with a slash.
    let prefix: String
    /// The name and password in the URI, percent-decoded.
    let userInfo: UserInfo?

    struct UserInfo: Sendable {
        let name: String
        let password: String
    }

    /// The Host field of requests (RFC 9110 §7.2); a zone means nothing to the server.
    var hostField: String {
        let name = isIPv6 ? "[\(host.prefix { $0 != "%" })]" : host
        return port == 80 ? name : "\(name):\(port)"
    }

    /// Whether the address is a loopback address, so that the server must be on this machine.
    var isLoopback: Bool {
        if isIPv6 { return host == "::1" }
        return host.lowercased() == "localhost" || host.hasPrefix("127.") && host.utf8.allSatisfy(\.isDigitOrDot)
    }

    init(_ text: String) throws(TrackingURIFault) {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw TrackingURIFault(
                detail: "the URI holds a blank, a line break or a character outside ASCII",
                advice: "Remove it (a variable read from a file often ends with a line break), or percent-encode it."
            )
        }
        let rest = try Self.afterScheme(text)
        guard !rest.contains(where: { $0 == "?" || $0 == "#" }) else {
            throw TrackingURIFault(
                detail: "the URI has a query or a fragment",
                advice: "End the URI before ? and #; in a password write them as %3F and %23."
            )
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        guard !rest[slash...].contains("@") else {
            throw TrackingURIFault(
                detail: "there is an @ behind the first slash",
                advice: "Percent-encode the name and the password: / is %2F, @ is %40, : is %3A."
            )
        }
        // The client removes one slash from the end and appends the route to the rest.
        prefix = String(rest[slash...].hasSuffix("/") ? rest[slash...].dropLast() : rest[slash...])
        var place = rest[..<slash]
        if let at = place.lastIndex(of: "@") {
            userInfo = try Self.userInfo(place[..<at])
            place = place[place.index(after: at)...]
        } else {
            userInfo = nil
        }
        (host, port, isIPv6) = try Self.hostAndPort(place)
    }

    /// Removes possible secrets from a text that may not be a URI: everything before the last `@`, the query and the
    /// fragment.
    static func withoutSecrets(_ text: String) -> String {
        var shown = text[...]
        if let at = shown.lastIndex(of: "@") {
            let scheme = shown.firstRange(of: "://").map { shown[..<$0.upperBound] } ?? ""
            shown = (scheme + shown[shown.index(after: at)...])[...]
        }
        return String(shown.prefix { $0 != "?" && $0 != "#" }).printable(limit: 300)
    }
}

extension TrackingURI: CustomStringConvertible {
    /// The URI without name and password.
    var description: String {
        let name = isIPv6 ? "[\(host.replacing("%", with: "%25"))]" : host
        return "http://\(name)\(port == 80 ? "" : ":\(port)")\(prefix)"
    }
}

extension TrackingURI {
    private static func afterScheme(_ text: String) throws(TrackingURIFault) -> Substring {
        guard let mark = text.firstRange(of: "://") else {
            throw TrackingURIFault(
                detail: "the URI does not begin with http://",
                advice: "Write it as http://HOST:PORT, for instance http://127.0.0.1:5000; the client takes anything "
                    + "else for a folder or a database."
            )
        }
        switch text[..<mark.lowerBound].lowercased() {
        case "http": return text[mark.upperBound...]
        case "https":
            throw TrackingURIFault(
                detail: "https cannot be checked yet: this command speaks plain http only",
                advice: "Give the server's plain http address, from its own machine or behind its proxy; over https "
                    + "ask by hand: curl -fsS \(withoutSecrets(text).trimmingSlashes)/health"
            )
        default:
            throw TrackingURIFault(
                detail: "the URI's scheme is not http",
                advice: "Only a tracking server can be checked: give http://HOST:PORT."
            )
        }
    }

    private static func userInfo(_ text: Substring) throws(TrackingURIFault) -> UserInfo? {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        // The client sends nothing for a name without a password.
        guard parts.count == 2, !parts[0].isEmpty || !parts[1].isEmpty else { return nil }
        guard let name = PercentCoding.decode(parts[0]), let password = PercentCoding.decode(parts[1]) else {
            throw TrackingURIFault(
                detail: "the URI's name or password is not percent-encoded UTF-8",
                advice: "Write each % of them as %25, or use MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD."
            )
        }
        return UserInfo(name: name, password: password)
    }

    private static func hostAndPort(_ text: Substring) throws(TrackingURIFault) -> (String, Int, Bool) {
        let isIPv6 = text.hasPrefix("[")
        let host: Substring
        let rest: Substring
        if isIPv6 {
            let end = text.firstIndex(of: "]") ?? text.endIndex
            host = text[..<end].dropFirst()
            rest = text[end...].dropFirst()
        } else {
            let end = text.firstIndex(of: ":") ?? text.endIndex
            host = text[..<end]
            rest = text[end...]
        }
        // RFC 6874: the % before a zone is itself percent-encoded.
        let name = String(isIPv6 ? host.replacing("%25", with: "%") : host)
        guard isIPv6 ? isIPv6Literal(name) : !name.isEmpty && name.utf8.allSatisfy(\.isHostByte) else {
            throw TrackingURIFault(
                detail: "the URI's host is missing or malformed",
                advice:
                    "Write http://HOST:PORT, an IPv6 address in brackets, as in http://[::1]:5000, and a name outside "
                    + "ASCII in its xn-- form."
            )
        }
        if rest.isEmpty || rest == ":" { return (name, 80, isIPv6) }
        guard rest.hasPrefix(":"), rest.dropFirst().utf8.allSatisfy(\.isDigit), let port = UInt16(rest.dropFirst()),
            port > 0
        else {
            throw TrackingURIFault(
                detail: "the URI's port is not a number from 1 to 65535",
                advice:
                    "Write http://HOST:PORT; an IPv6 address goes in brackets, as in http://[::1]:5000, and a : or / "
                    + "in a password is %3A or %2F."
            )
        }
        return (name, Int(port), isIPv6)
    }

    /// Whether the text looks like an address with or without a zone; the resolver decides in the end.
    private static func isIPv6Literal(_ text: String) -> Bool {
        let parts = text.split(separator: "%", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts[0].contains(":"),
            parts[0].utf8.allSatisfy({ Hexadecimal.value(of: $0) != nil || $0 == UInt8(ascii: ":") || $0.isDigitOrDot })
        else { return false }
        return parts.count == 1 || !parts[1].isEmpty && parts[1].utf8.allSatisfy(\.isHostByte)
    }
}
