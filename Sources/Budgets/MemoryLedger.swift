internal import Synchronization

/// Accounts for the memory that is held while the server waits for clients: for bodies that are still arriving, for answers
/// that clients have not read yet, or for files on their way to an object store.
///
/// When the budget is used up, the server ends transfers of clients that are slower than `pace`, beginning with the one that
/// has been too slow for the longest time, and gives their memory to others.
package final class MemoryLedger: Sendable {
    /// The speed that a client needs to keep its memory while others need memory.
    package struct Pace: Sendable {
        /// The number of bytes that must be transferred within `time`.
        package let bytes: Int
        /// The period, in nanoseconds.
        package let time: UInt64

        package init(bytes: Int, nanoseconds time: UInt64) {
            self.bytes = bytes
            self.time = time
        }
    }

    private struct Entry {
        weak var reservation: MemoryReservation?
    }

    package let budget: Budget
    fileprivate let pace: Pace
    /// A monotonic clock, in nanoseconds.
    private let clock: @Sendable () -> UInt64
    private let entries = Mutex<[ObjectIdentifier: Entry]>([:])

    /// - Parameter clock: returns the time in nanoseconds; all times that are passed to reservations must be times of this clock.
    package init(budget: Budget, pace: Pace, clock: @escaping @Sendable () -> UInt64) {
        self.budget = budget
        self.pace = pace
        self.clock = clock
    }

    /// The time now, in nanoseconds.
    package var now: UInt64 { clock() }

    /// Registers one body or answer, which holds no memory at first.
    /// - Parameter onRevocation: called at most once, on any thread, when this body or answer loses its memory to another.
    package func reservation(for peer: Peer, onRevocation: @escaping @Sendable () -> Void) -> MemoryReservation {
        let reservation = MemoryReservation(ledger: self, peer: peer, onRevocation: onRevocation)
        entries.withLock { $0[ObjectIdentifier(reservation)] = Entry(reservation: reservation) }
        return reservation
    }

    fileprivate func remove(_ id: ObjectIdentifier) { _ = entries.withLock { $0.removeValue(forKey: id) } }

    /// Takes memory from slow clients, first from those that have been slow for the longest time, until `attempt` returns true;
    /// false if it never does.
    ///
    /// If the asking peer has used up its own share of the budget, only that peer's other bodies or answers lose memory.
    fileprivate func makeRoom(for asking: MemoryReservation, _ count: Int, _ attempt: () -> Bool) -> Bool {
        let now = clock()
        let peer = asking.peer
        let isShareUsedUp = budget.held(by: peer) > budget.share(of: peer) - count
        let reservations = entries.withLock { $0.values.compactMap(\.reservation) }
        let slow = reservations.compactMap { reservation -> (reservation: MemoryReservation, since: UInt64)? in
            guard reservation !== asking, !isShareUsedUp || reservation.peer == peer else { return nil }
            return reservation.beginningOfSlowness(at: now).map { (reservation, $0) }
        }
        for victim in slow.sorted(by: { $0.since < $1.since }) {
            victim.reservation.revoke()
            if attempt() { return true }
        }
        return false
    }
}

/// The memory that one body or answer holds of a ledger's budget; released with this object.
package final class MemoryReservation: Sendable {
    private struct State {
        var holding: BudgetReservation?
        var bytes = 0
        /// Whether the server waits for the client to send or to read.
        var isWaiting = false
        /// When counting in `transferred` began, in nanoseconds of the ledger's clock.
        var countingStart: UInt64 = 0
        var transferred = 0
    }

    package let peer: Peer
    private let ledger: MemoryLedger
    private let onRevocation: @Sendable () -> Void
    private let state: Mutex<State>

    fileprivate init(ledger: MemoryLedger, peer: Peer, onRevocation: @escaping @Sendable () -> Void) {
        self.ledger = ledger
        self.peer = peer
        self.onRevocation = onRevocation
        state = Mutex(State(holding: BudgetReservation(of: ledger.budget, for: peer)))
    }

    deinit { ledger.remove(ObjectIdentifier(self)) }

    /// The number of bytes held.
    package var bytes: Int { state.withLock { $0.bytes } }

    /// Grows to the given number of bytes, if the budget has them or slow clients can lose them; returns false otherwise, but
    /// then slow clients may have lost their memory anyway.
    package func grow(to bytes: Int) -> Bool {
        let missing = bytes - self.bytes
        guard missing > 0 else { return true }
        return take(missing) || ledger.makeRoom(for: self, missing) { take(missing) }
    }

    private func take(_ count: Int) -> Bool {
        state.withLock { state in
            guard let holding = state.holding, holding.grow(by: count) else { return false }
            state.bytes += count
            return true
        }
    }

    /// Counts bytes that were received from the client or sent to it.
    package func countTransferred(_ count: Int, at now: UInt64) {
        state.withLock { state in
            state.transferred += count
            guard state.transferred >= ledger.pace.bytes else { return }
            state.transferred = 0
            state.countingStart = now
        }
    }

    /// Begins to measure the pace of the client, because the server now waits for the client to send or to read.
    ///
    /// Repeated calls do not restart the measurement.
    package func beginWaitingForClient(at now: UInt64) {
        state.withLock { state in
            guard !state.isWaiting else { return }
            state.isWaiting = true
            state.countingStart = now
            state.transferred = 0
        }
    }

    /// Ends the measurement, because the server does not wait for the client any more.
    ///
    /// Until the next call of `beginWaitingForClient` this memory is not given to others.
    package func endWaitingForClient() { state.withLock { $0.isWaiting = false } }

    /// The time since which the client has been slower than the required pace; nil if it is not too slow or holds no memory.
    fileprivate func beginningOfSlowness(at now: UInt64) -> UInt64? {
        state.withLock { state in
            let isSlow = now >= state.countingStart &+ ledger.pace.time
            return state.isWaiting && state.bytes > 0 && isSlow ? state.countingStart : nil
        }
    }

    fileprivate func revoke() {
        let had = state.withLock { state in
            defer {
                state.holding = nil
                state.bytes = 0
            }
            return state.holding
        }
        if had != nil { onRevocation() }
    }
}
