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

    @Test func `who begins many steps at once waits for what they are expected to take`() throws {
        meet()
        let steps = 40
        for number in 0..<steps {
            // Far enough apart that none waits.
            let now = start + .milliseconds(10 * number)
            light.begin(at: now)?.end()
            let step = try #require(heavy.begin(at: now))
            heavy.add(.milliseconds(10), at: now)
            step.end()
        }
        let later = start + .milliseconds(10 * steps) + .milliseconds(50)
        light.begin(at: later)?.end()
        let begun = (0..<32).compactMap { _ in heavy.begin(at: later) }
        // 25 ms are saved up, and each step is expected to take nearly 10.
        #expect(begun.count == 3)
        for step in begun { step.end() }
        #expect(heavy.begin(at: later) != nil)
    }

    @Test func `nobody waits longer than a tenth of a second for what it has used`() {
        meet()
        heavy.add(.seconds(60), at: start)
        #expect(heavy.begin(at: start + TimeShare.longestWait - .milliseconds(1)) == nil)
        #expect(heavy.begin(at: start + TimeShare.longestWait) != nil)
    }

    @Test func `a second after the other's last step a client is alone again`() {
        meet()
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
