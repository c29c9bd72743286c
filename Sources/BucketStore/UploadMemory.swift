internal import ArtifactStore
package import Budgets
internal import HTTPWire

/// The memory budget of uploads to an object store, each of which collects a part before signing and sending it.
///
/// An upload whose client sends too slowly loses its memory when other uploads need it.
package final class UploadMemory: Sendable {
    /// The speed at which a client must send so that its memory is not given to others: the same as for request bodies.
    private static let pace = MemoryLedger.Pace(bytes: 256 * 1_024, nanoseconds: 2_000_000_000)

    private let ledger: MemoryLedger

    package init(_ budget: Budget) {
        ledger = MemoryLedger(budget: budget, pace: Self.pace, clock: SystemCall.coarseNanoseconds)
    }

    /// A monotonic clock in nanoseconds.
    var now: UInt64 { ledger.now }

    /// Reserves the memory for one upload of a client.
    ///
    /// - Parameter onRevocation: called at most once, on any thread, when another upload takes the memory.
    /// - Throws: `.overloaded` if the budget, or the client's share of it, has too little left.
    func reserve(
        _ bytes: Int,
        for peer: Peer,
        onRevocation: @escaping @Sendable () -> Void
    ) throws(ArtifactError) -> MemoryReservation {
        let reservation = ledger.reservation(for: peer, onRevocation: onRevocation)
        guard reservation.grow(to: bytes) else {
            let isShareExceeded = ledger.budget.held(by: peer) > ledger.budget.share(of: peer) - bytes
            throw .overloaded(
                isShareExceeded
                    ? "\(peer.phrase) sends as many files at once as the memory of one client allows; try again when one has arrived."
                    : "Too many files are being sent at once for the server's memory; try again in a moment."
            )
        }
        reservation.beginWaitingForClient(at: now)
        return reservation
    }

    /// The error for an upload whose memory was given to other uploads.
    static let revoked = ArtifactError.overloaded(
        "The file arrived too slowly, and other uploads needed its memory; nothing of it was stored. Send it again."
    )
}

/// The memory in which an upload collects one part.
final class PartBuffer: @unchecked Sendable {
    // Unchecked because only one upload uses the buffer, under its lock.
    private let space: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(bytes: Int) { space = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 4_096) }

    deinit { space.deallocate() }

    var isFull: Bool { count == space.count }

    /// The collected bytes; valid until the buffer changes.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: space[..<count]) }

    /// Copies as many of the bytes as fit into the buffer.
    ///
    /// - Returns: the number of bytes that were copied.
    func append(_ bytes: UnsafeRawBufferPointer) -> Int {
        let taken = min(bytes.count, space.count - count)
        guard taken > 0 else { return 0 }
        let target = UnsafeMutableRawBufferPointer(rebasing: space[count..<count + taken])
        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<taken]))
        count += taken
        return taken
    }

    func removeAll() { count = 0 }
}
