import Budgets
import Testing

@Suite struct TimeSharesTests {
    private let shares = TimeShares(processors: 2)
    private let start = ContinuousClock.now
    private var heavy: TimeShare { shares.share(of: Peer(address: "192.0.2.1"), at: start) }
    private var light: TimeShare { shares.share(of: Peer(address: "192.0.2.2"), at: start) }

    /// Makes both clients use the server at the start.
    private func meet() {
        heavy.begin(at: start)?.end()
        light.begin(at: start)?.end()
    }

    @Test func `a client that is alone never waits, and is not measured`() {
        for _ in 0..<3 { #expect(heavy.begin(at: start) != nil) }
        #expect(!shares.areMeasured)
        heavy.add(.seconds(5), at: start)
        #expect(heavy.begin(at: start) != nil)
    }

    @Test func `beside another client, who has used more than its share waits until it has not`() {
        meet()
        #expect(shares.areMeasured)
        heavy.add(TimeShare.savings + .milliseconds(40), at: start)
        light.add(.milliseconds(5), at: start)
        #expect(heavy.begin(at: start) == nil)
        #expect(light.begin(at: start) != nil)
        #expect(heavy.begin(at: start + .milliseconds(39)) == nil)
        #expect(heavy.begin(at: start + .milliseconds(41)) != nil)
    }

    @Test func `a share is half of the processors`() {
        for (processors, milliseconds) in [(1, 80), (2, 40), (8, 10)] {
            let shares = TimeShares(processors: processors)
            let one = shares.share(of: Peer(address: "192.0.2.1"), at: start)
            one.begin(at: start)?.end()
            shares.share(of: Peer(address: "192.0.2.2"), at: start).begin(at: start)?.end()
            one.add(TimeShare.savings * processors / 2 + .milliseconds(40), at: start)
            #expect(one.begin(at: start + .milliseconds(milliseconds - 1)) == nil)
            #expect(one.begin(at: start + .milliseconds(milliseconds + 1)) != nil)
        }
    }

    @Test func `one expensive step of a client is in progress, and many cheap ones`() throws {
        for (cost, most) in [(Duration.milliseconds(40), 1), (.milliseconds(5), 5), (.microseconds(100), 32)] {
            let shares = TimeShares(processors: 2)
            let one = shares.share(of: Peer(address: "192.0.2.1"), at: start)
            shares.share(of: Peer(address: "192.0.2.2"), at: start).begin(at: start)?.end()
            let first = try #require(one.begin(at: start))
            #expect(one.begin(at: start) == nil)
            one.add(cost, at: start)
            first.end()
            // All that can be saved up has been saved up again.
            let later = start + .milliseconds(80)
            let begun = (0..<32).compactMap { _ in one.begin(at: later) }
            #expect(begun.count == most)
            begun.last?.end()
            #expect(one.begin(at: later) != nil)
        }
    }

    @Test func `who has saved up nothing has only short steps in progress together`() throws {
        meet()
        heavy.add(TimeShare.savings, at: start)
        try #require(heavy.begin(at: start)).end()
        for _ in 0..<60 {
            let step = try #require(heavy.begin(at: start + .milliseconds(1)))
            step.end()
        }
        heavy.add(.milliseconds(1), at: start + .milliseconds(1))
        try #require(heavy.begin(at: start + .milliseconds(1))).end()
        // They are expected to take about 0.13 ms each, and 2 ms together.
        let begun = (0..<32).compactMap { _ in heavy.begin(at: start + .milliseconds(1)) }
        #expect(begun.count == 15)
    }

    @Test func `a long step does not stop a client's other connections`() throws {
        meet()
        let step = try #require(heavy.begin(at: start))
        heavy.add(.milliseconds(50), at: start)
        step.end()
        let later = start + .milliseconds(500)
        light.begin(at: later)?.end()
        #expect(heavy.begin(at: later) != nil)
        #expect(heavy.begin(at: later + .milliseconds(99)) == nil)
        #expect(heavy.begin(at: later + TimeShare.longestWait) != nil)
    }

    @Test func `nobody waits longer than a tenth of a second for what it has used`() {
        meet()
        heavy.add(.seconds(60), at: start)
        #expect(heavy.begin(at: start + TimeShare.longestWait - .milliseconds(1)) == nil)
        #expect(heavy.begin(at: start + TimeShare.longestWait) != nil)
    }

    @Test func `a second after the other's last step a client is alone again`() {
        meet()
        heavy.begin(at: start)?.end()
        heavy.add(.milliseconds(60), at: start + .milliseconds(990))
        #expect(heavy.begin(at: start + .milliseconds(1_000)) == nil)
        #expect(heavy.begin(at: start + .milliseconds(1_001)) != nil)
        #expect(!shares.areMeasured)
    }

    @Test func `a party has one share however many connections it has`() {
        let peer = Peer(address: "192.0.2.1")
        let callers = (0..<2).map { _ in Caller(peer: peer, timeShares: shares) }
        #expect(callers[0].timeShare != nil && callers[0].timeShare === callers[1].timeShare)
        #expect(Caller.server.timeShare == nil)
    }
}
