/// The scheme, host and port of a server's addresses (RFC 9110 §4.3.1).
package struct HTTPOrigin: Sendable, Hashable {
    /// Whether the scheme is https.
    package let isSecure: Bool
    /// A name or numeric address, without brackets; an IPv6 zone follows a `%`.
    package let host: String
    package let port: Int

    package init(isSecure: Bool = false, host: String, port: Int) {
        self.isSecure = isSecure
        self.host = host
        self.port = port
    }

    package var scheme: String { isSecure ? "https" : "http" }

    /// The host without the zone of an IPv6 address, which has a meaning only on this machine.
    var hostWithoutZone: String { host.contains(":") ? String(host.prefix { $0 != "%" }) : host }

    private var hostInURL: String { host.contains(":") ? "[\(hostWithoutZone)]" : host }

    /// The host and the port, even if it is the default port of the scheme.
    var authority: String { "\(hostInURL):\(port)" }

    /// The value of the field Host (RFC 9110 §7.2).
    package var hostField: String { port == (isSecure ? 443 : 80) ? hostInURL : authority }
}
