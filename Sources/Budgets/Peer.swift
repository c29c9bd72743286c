/// A client address: all connections from one IP address are one peer and use one share of a budget.
package struct Peer: Hashable, Sendable {
    /// The numeric address without the port, or that of `unixSocket`; empty for the server's own work.
    package let address: String
    /// Whether it is a loopback address, which stands for all local programs and for all clients of a local proxy.
    package let isLocal: Bool

    package init(address: String) {
        self.address = address
        isLocal = address.hasPrefix("127.") || address == "::1" || address == Self.unixSocketAddress
    }

    private static let unixSocketAddress = "unix"

    /// All clients of a Unix socket.
    package static let unixSocket = Peer(address: unixSocketAddress)

    /// The server itself, for work that no request caused.
    package static let server = Peer(address: "")
}
