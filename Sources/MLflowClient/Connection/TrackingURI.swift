internal import Coding

/// Why a tracking URI or a setting for the connection, such as a variable for credentials or TLS, cannot be used.
package struct TrackingURIFault: Error, Sendable {
    package let detail: String
    package let advice: String

    package init(detail: String, advice: String) {
        self.detail = detail
        self.advice = advice
    }
}

/// The address of a tracking server, as the client reads `MLFLOW_TRACKING_URI`.
package struct TrackingURI: Sendable {
    /// Whether the scheme is https.
    package let isSecure: Bool
    /// A name or numeric address, without brackets; an IPv6 zone follows a `%`.
    package let host: String
    package let isIPv6: Bool
    package let port: Int
    /// The path prefix of all routes: empty, or a path that begins with a slash.
    package let prefix: String
    /// The user name and password in the URI, percent-decoded.
    package let userInfo: UserInfo?

    package struct UserInfo: Sendable {
        package let name: String
        package let password: String
    }

    /// The Host field of requests (RFC 9110 §7.2), without an IPv6 zone, which is valid only on this machine.
    package var hostField: String {
        let name = isIPv6 ? "[\(host.prefix { $0 != "%" })]" : host
        return port == usualPort ? name : "\(name):\(port)"
    }

    private var usualPort: Int { isSecure ? 443 : 80 }

    /// Whether the address is a loopback address, so that the server must be on this machine.
    package var isLoopback: Bool {
        if isIPv6 { return host == "::1" }
        return host.lowercased() == "localhost" || host.hasPrefix("127.") && host.utf8.allSatisfy(\.isDigitOrDot)
    }

    /// - Parameter text: an http or https address, or the azureml address of a workspace, which is read as the https
    ///   address of its tracking server.
    package init(_ text: String) throws(TrackingURIFault) {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw TrackingURIFault(
                detail: "the URI contains a space, a line break or a character outside ASCII",
                advice: "Remove it (a variable read from a file often ends with a line break), or percent-encode it."
            )
        }
        let (isSecure, isWorkspace, rest) = try Self.scheme(of: text)
        self.isSecure = isSecure
        guard !rest.contains(where: { $0 == "?" || $0 == "#" }) else {
            throw TrackingURIFault(
                detail: "the URI has a query or a fragment",
                advice: "End the URI before ? and #; in a password write them as %3F and %23."
            )
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        guard !rest[slash...].contains("@") else {
            throw TrackingURIFault(
                detail: "there is an @ after the first / that follows ://",
                advice: "Percent-encode / @ and : in the user name and the password (%2F, %40, %3A), and an @ in "
                    + "the path (%40)."
            )
        }
        // As in MLflow's client, one slash is removed from the end before a route is appended.
        let path = rest[slash...].hasSuffix("/") ? rest[slash...].dropLast() : rest[slash...]
        // The address of a workspace contains v1.0, and that of its tracking server v2.0. Azure's plug-in does the same.
        let (workspacePart, serverPart) = ("/mlflow/v1.0/", "/mlflow/v2.0/")
        prefix = String(isWorkspace ? path.replacing(workspacePart, with: serverPart, maxReplacements: 1) : path)
        var authority = rest[..<slash]
        if let at = authority.lastIndex(of: "@") {
            userInfo = try Self.userInfo(authority[..<at])
            authority = authority[authority.index(after: at)...]
        } else {
            userInfo = nil
        }
        (host, port, isIPv6) = try Self.hostAndPort(authority, usualPort: isSecure ? 443 : 80)
    }

    /// Removes the parts that may contain secrets from a text, even if it is not a URI: the text between the scheme and the last
    /// `@`, the query, and the fragment.
    package static func withoutSecrets(_ text: String) -> String {
        var shown = text[...]
        if let at = shown.lastIndex(of: "@") {
            let scheme = shown.firstRange(of: "://").map { shown[..<$0.upperBound] } ?? ""
            shown = (scheme + shown[shown.index(after: at)...])[...]
        }
        return String(shown.prefix { $0 != "?" && $0 != "#" }).printable(limit: 300)
    }
}

extension TrackingURI: CustomStringConvertible {
    /// The URI without user name and password.
    package var description: String {
        let name = isIPv6 ? "[\(host.replacing("%", with: "%25"))]" : host
        return "\(isSecure ? "https" : "http")://\(name)\(port == usualPort ? "" : ":\(port)")\(prefix)"
    }
}

extension TrackingURI {
    private static func scheme(of text: String) throws(TrackingURIFault) -> (Bool, isWorkspace: Bool, Substring) {
        guard let separator = text.firstRange(of: "://") else {
            throw TrackingURIFault(
                detail: "the URI does not begin with http:// or https://",
                advice: "Write it as http://HOST:PORT, for instance http://127.0.0.1:5000; MLflow's client reads any "
                    + "other text as a folder or a database."
            )
        }
        switch text[..<separator.lowerBound].lowercased() {
        case "http": return (false, isWorkspace: false, text[separator.upperBound...])
        case "https": return (true, isWorkspace: false, text[separator.upperBound...])
        case "azureml": return (true, isWorkspace: true, text[separator.upperBound...])
        default:
            throw TrackingURIFault(
                detail: "the URI's scheme is not http, https or azureml",
                advice: "Give the address of a tracking server, such as http://HOST:PORT or https://HOST."
            )
        }
    }

    private static func userInfo(_ text: Substring) throws(TrackingURIFault) -> UserInfo? {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        // MLflow's client sends no credentials for a name without a password.
        guard parts.count == 2, !parts[0].isEmpty || !parts[1].isEmpty else { return nil }
        guard let name = PercentCoding.decode(parts[0]), let password = PercentCoding.decode(parts[1]) else {
            throw TrackingURIFault(
                detail: "the URI's user name or password is not percent-encoded UTF-8",
                advice: "Write each % that does not begin an escape as %25, or use MLFLOW_TRACKING_USERNAME and "
                    + "MLFLOW_TRACKING_PASSWORD."
            )
        }
        return UserInfo(name: name, password: password)
    }

    private static func hostAndPort(_ text: Substring, usualPort: Int) throws(TrackingURIFault) -> (String, Int, Bool) {
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
        if rest.isEmpty || rest == ":" { return (name, usualPort, isIPv6) }
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

    /// Whether the text has only characters of an IPv6 address, with or without a zone.
    ///
    /// The system's resolver checks the whole address later.
    private static func isIPv6Literal(_ text: String) -> Bool {
        let parts = text.split(separator: "%", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts[0].contains(":"),
            parts[0].utf8.allSatisfy({ Hexadecimal.value(of: $0) != nil || $0 == UInt8(ascii: ":") || $0.isDigitOrDot })
        else { return false }
        return parts.count == 1 || !parts[1].isEmpty && parts[1].utf8.allSatisfy(\.isHostByte)
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    fileprivate var isDigitOrDot: Bool { isDigit || self == UInt8(ascii: ".") }

    /// Whether a character is allowed in a host name.
    ///
    /// The underscore is allowed because it is common in Docker Compose networks.
    fileprivate var isHostByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: isDigitOrDot
        }
    }
}
