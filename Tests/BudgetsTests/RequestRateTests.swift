import Budgets
import Identities
import Testing

@Suite struct RequestRateTests {
    private let one = Peer(address: "192.0.2.1")
    private let other = Peer(address: "192.0.2.2")
    // After the rates of these tests are made.
    private let start = ContinuousClock.now + .seconds(60)

    @Test func `ten seconds can be saved up, and then the rate is kept`() throws {
        let rate = try #require(RequestRate(client: 2, server: nil))
        #expect(admitted(by: rate, of: 50, at: .zero) == 20)
        #expect(admitted(by: rate, of: 50, at: .seconds(3)) == 6)
        #expect(admitted(by: rate, of: 50, at: .seconds(60)) == 20)
    }

    @Test func `clients do not use each other's rate`() throws {
        let rate = try #require(RequestRate(client: 1, server: nil))
        #expect(admitted(by: rate, of: 50, at: .zero) == 10)
        #expect(rate.admit(for: other, at: start) == nil)
        let identity = Peer(Identity(.token, name: one.name))
        #expect(rate.admit(for: identity, at: start) == nil)
    }

    @Test func `all together have a rate of their own`() throws {
        let rate = try #require(RequestRate(client: nil, server: 1))
        #expect(admitted(by: rate, of: 10, at: .zero) == 10)
        let refusal = try #require(rate.admit(for: other, at: start))
        #expect((refusal.limit, refusal.isOfServer, refusal.seconds) == (1, true, 2))
    }

    @Test func `what the server's rate refuses does not count for the client`() throws {
        let rate = try #require(RequestRate(client: 2, server: 1))
        for _ in 0..<10 { #expect(rate.admit(for: other, at: start) == nil) }
        let refusals = (0..<50).compactMap { _ in rate.admit(for: one, at: start) }
        #expect(refusals.count == 50 && refusals.allSatisfy(\.isOfServer))
        // After ten seconds the server takes ten again, and the client has its twenty.
        #expect(admitted(by: rate, of: 50, at: .seconds(10)) == 10)
        let later = (0..<50).compactMap { _ in rate.admit(for: one, at: start + .seconds(10)) }
        #expect(later.count == 50 && later.allSatisfy(\.isOfServer))
    }

    @Test func `what the client's rate refuses does not count for the server`() throws {
        let rate = try #require(RequestRate(client: 1, server: 2))
        #expect(admitted(by: rate, of: 50, at: .zero) == 10)
        let others = (0..<50).count { _ in rate.admit(for: other, at: start) == nil }
        #expect(others == 10)
    }

    @Test func `those who are refused together come again one after the other`() throws {
        let rate = try #require(RequestRate(client: 2, server: nil))
        #expect(admitted(by: rate, of: 20, at: .zero) == 20)
        let waits = (0..<8).compactMap { _ in rate.admit(for: one, at: start)?.seconds }
        #expect(waits == [1, 2, 2, 3, 3, 4, 4, 5])
        let later = (0..<200).compactMap { _ in rate.admit(for: one, at: start)?.seconds }
        #expect(later.last == Overload.longestWait)
    }

    @Test func `without a bound there is nothing to ask`() {
        #expect(RequestRate(client: nil, server: nil) == nil)
    }

    private func admitted(by rate: RequestRate, of count: Int, at time: Duration) -> Int {
        (0..<count).count { _ in rate.admit(for: one, at: start + time) == nil }
    }
}
