import Budgets
import HTTPWire
import Synchronization

/// The memory that waits for clients: bodies that are still arriving, or answers that are still to be read.
///
/// Where it is short, clients that hardly move give way to those that come.
final class MemoryLedger: Sendable {
    /// How fast a client must be to keep its memory while others need it.
    struct Pace: Sendable {
        /// What must have moved within `time`.
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

    /// Opens an account for one body or answer, empty at first.
    /// - Parameter giveWay: called at most once, on any thread, when it has lost its memory to others.
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
            victim.stake.lose()
            if attempt() { return true }
        }
        return false
    }
}

/// What one body or answer holds of a ledger's budget; given back when it is released.
final class MemoryStake: Sendable {
    private struct State {
        var holding: Holding?
        var bytes = 0
        /// Whether it waits for its client, and not for the server.
        var isWaiting = false
        /// Since when `moved` is counted.
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

    /// What it holds.
    var bytes: Int { state.withLock { $0.bytes } }

    /// Takes as much more as is missing; false, with nothing taken, when even slow clients have no more to give.
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

    /// Takes note of bytes that have come from the client or gone to it.
    func move(_ count: Int, at now: UInt64) {
        state.withLock { state in
            state.moved += count
            guard state.moved >= ledger.pace.bytes else { return }
            state.moved = 0
            state.since = now
        }
    }

    /// It is the client's turn to send or to read, from now on if not before.
    func awaitClient(at now: UInt64) {
        state.withLock { state in
            guard !state.isWaiting else { return }
            state.isWaiting = true
            state.since = now
            state.moved = 0
        }
    }

    /// It is the server's turn: nothing is to be taken away meanwhile.
    func keep() { state.withLock { $0.isWaiting = false } }

    /// Since when the client has been slower than the pace; nil if it is not, or has nothing to give.
    fileprivate func slowSince(_ now: UInt64) -> UInt64? {
        state.withLock { state in
            let isSlow = now >= state.since &+ ledger.pace.time.nanoseconds
            return state.isWaiting && state.bytes > 0 && isSlow ? state.since : nil
        }
    }

    fileprivate func lose() {
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
