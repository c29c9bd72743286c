internal import Glibc
internal import HTTPWire

/// The addresses at which a running server can be reached.
struct ServedAddress {
    /// The URL of the API as a program on this machine reaches it, with the static prefix.
    let url: String
    /// The bound addresses that other machines may reach.
    let opened: [String]

    /// - Parameter bound: every address that the server listens on; the first one becomes the URL.
    init(_ bound: [(host: String, port: Int)], prefix: String) {
        let first = bound.first ?? ("127.0.0.1", 0)
        // A client cannot connect to a wildcard address; the loopback address is one of those it includes.
        let host = first.host == "0.0.0.0" ? "127.0.0.1" : first.host == "::" ? "::1" : first.host
        url = "http://\(Self.place(host, first.port))\(prefix)"
        opened = bound.filter { !Self.isLoopback($0.host) }.map { Self.place($0.host, $0.port) }
    }

    init(_ addresses: [HTTPAddress], prefix: String) {
        self.init(addresses.map { ($0.host, $0.port) }, prefix: prefix)
    }

    /// An address in the form of a URL.
    private static func place(_ host: String, _ port: Int) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "::1" || host.hasPrefix("127.") || host.hasPrefix("::ffff:127.")
    }

    /// The line that tells which addresses are open to other machines; nil when none is.
    ///
    /// - Parameter guarding: the sentence of `SecuritySettings`.
    func warning(guarding: String) -> String? {
        guard !opened.isEmpty else { return nil }
        return "apus: \(opened.joined(separator: " and ")) can be reached from other machines, and there is no login: "
            + "whoever reaches it can read, change and delete everything. \(guarding)"
    }
}
