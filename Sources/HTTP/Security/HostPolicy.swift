/// Which Host fields are answered: the guard against DNS rebinding.
///
/// By default loopback, unspecified and private addresses, as in the reference server, but compared as parsed
/// addresses: a DNS name such as `10.attacker.example` is not one of them.
package struct HostPolicy: Sendable {
    private enum Rule: Sendable {
        case exact(name: String, port: Int?)
        case address(IPAddress, port: Int?)
        /// `*.example.com`: any name below it, not itself.
        case suffix(String)
        /// `10.*`: leading numbers of an IPv4 address.
        case leadingOctets([UInt8])
        case everything
    }

    private let rules: [Rule]
    private let allowsLocalNetwork: Bool
    private let exemptPaths: Set<String>

    /// - Parameters:
    ///   - allowedHosts: names, addresses, `*`, `*.example.com` or `10.*`; empty means the default above. When given,
    ///     they replace the default, as the reference's option does.
    ///   - exemptPaths: paths that are answered whatever the Host, such as `/health`.
    package init(allowedHosts: [String] = [], exemptPaths: [String] = []) {
        rules = allowedHosts.compactMap(Self.rule)
        allowsLocalNetwork = allowedHosts.isEmpty
        self.exemptPaths = Set(exemptPaths)
    }

    /// Whether an entry of the allowed hosts means anything; one that does not would allow nothing.
    package static func understands(_ text: String) -> Bool { rule(text) != nil }

    private static func rule(_ text: String) -> Rule? {
        if text == "*" { return .everything }
        // `name:*` is how the reference writes every port, which is what no port means here.
        if text.hasSuffix(":*") { return rule(String(text.dropLast(2))) }
        if text.hasPrefix("*.") {
            return HostName(String(text.dropFirst(2))).map { .suffix("." + $0.name) }
        }
        if text.hasSuffix(".*") {
            let parts = text.dropLast(2).split(separator: ".", omittingEmptySubsequences: false)
            let octets = parts.compactMap { UInt8($0) }
            return octets.count == parts.count && (1...3).contains(octets.count) ? .leadingOctets(octets) : nil
        }
        // A bare IPv6 address is taken too, though it would need brackets in a URL.
        if let address = IPAddress(text) { return .address(address, port: nil) }
        guard let host = HostName(text) else { return nil }
        return host.address.map { .address($0, port: host.port) } ?? .exact(name: host.name, port: host.port)
    }

    /// Whether a request with this Host may be answered.
    ///
    /// A rule without a port allows every port.
    package func allows(host text: String, path: String) -> Bool {
        if exemptPaths.contains(path) { return true }
        if rules.contains(where: { if case .everything = $0 { true } else { false } }) { return true }
        guard let host = HostName(text) else { return false }
        if allowsLocalNetwork {
            if host.isLocal { return true }
            if let address = host.address, address.isPrivate || address.isUnspecified { return true }
        }
        return rules.contains { Self.matches($0, host) }
    }

    private static func matches(_ rule: Rule, _ host: HostName) -> Bool {
        switch rule {
        case .exact(let name, let port): host.name == name && (port == nil || port == host.port)
        case .address(let address, let port): host.address == address && (port == nil || port == host.port)
        case .suffix(let suffix): host.address == nil && host.name.hasSuffix(suffix)
        case .leadingOctets(let octets): host.address?.octets?.starts(with: octets) ?? false
        case .everything: true
        }
    }

    /// Nil when the request may go on, else the refusal, which names the host and the remedy.
    package func refusal(of request: HTTPRequest) -> HTTPRefusal? {
        if allows(host: request.host, path: request.path) { return nil }
        let name = HostName(request.host)?.name ?? request.host
        return HTTPRefusal(
            403,
            "Invalid Host header '\(request.host)' - possible DNS rebinding attack detected. "
                + "If this host is yours, start the server with --allowed-hosts \(name)"
        )
    }
}
