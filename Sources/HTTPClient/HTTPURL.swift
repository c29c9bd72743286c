/// The address of something on a server, of http or https.
package struct HTTPURL: Sendable {
    package let origin: HTTPOrigin
    /// Path and query, percent-encoded.
    package let target: String

    /// Nil for a text that is no such address.
    package init?(_ text: String) {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), let mark = text.firstRange(of: "://") else {
            return nil
        }
        let isSecure: Bool
        switch text[..<mark.lowerBound].lowercased() {
        case "http": isSecure = false
        case "https": isSecure = true
        default: return nil
        }
        let rest = text[mark.upperBound...].prefix { $0 != "#" }
        let end = rest.firstIndex { "/?".contains($0) } ?? rest.endIndex
        guard let place = HostAndPort(rest[..<end], usualPort: isSecure ? 443 : 80) else { return nil }
        origin = HTTPOrigin(isSecure: isSecure, host: place.host, port: place.port)
        target = rest[end...].hasPrefix("/") ? String(rest[end...]) : "/" + rest[end...]
    }
}
