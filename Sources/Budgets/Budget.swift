internal import Synchronization

/// A counted quantity (bytes, connections, places in a queue) of which all peers together may hold a total, and one
/// peer a share of it.
///
/// Taking and giving back cost one short lock and never block for long; both are safe from any thread.
package final class Budget: Sendable {
    /// How much of a budget is in use, for `/metrics`.
    package struct Usage: Sendable {
        /// Held now by all peers together.
        package var held = 0
        /// The most that was ever held at once.
        package var highest = 0
        /// How often something was not granted.
        package var refusals = 0
    }

    private struct State {
        var usage = Usage()
        var byPeer: [Peer: Int] = [:]
    }

    /// What all peers together may hold.
    package let total: Int
    /// What one peer may hold.
    package let share: Int
    /// What the programs on this machine may hold together.
    package let localShare: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - share: at most `total`; nil lets one peer hold all of it.
    ///   - localShare: nil gives the programs on this machine no more than any other peer.
    package init(total: Int, share: Int? = nil, localShare: Int? = nil) {
        precondition(total >= 0, "a budget must not be negative, got \(total)")
        self.total = total
        self.share = min(share ?? total, total)
        self.localShare = min(localShare ?? self.share, total)
    }

    /// Takes that much for the peer; false, with nothing taken, where the total or the peer's share would be exceeded.
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

    /// What this peer may hold.
    package func share(of peer: Peer) -> Int { peer.isLocal ? localShare : share }

    /// Gives back what was taken for the peer before.
    package func giveBack(_ amount: Int, for peer: Peer) {
        state.withLock { state in
            let left = state.byPeer[peer, default: 0] - amount
            precondition(left >= 0, "a peer gave back \(-left) more than it had taken")
            state.byPeer[peer] = left == 0 ? nil : left
            state.usage.held -= amount
        }
    }

    /// What the peer holds now.
    package func held(by peer: Peer) -> Int { state.withLock { $0.byPeer[peer, default: 0] } }

    /// How much is in use, and how often nothing was left.
    package var usage: Usage { state.withLock { $0.usage } }
}

/// What one request or connection holds of a budget; given back when it is released.
package final class Holding: Sendable {
    private let budget: Budget
    private let peer: Peer
    private let amount = Atomic<Int>(0)

    package init(of budget: Budget, for peer: Peer) {
        self.budget = budget
        self.peer = peer
    }

    /// Takes that much more; false, with nothing taken, where the budget or the peer's share is spent.
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
