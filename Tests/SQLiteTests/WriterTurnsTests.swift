import Budgets
import Dispatch
import Synchronization
import Testing

@testable import SQLite

// The order is no part of the surface: whoever writes sees only that nobody waits for all of another's requests.
@Suite struct WriterTurnsTests {
    private let one = Peer(address: "192.0.2.1")
    private let other = Peer(address: "192.0.2.2")

    @Test func `requests of one client keep their order`() {
        let turns = WriterTurns()
        #expect(order(of: [one, one, one], turns) == [0, 1, 2])
        #expect(!turns.isShared)
    }

    @Test func `clients whose requests cost the same take turns`() {
        let turns = WriterTurns()
        #expect(order(of: [one, one, one, other, other], turns) == [0, 3, 1, 4, 2])
        #expect(turns.isShared)
        turns.end()
        #expect(!turns.isShared)
    }

    @Test func `who sends cheap requests does not wait for all the dear ones of another`() {
        let turns = WriterTurns()
        turns.note(.milliseconds(30), for: 10, of: one)
        turns.note(.milliseconds(2), for: 2, of: other)
        #expect(order(of: [one, one, one, other, other, other, other], turns) == [3, 4, 0, 5, 6, 1, 2])
    }

    @Test func `a request that comes during a transaction is the next one, before all that another client has waiting`()
        throws
    {
        // Its folder lives as long as it does.
        let world = try WriterWorld()
        let writer = try world.writer()
        defer { withExtendedLifetime(world) {} }
        let entered = DispatchSemaphore(value: 0)
        let gate = DispatchSemaphore(value: 0)
        let finished = Mutex<[String]>([])
        let all = DispatchGroup()
        func submit(_ name: String, for peer: Peer, _ work: @escaping @Sendable () -> Void) throws {
            all.enter()
            try writer.submit({ _ in work() }, for: peer) { _ in
                finished.withLock { $0.append(name) }
                all.leave()
            }
        }
        try submit("first", for: one) {
            entered.signal()
            gate.wait()
        }
        entered.wait()
        for _ in 0..<20 { try submit("another", for: one) {} }
        try submit("quick", for: other) {}
        gate.signal()
        all.wait()
        let order = finished.withLock { $0 }
        #expect(order.firstIndex(of: "quick") == 1, "\(order)")
        writer.shutdown()
    }

    private func order(of peers: [Peer], _ turns: WriterTurns) -> [Int] {
        let budget = Budget(total: 100)
        let jobs = peers.map { WriterJob<RowSession>(peer: $0, queue: budget) }
        return turns.begin(jobs).compactMap { job in jobs.firstIndex { $0 === job } }
    }
}
