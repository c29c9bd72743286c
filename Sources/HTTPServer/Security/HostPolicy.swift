package import HTTPWire

/// Decides which values of the Host field are accepted, as a protection against DNS rebinding.
///
/// By default `localhost` and loopback, unspecified and private addresses are accepted, as in MLflow's server.
/// Addresses are compared as numbers, so that a DNS name such as `10.attacker.example` does not count as an address.
package struct HostPolicy: Sendable {
    private enum Rule: Sendable {
        case exact(name: String, port: Int?)
        case address(IPAddress, port: Int?)
        case pattern(HostPattern)
        /// The first numbers of an IPv4 address, written as `10.*`.
        case leadingOctets([UInt8])
        case everything
    }

    private let rules: [Rule]
    private let allowsLocalNetwork: Bool
    private let exemptPaths: Set<String>

    /// - Parameters:
    ///   - allowedHosts: names, addresses, `*`, `10.*`, or patterns of names such as `*.example.com`. Entries replace
    ///     the default, as those of MLflow's option do; an empty list means the default.
    ///   - exemptPaths: paths, as they are sent, for which every Host is accepted, such as `/health`.
    package init(allowedHosts: [String] = [], exemptPaths: [String] = []) {
        rules = allowedHosts.compactMap(Self.rule)
        allowsLocalNetwork = allowedHosts.isEmpty
        self.exemptPaths = Set(exemptPaths)
    }

    /// Whether an entry of the allowed hosts is valid; an invalid entry would allow nothing.
    package static func isValidEntry(_ text: String) -> Bool { rule(text) != nil }

    private static func rule(_ text: String) -> Rule? {
        if text == "*" { return .everything }
        // In MLflow's option `name:*` means any port. In this one a name without a port means any port too.
        if text.hasSuffix(":*") { return rule(String(text.dropLast(2))) }
        if let octets = leadingOctets(text) { return .leadingOctets(octets) }
        if text.utf8.contains(UInt8(ascii: "*")) { return HostPattern(text).map { .pattern($0) } }
        // An IPv6 address is accepted without the brackets that it has in a URL, too.
        if let address = IPAddress(text) { return .address(address, port: nil) }
        guard let host = HostName(text) else { return nil }
        return host.address.map { .address($0, port: host.port) } ?? .exact(name: host.name, port: host.port)
    }

    private static func leadingOctets(_ text: String) -> [UInt8]? {
        guard text.hasSuffix(".*") else { return nil }
        let parts = text.dropLast(2).split(separator: ".", omittingEmptySubsequences: false)
        let octets = parts.compactMap { UInt8($0) }
        return octets.count == parts.count && (1...3).contains(octets.count) ? octets : nil
    }

    /// Whether a request with this Host may be answered; a rule without a port allows every port.
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
        case .pattern(let pattern): pattern.matches(host)
        case .leadingOctets(let octets): host.address?.octets?.starts(with: octets) ?? false
        case .everything: true
        }
    }

    /// The refusal of a request whose Host is not allowed; nil if the request is accepted.
    ///
    /// The message names the host and the option that allows it.
    package func refusal(of request: HTTPRequest) -> HTTPRefusal? {
        if allows(host: request.host, path: request.rawPath) { return nil }
        let name = HostName(request.host)?.name ?? request.host
        return HTTPRefusal(
            403,
            "Invalid Host header '\(request.host)' - possible DNS rebinding attack detected. "
                + "If this host is yours,",
            startArguments: "--allowed-hosts \(name)"
        )
    }
}
