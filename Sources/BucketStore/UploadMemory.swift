internal import ArtifactStore
package import Budgets
internal import HTTPWire

/// The memory of uploads to an object storage, each of which collects a part before it signs and sends it.
///
/// An upload whose client sends too slowly loses its memory when others need it.
package final class UploadMemory: Sendable {
    /// The speed that a client needs to keep its memory while others need memory: the same as for bodies.
    private static let pace = MemoryLedger.Pace(bytes: 256 * 1_024, nanoseconds: 2_000_000_000)

    private let ledger: MemoryLedger

    package init(_ budget: Budget) {
        ledger = MemoryLedger(budget: budget, pace: Self.pace, clock: SystemCall.coarseNanoseconds)
    }

    /// A monotonic clock in nanoseconds.
    var now: UInt64 { ledger.now }

    /// Takes the memory for one upload of a client.
    ///
    /// - Parameter giveWay: called at most once, on any thread, when the upload loses its memory to another.
    /// - Throws: `.overloaded` if neither the server nor the client's share has so much left.
    func take(
        _ bytes: Int,
        for peer: Peer,
        giveWay: @escaping @Sendable () -> Void
    ) throws(ArtifactError) -> MemoryStake {
        let stake = ledger.stake(for: peer, giveWay: giveWay)
        guard stake.grow(to: bytes) else {
            let isShareSpent = ledger.budget.held(by: peer) > ledger.budget.share(of: peer) - bytes
            throw .overloaded(
                isShareSpent
                    ? "\(peer.phrase) sends as many files at once as the memory of one client allows; try again when one has arrived."
                    : "Too many files are being sent at once for the server's memory; try again in a moment."
            )
        }
        stake.awaitClient(at: now)
        return stake
    }

    /// The failure of an upload that has lost its memory.
    static let lost = ArtifactError.overloaded(
        "The file came so slowly that others got the memory for it; nothing of it was stored. Try again."
    )
}

/// The memory in which an upload collects a part.
final class PartBuffer: @unchecked Sendable {
    // Unchecked because a buffer belongs to one upload, which uses it under its lock.
    private let space: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(bytes: Int) {
        space = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 4_096)
    }

    deinit {
        space.deallocate()
    }

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

    func removeAll() {
        count = 0
    }
}
