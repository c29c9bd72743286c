import Budgets
import Synchronization
import Testing

@Suite struct MemoryLedgerTests {
    private static let fast = Peer(address: "192.0.2.1")
    private static let slow = Peer(address: "192.0.2.2")

    /// A clock that stands until it is moved.
    private final class StandingClock: Sendable {
        let now = Atomic<UInt64>(0)
    }

    /// The names of the reservations that have lost their memory.
    private final class Box: Sendable {
        let names = Mutex<[String]>([])
    }

    private let box = Box()
    private let clock = StandingClock()
    private let ledger: MemoryLedger

    init() {
        ledger = MemoryLedger(
            budget: Budget(total: 8, share: 6),
            pace: MemoryLedger.Pace(bytes: 100, nanoseconds: 1_000),
            clock: { [clock] in clock.now.load(ordering: .relaxed) }
        )
    }

    private func reservation(
        _ name: String,
        of peer: Peer,
        _ bytes: Int
    ) -> (reservation: MemoryReservation, isTaken: Bool) {
        let reservation = ledger.reservation(for: peer) { [box] in box.names.withLock { $0.append(name) } }
        defer { reservation.beginWaitingForClient(at: ledger.now) }
        return (reservation, reservation.grow(to: bytes))
    }

    @Test func `who is slow gives way to others, the slowest first, and who is not keeps the memory`() {
        let one = reservation("one", of: Self.slow, 3)
        clock.now.store(500, ordering: .relaxed)
        let two = reservation("two", of: Self.slow, 3)
        #expect(one.isTaken && two.isTaken)
        #expect(!reservation("early", of: Self.fast, 3).isTaken && box.names.withLock { $0.isEmpty })
        clock.now.store(1_600, ordering: .relaxed)
        two.reservation.countTransferred(100, at: 1_600)
        #expect(reservation("late", of: Self.fast, 3).isTaken)
        #expect(box.names.withLock { $0 } == ["one"] && one.reservation.bytes == 0 && two.reservation.bytes == 3)
    }

    @Test func `nobody gives way while the server works on what has come`() {
        let one = reservation("one", of: Self.slow, 6)
        one.reservation.endWaitingForClient()
        clock.now.store(9_000, ordering: .relaxed)
        #expect(!reservation("late", of: Self.fast, 3).isTaken)
        #expect(one.reservation.bytes == 6)
    }
}
