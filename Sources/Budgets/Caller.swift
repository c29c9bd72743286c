package import Identities
internal import Synchronization

/// The client that waits for the answer to a request.
///
/// The HTTP server creates a caller for each connection, and another one after a request that was abandoned, and passes
/// it on with each request, so that long work can stop when the client has disconnected.
package final class Caller: Sendable {
    /// The network address of the client.
    package let peer: Peer
    /// The identity of the client; nil if the server does not require one, and for the server's own work.
    ///
    /// A caller without an identity may see all data.
    package let identity: Identity?
    /// The peer whose shares of the budgets the requests use: that of the identity or, without one, of the address.
    package let party: Peer
    /// A number for the party, for queues in which parties have turns.
    package let turn: Int
    private let gone = Atomic<Bool>(false)
    private let answers = Atomic<Int>(0)

    package init(peer: Peer, identity: Identity? = nil) {
        self.peer = peer
        self.identity = identity
        party = identity.map { Peer($0) } ?? peer
        turn = party.hashValue
    }

    /// Whether nothing that is stored is hidden from it.
    package var seesAll: Bool { identity?.permissions == nil }

    /// Whether the connection has ended, so that nobody will read the answer.
    ///
    /// Usable from any thread; costs one atomic load.
    package var hasLeft: Bool { gone.load(ordering: .relaxed) }

    /// Records that the client has disconnected; called by the owner of the connection.
    package func leave() { gone.store(true, ordering: .relaxed) }

    /// The number of whole answers sent while the client was still connected.
    package var answerCount: Int { answers.load(ordering: .relaxed) }

    /// Records that a whole answer was sent to a connected client; called by the owner of the connection.
    package func didTakeAnswer() { answers.wrappingAdd(1, ordering: .relaxed) }

    /// Records that the client closed the connection before it had read its last answer to the end.
    package func didDropAnswer() {
        if answerCount > 0 { answers.wrappingSubtract(1, ordering: .relaxed) }
    }

    /// The caller of the server's own work, for which `hasLeft` is always false.
    package static let server = Caller(peer: .server)
}
