internal import Synchronization

/// The one who waits for the answer to a request: whose share it counts against, and whether anybody still waits.
///
/// Made by the HTTP server for each connection, anew after a request that was given up, and handed down with its requests,
/// so that long work can end when its caller has gone.
package final class Caller: Sendable {
    package let peer: Peer
    private let gone = Atomic<Bool>(false)
    private let answers = Atomic<Int>(0)

    package init(peer: Peer) {
        self.peer = peer
    }

    /// Whether the connection has ended: nobody will read the answer.
    ///
    /// Costs one load; safe from any thread.
    package var hasLeft: Bool { gone.load(ordering: .relaxed) }

    /// Says that nobody waits any more; for the owner of the connection.
    package func leave() { gone.store(true, ordering: .relaxed) }

    /// How many answers went out whole to a caller that was still there.
    package var answerCount: Int { answers.load(ordering: .relaxed) }

    /// Says that an answer went out whole while the caller was there; for the owner of the connection.
    package func didTakeAnswer() { answers.wrappingAdd(1, ordering: .relaxed) }

    /// Says that the caller broke the connection off without having read its last answer to the end.
    package func didDropAnswer() {
        if answerCount > 0 { answers.wrappingSubtract(1, ordering: .relaxed) }
    }

    /// Stands for the server where it works for itself; never leaves.
    package static let server = Caller(peer: .server)
}
