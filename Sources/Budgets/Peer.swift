/// Whose share a request counts against: all connections from one address are one peer.
package struct Peer: Hashable, Sendable {
    /// The numeric address without its port; empty for the server's own work.
    package let address: String
    /// Whether it is this machine: then it stands for all programs on it, and for all clients of a proxy on it.
    package let isLocal: Bool

    package init(address: String) {
        self.address = address
        isLocal = address.hasPrefix("127.") || address == "::1"
    }

    /// The server itself: work beside requests.
    package static let server = Peer(address: "")
}
