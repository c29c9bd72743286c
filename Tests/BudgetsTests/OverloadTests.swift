import Budgets
import Testing

@Suite struct OverloadTests {
    @Test func `lets those who come again wait twice as long while it lasts`() {
        let overload = Overload()
        var now = ContinuousClock.now
        var waits: [Int] = []
        for _ in 0..<8 {
            let wait = overload.retryAfter(at: now)
            waits.append(wait)
            now += .seconds(wait)
        }
        #expect(waits == [1, 2, 4, 8, 16, 30, 30, 30])
    }

    @Test func `waits grow for one client whose tries take five seconds each`() {
        let overload = Overload()
        var now = ContinuousClock.now
        var waits: [Int] = []
        for _ in 0..<7 {
            now += .seconds(5)
            let wait = overload.retryAfter(at: now)
            waits.append(wait)
            now += .seconds(wait)
        }
        #expect(waits == [1, 4, 16, 30, 30, 30, 30])
    }

    @Test func `begins anew when nobody was turned away for a while`() {
        let overload = Overload()
        let start = ContinuousClock.now
        for second in 0..<10 { _ = overload.retryAfter(at: start + .seconds(second)) }
        #expect(overload.retryAfter(at: start + .seconds(10)) == 8)
        #expect(overload.retryAfter(at: start + .seconds(60)) == 1)
    }

    @Test func `a burst has one first event`() {
        let burst = Burst()
        let start = ContinuousClock.now
        #expect(burst.note(at: start, endsAfter: { _ in .seconds(5) }) == nil)
        #expect(burst.note(at: start + .seconds(4), endsAfter: { _ in .seconds(5) }) == .seconds(4))
        #expect(burst.note(at: start + .seconds(9), endsAfter: { _ in .seconds(5) }) == .seconds(9))
        #expect(burst.note(at: start + .seconds(15), endsAfter: { _ in .seconds(5) }) == nil)
    }

    @Test func `programs on this machine may have a larger share`() {
        let budget = Budget(total: 16, share: 12, localShare: 15)
        #expect(!budget.take(13, for: Peer(address: "192.0.2.1")))
        #expect(!budget.take(16, for: Peer(address: "127.0.0.1")))
        #expect(budget.take(15, for: Peer(address: "::1")))
    }
}
