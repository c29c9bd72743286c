package import Identities

/// Who uses one share of a budget: all connections from one IP address, or all requests of one identity.
package struct Peer: Hashable, Sendable {
    /// The numeric address without the port, or that of `unixSocket`; the name of an identity; empty for the server's own
    /// work.
    package let name: String
    /// Whether it is a loopback address, which stands for all local programs and for all clients of a local proxy.
    package let isLocal: Bool
    /// What kind of identity it stands for, wherever its requests come from; nil for an address.
    private let kind: Identity.Kind?

    package init(address: String) {
        name = address
        isLocal = address.hasPrefix("127.") || address == "::1" || address == Self.unixSocketAddress
        kind = nil
    }

    package init(_ identity: Identity) {
        name = identity.name
        isLocal = false
        kind = identity.kind
    }

    /// Whether it stands for an identity.
    package var isIdentity: Bool { kind != nil }

    /// Two names whose bytes differ are two, also where they look the same.
    package static func == (left: Peer, right: Peer) -> Bool {
        left.kind == right.kind && left.isLocal == right.isLocal && left.name.utf8.elementsEqual(right.name.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        hasher.combine(name)
    }

    /// Whom a refusal names.
    package var phrase: String { isIdentity ? "'\(name)'" : "The address \(name)" }

    private static let unixSocketAddress = "unix"

    /// All clients of a Unix socket.
    package static let unixSocket = Peer(address: unixSocketAddress)

    /// The server itself, for work that no request caused.
    package static let server = Peer(address: "")
}
