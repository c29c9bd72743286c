import Budgets
import HTTPWire
import Synchronization

/// The memory that is held while the server waits for clients: for bodies that are still arriving, or for answers that
/// are still to be read.
///
/// When the budget is used up, the memory of clients that are slower than `pace` is taken for others, the slowest
/// first.
final class MemoryLedger: Sendable {
    /// How fast a client must be to keep its memory while others need it.
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
    /// - Parameter giveWay: called at most once, on any thread, when the memory of this body or answer is taken for
    ///   another.
    func stake(for peer: Peer, giveWay: @escaping @Sendable () -> Void) -> MemoryStake {
        let stake = MemoryStake(ledger: self, peer: peer, giveWay: giveWay)
        entries.withLock { $0[ObjectIdentifier(stake)] = Entry(stake: stake) }
        return stake
    }

    fileprivate func remove(_ id: ObjectIdentifier) {
        _ = entries.withLock { $0.removeValue(forKey: id) }
    }

    /// Takes memory from slow clients, the slowest first, until `attempt` succeeds.
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

/// The memory that one body or answer holds of a ledger's budget; it is returned when this object is released.
final class MemoryStake: Sendable {
    private struct State {
        var holding: Holding?
        var bytes = 0
        /// Whether the client must act next, by sending or reading, and not the server.
        var isWaiting = false
        /// The time from which `moved` is counted, in nanoseconds of the coarse clock.
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

    /// Grows to the given number of bytes.
    ///
    /// False, with nothing taken, when the budget is used up and slow clients have too little to take.
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

    /// Marks that the client must send or read next.
    ///
    /// Repeated calls do not restart the time.
    func awaitClient(at now: UInt64) {
        state.withLock { state in
            guard !state.isWaiting else { return }
            state.isWaiting = true
            state.since = now
            state.moved = 0
        }
    }

    /// Marks that the server must act next; the memory is not taken away meanwhile.
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
