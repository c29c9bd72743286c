internal import Synchronization

/// Tells whether several clients have sent requests within the last second.
///
/// The server limits how much one client delays the others only while this is so. Usable from any thread; a request of a client
/// that is alone costs two atomic loads.
package final class Contention: Sendable {
    /// How long, in nanoseconds, several clients count as present after two successive requests of different clients.
    private static let presenceNanoseconds: UInt64 = 1_000_000_000

    /// The client that sent the latest request; 0 before the first one.
    private let latest = Atomic<Int>(0)
    /// The time until which several clients count as present; 0 while one client is alone.
    private let end = Atomic<UInt64>(0)

    package init() {}

    package var isPresent: Bool { end.load(ordering: .relaxed) != 0 }

    /// Records a request.
    ///
    /// - Parameters:
    ///   - client: the client's number (`Caller.clientNumber`).
    ///   - now: the nanoseconds of a clock that does not go back.
    package func recordRequest(of client: Int, at now: UInt64) {
        let previous = latest.load(ordering: .relaxed)
        guard previous != client else {
            let end = end.load(ordering: .relaxed)
            if end != 0, end < now { self.end.store(0, ordering: .relaxed) }
            return
        }
        latest.store(client, ordering: .relaxed)
        if previous != 0 { end.store(now + Self.presenceNanoseconds, ordering: .relaxed) }
    }
}
