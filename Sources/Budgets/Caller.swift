package import Identities
internal import Synchronization

/// The client that waits for the answer to a request.
///
/// The HTTP server creates a caller for each connection, and another one after a request whose client seemed to have
/// disconnected. Each request carries its caller, so that long work can stop when the client has disconnected.
package final class Caller: Sendable {
    /// The network address of the client.
    package let peer: Peer
    /// The identity of the client; nil if the server does not require one, and for the server's own work.
    ///
    /// A caller without an identity may see all data.
    package let identity: Identity?
    /// The credential by which the identity was found; nil if each request must be identified anew.
    package let credential: CheckedCredential?
    /// The client in whose share of each budget the requests count: the identity or, without one, the address.
    package let client: Peer
    /// A number for `client`, for queues in which clients take turns.
    package let clientNumber: Int
    private let presence: Presence
    private let admission = Atomic<Int>(0)

    package convenience init(peer: Peer, identity: Identity? = nil) { self.init(peer, identity, nil, Presence()) }

    private init(_ peer: Peer, _ identity: Identity?, _ credential: CheckedCredential?, _ presence: Presence) {
        self.peer = peer
        self.identity = identity
        self.credential = credential
        self.presence = presence
        client = identity.map { Peer($0) } ?? peer
        clientNumber = client.hashValue
    }

    /// The same client on the same connection, with another identity.
    ///
    /// - Parameter credential: the credential by which the identity was found, if the next requests with it need no look-up.
    package func with(_ identity: Identity?, foundBy credential: CheckedCredential? = nil) -> Caller {
        Caller(peer, identity, credential, presence)
    }

    /// Whether the client may read everything that is stored.
    package var seesAll: Bool { identity?.permissions == nil }

    /// The `AccessVersion` at which the request in progress was admitted; 0 if the server admits every request.
    ///
    /// A connection has one request in progress. Usable from any thread; costs one atomic load.
    package var admissionVersion: Int { admission.load(ordering: .relaxed) }

    /// Records that the request in progress was admitted.
    package func noteAdmission(at version: Int) { admission.store(version, ordering: .relaxed) }

    /// Whether the client has probably disconnected, so that long work for its answer is cancelled.
    ///
    /// Usable from any thread; costs one atomic load.
    package var hasLeft: Bool { presence.isAbandoned.load(ordering: .relaxed) }

    /// Whether the connection has ended.
    package var hasEnded: Bool { presence.hasEnded.load(ordering: .relaxed) }

    /// Records that the client has probably disconnected, although an answer could still be sent to it; called by the owner of
    /// the connection.
    package func recordProbableDisconnection() { presence.isAbandoned.store(true, ordering: .relaxed) }

    /// Records that the client has disconnected; called by the owner of the connection.
    package func leave() {
        presence.isAbandoned.store(true, ordering: .relaxed)
        presence.hasEnded.store(true, ordering: .relaxed)
    }

    /// The number of whole answers that the client has received.
    package var answerCount: Int { presence.answers.load(ordering: .relaxed) }

    /// Records that the client has received a whole answer; called by the owner of the connection.
    package func didReceiveAnswer() { presence.answers.wrappingAdd(1, ordering: .relaxed) }

    /// Records that the client ended the connection before it had received its last answer to the end.
    package func didLoseAnswer() {
        if answerCount > 0 { presence.answers.wrappingSubtract(1, ordering: .relaxed) }
    }

    /// The caller of the server's own work, for which `hasLeft` is always false.
    package static let server = Caller(peer: .server)
}

/// The state of one connection, which all of its callers share.
private final class Presence: Sendable {
    let isAbandoned = Atomic<Bool>(false)
    let hasEnded = Atomic<Bool>(false)
    let answers = Atomic<Int>(0)
}
