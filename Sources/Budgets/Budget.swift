internal import Synchronization

/// A limited quantity, such as bytes, connections or waiting requests: `total` limits all peers together, `share`
/// limits one peer.
///
/// Usable from any thread; `take` and `giveBack` cost one short lock.
package final class Budget: Sendable {
    /// The use of a budget; `/metrics` shows it.
    package struct Usage: Sendable {
        /// The amount that all peers hold now.
        package var held = 0
        /// The largest amount ever held.
        package var highest = 0
        /// The number of calls of `take` that returned false.
        package var refusals = 0
    }

    private struct State {
        var usage = Usage()
        var byPeer: [Peer: Int] = [:]
    }

    /// The most that all peers together may hold.
    package let total: Int
    /// The most that one peer may hold.
    package let share: Int
    /// The most that one local peer may hold: all programs on this machine with the same loopback address together.
    package let localShare: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - share: at most `total`; nil for all of it.
    ///   - localShare: at most `total`; nil for the same as `share`.
    package init(total: Int, share: Int? = nil, localShare: Int? = nil) {
        precondition(total >= 0, "a budget must not be negative, got \(total)")
        self.total = total
        self.share = min(share ?? total, total)
        self.localShare = min(localShare ?? self.share, total)
    }

    /// Takes `amount` for the peer, or takes nothing and returns false if `amount` would exceed the total or the peer's share.
    package func take(_ amount: Int, for peer: Peer) -> Bool {
        state.withLock { state in
            let held = state.byPeer[peer, default: 0]
            guard amount <= share(of: peer) - held, amount <= total - state.usage.held else {
                state.usage.refusals += 1
                return false
            }
            state.byPeer[peer] = held + amount
            state.usage.held += amount
            state.usage.highest = max(state.usage.highest, state.usage.held)
            return true
        }
    }

    /// The most that this peer may hold.
    package func share(of peer: Peer) -> Int { peer.isLocal ? localShare : share }

    /// Gives back an amount that `take` took for the peer.
    package func giveBack(_ amount: Int, for peer: Peer) {
        state.withLock { state in
            let left = state.byPeer[peer, default: 0] - amount
            precondition(left >= 0, "a peer gave back \(-left) more than it had taken")
            state.byPeer[peer] = left == 0 ? nil : left
            state.usage.held -= amount
        }
    }

    /// The amount that the peer holds now.
    package func held(by peer: Peer) -> Int { state.withLock { $0.byPeer[peer, default: 0] } }

    /// The use of the budget by all peers.
    package var usage: Usage { state.withLock { $0.usage } }
}

/// The part of a budget that one request or connection holds; given back when this object is deallocated.
package final class BudgetReservation: Sendable {
    private let budget: Budget
    private let peer: Peer
    private let amount = Atomic<Int>(0)

    package init(of budget: Budget, for peer: Peer) {
        self.budget = budget
        self.peer = peer
    }

    /// Takes `count` more, or takes nothing and returns false if `count` would exceed the total or the peer's share.
    package func grow(by count: Int) -> Bool {
        guard budget.take(count, for: peer) else { return false }
        amount.wrappingAdd(count, ordering: .relaxed)
        return true
    }

    deinit {
        let held = amount.load(ordering: .relaxed)
        if held > 0 { budget.giveBack(held, for: peer) }
    }
}
