/// A URL with the scheme http or https.
package struct HTTPURL: Sendable {
    package let origin: HTTPOrigin
    /// The path and the query, percent-encoded.
    package let target: String

    /// Parses a URL, and ignores its fragment; nil for any other text.
    package init?(_ text: String) {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), let separator = text.firstRange(of: "://") else {
            return nil
        }
        let isSecure: Bool
        switch text[..<separator.lowerBound].lowercased() {
        case "http": isSecure = false
        case "https": isSecure = true
        default: return nil
        }
        let rest = text[separator.upperBound...].prefix { $0 != "#" }
        let end = rest.firstIndex { "/?".contains($0) } ?? rest.endIndex
        guard let address = HostAndPort(rest[..<end], defaultPort: isSecure ? 443 : 80) else { return nil }
        origin = HTTPOrigin(isSecure: isSecure, host: address.host, port: address.port)
        target = rest[end...].hasPrefix("/") ? String(rest[end...]) : "/" + rest[end...]
    }
}
