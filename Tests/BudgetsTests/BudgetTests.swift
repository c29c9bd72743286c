import Budgets
import Identities
import Testing

@Suite struct BudgetTests {
    private let one = Peer(address: "192.0.2.1")
    private let other = Peer(address: "192.0.2.2")

    @Test func `grants nothing beyond the total`() {
        let budget = Budget(total: 10)
        #expect(budget.take(6, for: one))
        #expect(!budget.take(5, for: other))
        #expect(budget.take(4, for: other))
        #expect(budget.usage.held == 10)
        #expect(budget.usage.highest == 10)
        #expect(budget.usage.refusals == 1)
    }

    @Test func `leaves room for a second peer when the first has its share`() {
        let budget = Budget(total: 8, share: 6)
        #expect(budget.take(6, for: one))
        #expect(!budget.take(1, for: one))
        #expect(budget.take(2, for: other))
        budget.giveBack(6, for: one)
        #expect(budget.held(by: one) == 0)
        #expect(budget.take(6, for: one))
    }

    @Test func `gets back what a holding has grown to when it is released`() {
        let budget = Budget(total: 10)
        var holding: BudgetReservation? = BudgetReservation(of: budget, for: one)
        #expect(holding?.grow(by: 7) == true)
        #expect(holding?.grow(by: 7) == false)
        #expect(holding?.grow(by: 3) == true)
        #expect(budget.usage.held == 10)
        holding = nil
        #expect(budget.usage.held == 0)
    }

    @Test func `a caller has left once it is told`() {
        let caller = Caller(peer: one)
        #expect(!caller.hasLeft)
        caller.leave()
        #expect(caller.hasLeft)
        #expect(!Caller.server.hasLeft)
    }

    @Test func `an identity has shares of its own, wherever it comes from`() {
        let budget = Budget(total: 8, share: 6)
        let identity = Identity(.token, name: "ci")
        let callers = [Caller(peer: one, identity: identity), Caller(peer: other, identity: identity)]
        #expect(callers[0].client == callers[1].client)
        #expect(callers[0].client != Caller(peer: one).client)
        #expect(budget.take(6, for: callers[0].client))
        #expect(!budget.take(1, for: callers[1].client))
        #expect(budget.take(1, for: one))
    }

    @Test func `one client never holds a whole budget but of connections`() {
        let budgets = Budgets()
        for (name, budget) in budgets.all {
            #expect(budget.share == budget.total / 4 * 3, "\(name)")
            for peer in [one, other, Peer(Identity(.token, name: "ci"))] {
                #expect(budget.share(of: peer) < budget.total, "\(name)")
            }
        }
        var limits = BudgetLimits()
        limits.client.uploads = 2
        #expect(Budgets(limits).uploads.share == 2)
    }

    @Test func `a limit for clients lowers their shares`() {
        var limits = BudgetLimits()
        limits.client.connections = 3
        limits.client.bodyBytes = 1_000
        let budgets = Budgets(limits)
        #expect(budgets.connections.share(of: one) == 3)
        #expect(budgets.connections.share(of: Peer(address: "127.0.0.1")) == 3)
        #expect(budgets.identifiedConnections.share == 3)
        #expect(budgets.bodyBytes.share == 1_000)
        #expect(budgets.answerBytes.share == limits.answerBytes / 4 * 3)
    }
}
