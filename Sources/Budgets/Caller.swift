package import Identities
internal import Synchronization

/// The client that waits for the answer to a request.
///
/// The HTTP server creates one for each connection (and a new one after a request that was given up) and passes it on
/// with each request, so that long work can stop when the client has disconnected.
package final class Caller: Sendable {
    package let peer: Peer
    /// Who it is; nil where nobody is asked, and for the server's own work: then nothing is hidden.
    package let identity: Identity?
    /// Whose shares its requests use: those of its identity, or of its address where it has shown none.
    package let party: Peer
    /// A number that stands for the party where turns are taken.
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
    /// Costs one atomic load; safe from any thread.
    package var hasLeft: Bool { gone.load(ordering: .relaxed) }

    /// Records that the client no longer waits; called by the owner of the connection.
    package func leave() { gone.store(true, ordering: .relaxed) }

    /// The number of whole answers sent while the client was still connected.
    package var answerCount: Int { answers.load(ordering: .relaxed) }

    /// Records that a whole answer was sent to a connected client; called by the owner of the connection.
    package func didTakeAnswer() { answers.wrappingAdd(1, ordering: .relaxed) }

    /// Records that the client closed the connection before it had read its last answer to the end.
    package func didDropAnswer() {
        if answerCount > 0 { answers.wrappingSubtract(1, ordering: .relaxed) }
    }

    /// The server itself as a caller, for its own work; it never leaves.
    package static let server = Caller(peer: .server)
}
