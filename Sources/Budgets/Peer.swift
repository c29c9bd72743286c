/// Whose share a request counts against: all connections from one address are one peer.
package struct Peer: Hashable, Sendable {
    /// The numeric address without its port; empty for the server's own work.
    package let address: String

    package init(address: String) {
        self.address = address
    }

    /// The server itself: work beside requests.
    package static let server = Peer(address: "")
}
