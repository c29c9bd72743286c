package import Identities

/// A client to whose share of a budget requests are charged: all connections from one IP address, or all requests of one
/// identity.
package struct Peer: Hashable, Sendable {
    /// The numeric address without the port, `unix` for `unixSocket`, or the name of an identity; empty for the
    /// server's own work.
    package let name: String
    /// Whether the peer is a loopback address or `unixSocket`; all local programs, and all clients of a local proxy, count as
    /// one.
    package let isLocal: Bool
    /// A number for the kind of the identity; 0 if the peer is an address.
    ///
    /// A number is compared and hashed more quickly than the kind.
    private let kind: UInt8

    package init(address: String) {
        name = address
        isLocal = address.hasPrefix("127.") || address == "::1" || address == Self.unixSocketAddress
        kind = 0
    }

    package init(_ identity: Identity) {
        name = identity.name
        isLocal = false
        kind = identity.kind.number
    }

    /// Whether the peer is an identity, and not an address.
    package var isIdentity: Bool { kind != 0 }

    /// Compares the names byte by byte, because `==` treats different texts that look the same as equal.
    package static func == (left: Peer, right: Peer) -> Bool {
        left.kind == right.kind && left.isLocal == right.isLocal && left.name.utf8.elementsEqual(right.name.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        hasher.combine(name)
    }

    /// The peer as the subject of a sentence, for refusals.
    package var phrase: String { isIdentity ? "'\(name)'" : "The address \(name)" }

    private static let unixSocketAddress = "unix"

    /// All clients of a Unix socket.
    package static let unixSocket = Peer(address: unixSocketAddress)

    /// The server itself, for work that no request caused.
    package static let server = Peer(address: "")
}

extension Identity.Kind {
    fileprivate var number: UInt8 {
        switch self {
        case .token: 1
        case .user: 2
        case .outsider: 3
        case .operatorCommand: 4
        }
    }
}
