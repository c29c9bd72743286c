import Budgets
import HTTPWire
import Synchronization

/// Accounts for the memory that is held while the server waits for clients: either for bodies that are still arriving,
/// or for answers that clients have not read yet.
///
/// When the budget is used up, the clients that are slower than `pace` lose their memory to others, the slowest first.
final class MemoryLedger: Sendable {
    /// The speed that a client needs to keep its memory while others need memory.
    struct Pace: Sendable {
        /// The number of bytes that must be transferred within `time`.
        let bytes: Int
        let time: Duration
    }

    private struct Entry {
        weak var stake: MemoryStake?
    }

    let budget: Budget
    let pace: Pace
    private let entries = Mutex<[ObjectIdentifier: Entry]>([:])

    init(budget: Budget, pace: Pace) {
        self.budget = budget
        self.pace = pace
    }

    /// Registers one body or answer, which holds no memory at first.
    /// - Parameter giveWay: called at most once, on any thread, when this body or answer loses its memory to another.
    func stake(for peer: Peer, giveWay: @escaping @Sendable () -> Void) -> MemoryStake {
        let stake = MemoryStake(ledger: self, peer: peer, giveWay: giveWay)
        entries.withLock { $0[ObjectIdentifier(stake)] = Entry(stake: stake) }
        return stake
    }

    fileprivate func remove(_ id: ObjectIdentifier) {
        _ = entries.withLock { $0.removeValue(forKey: id) }
    }

    /// Takes memory from slow clients, the slowest first, until `attempt` returns true; false if it never does.
    ///
    /// If the asking peer has used up its own share of the budget, only that peer's other bodies or answers lose
    /// memory.
    fileprivate func makeRoom(for asking: MemoryStake, _ count: Int, _ attempt: () -> Bool) -> Bool {
        let now = SystemCall.coarseNanoseconds()
        let peer = asking.peer
        let isShareSpent = budget.held(by: peer) > budget.share(of: peer) - count
        let stakes = entries.withLock { $0.values.compactMap(\.stake) }
        let slow = stakes.compactMap { stake -> (stake: MemoryStake, since: UInt64)? in
            guard stake !== asking, !isShareSpent || stake.peer == peer, let since = stake.slowSince(now) else {
                return nil
            }
            return (stake, since)
        }
        for victim in slow.sorted(by: { $0.since < $1.since }) {
            victim.stake.revoke()
            if attempt() { return true }
        }
        return false
    }
}

/// The memory that one body or answer holds of a ledger's budget; released with this object.
final class MemoryStake: Sendable {
    private struct State {
        var holding: Holding?
        var bytes = 0
        /// Whether the server waits for the client to send or to read.
        var isWaiting = false
        /// The time at which counting in `moved` began, in nanoseconds of the coarse clock.
        var since: UInt64 = 0
        var moved = 0
    }

    let peer: Peer
    private let ledger: MemoryLedger
    private let giveWay: @Sendable () -> Void
    private let state: Mutex<State>

    fileprivate init(ledger: MemoryLedger, peer: Peer, giveWay: @escaping @Sendable () -> Void) {
        self.ledger = ledger
        self.peer = peer
        self.giveWay = giveWay
        state = Mutex(State(holding: Holding(of: ledger.budget, for: peer)))
    }

    deinit {
        ledger.remove(ObjectIdentifier(self))
    }

    /// The number of bytes held.
    var bytes: Int { state.withLock { $0.bytes } }

    /// Grows to the given number of bytes, if the budget has them or slow clients can lose them.
    ///
    /// Returns false otherwise; the size is then unchanged, but slow clients may have lost their memory.
    func grow(to bytes: Int) -> Bool {
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
    func move(_ count: Int, at now: UInt64) {
        state.withLock { state in
            state.moved += count
            guard state.moved >= ledger.pace.bytes else { return }
            state.moved = 0
            state.since = now
        }
    }

    /// Begins to measure the pace of the client, because the server now waits for the client to send or to read.
    ///
    /// Repeated calls do not restart the measurement.
    func awaitClient(at now: UInt64) {
        state.withLock { state in
            guard !state.isWaiting else { return }
            state.isWaiting = true
            state.since = now
            state.moved = 0
        }
    }

    /// Ends the measurement, because the server does not wait for the client any more; meanwhile the memory is safe.
    func awaitServer() { state.withLock { $0.isWaiting = false } }

    /// The time since which the client has been slower than the required pace; nil if it is not too slow or holds no
    /// memory.
    fileprivate func slowSince(_ now: UInt64) -> UInt64? {
        state.withLock { state in
            let isSlow = now >= state.since &+ ledger.pace.time.nanoseconds
            return state.isWaiting && state.bytes > 0 && isSlow ? state.since : nil
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
        if had != nil { giveWay() }
    }
}
