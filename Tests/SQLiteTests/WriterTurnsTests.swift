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
        turns.reset()
        #expect(!turns.isShared)
    }

    @Test func `who sends cheap requests does not wait for all the dear ones of another`() {
        let turns = WriterTurns()
        turns.recordTime(.milliseconds(30), for: 10, like: job(one))
        turns.recordTime(.milliseconds(2), for: 2, like: job(other))
        #expect(order(of: [one, one, one, other, other, other, other], turns) == [3, 4, 0, 5, 6, 1, 2])
    }

    @Test func `small requests go before the large ones that wait with them, and next time one large one goes first`() {
        let turns = WriterTurns()
        let (large, small) = (job(one, isLarge: true), job(one))
        #expect(order(of: [large, large, small, small], turns) == [2, 3, 0, 1])
        turns.reset()
        #expect(order(of: [large, large, small, small], turns) == [0, 2, 3, 1])
        turns.reset()
        #expect(order(of: [large, large, small, small], turns) == [2, 3, 0, 1])
    }

    @Test func `small requests wait for one large one at most, and join its transaction`() {
        let turns = WriterTurns()
        let (large, small) = (job(one, isLarge: true), job(other))
        func ends(_ job: WriterJob<RowSession>, _ next: WriterJob<RowSession>?) -> Bool {
            turns.endsTransaction(after: job, before: next, lasted: .zero, lastCommit: .zero)
        }
        #expect(!ends(large, large))
        _ = turns.ordered([large, small])
        #expect(ends(small, large))
        #expect(!ends(small, small))
        #expect(!ends(large, small))
        #expect(ends(large, large))
        #expect(ends(large, nil))
        turns.reset()
        _ = turns.ordered([large, job(other, isLarge: true)])
        #expect(!ends(large, large))
        turns.recordOthers(areSmall: true)
        #expect(ends(large, large))
    }

    @Test func `a small request of the same client does not wait for all of its large ones`() throws {
        let world = try WriterWorld()
        let writer = try world.writer()
        defer { withExtendedLifetime(world) {} }
        let entered = DispatchSemaphore(value: 0)
        let gate = DispatchSemaphore(value: 0)
        let finished = Mutex<[String]>([])
        let all = DispatchGroup()
        func submit(_ name: String, bytes: Int, _ work: @escaping @Sendable () -> Void) throws {
            all.enter()
            try writer.submit({ _ in work() }, for: one, bytes: bytes) { _ in
                finished.withLock { $0.append(name) }
                all.leave()
            }
        }
        try submit("first", bytes: 60_000) {
            entered.signal()
            gate.wait()
        }
        entered.wait()
        for _ in 0..<5 { try submit("large", bytes: 60_000) {} }
        try submit("small", bytes: 100) {}
        gate.signal()
        all.wait()
        #expect(finished.withLock { $0 } == ["first", "small", "large", "large", "large", "large", "large"])
        writer.shutdown()
    }

    @Test func `requests that join a transaction are small, few, and quick together`() {
        let turns = WriterTurns()
        func counts(_ jobs: [WriterJob<RowSession>]) -> [Int] {
            let (joining, waiting) = turns.joining(jobs, lastCommit: .zero)
            return [joining.count, waiting.count]
        }
        let (large, small, slow) = (job(one, isLarge: true), job(one), job(other))
        #expect(counts([large, small, large, small]) == [2, 2])
        #expect(counts(Array(repeating: small, count: 100)) == [64, 36])
        turns.recordTime(.milliseconds(2), for: 1, like: slow)
        #expect(counts(Array(repeating: slow, count: 20)) == [2, 18])
        #expect(counts([small, slow, slow, slow, small]) == [4, 1])
    }

    @Test func `small requests that come while a large one runs are stored with it`() throws {
        let world = try WriterWorld()
        let (writer, outcomes) = try run([{ try $0.insert(2) }, { try $0.insert(3) }], whileLargeRunsIn: world)
        #expect(outcomes.wait() == ["ok", "ok", "ok"])
        writer.shutdown()
        #expect(writer.statistics.commits == 1)
        #expect(writer.statistics.requests == 3)
        #expect(try world.rows() == [1, 2, 3])
    }

    @Test func `a small request that fails takes neither the large one that it joined nor other small ones with it`()
        throws
    {
        let world = try WriterWorld()
        let fails: WriterWorld.Work = { session in
            try session.insert(3)
            try session.insert(1)
        }
        let works: [WriterWorld.Work] = [{ try $0.insert(2) }, fails, { try $0.insert(4) }]
        let (writer, outcomes) = try run(works, whileLargeRunsIn: world)
        #expect(outcomes.wait() == ["ok", "ok", "constraint", "ok"])
        #expect(try world.rows() == [1, 2, 4])
        #expect(try world.cacheAgrees(writer))
        writer.shutdown()
    }

    /// Submits small requests while a large one, which inserts row 1, runs; the outcome of the large one is the first.
    private func run(
        _ works: [WriterWorld.Work],
        whileLargeRunsIn world: WriterWorld
    ) throws -> (Writer<RowSession>, Outcomes) {
        let writer = try world.writer()
        let outcomes = Outcomes()
        let entered = DispatchSemaphore(value: 0)
        let gate = DispatchSemaphore(value: 0)
        let isFirstRun = Atomic<Bool>(true)
        let large: WriterWorld.Work = { session in
            try session.insert(1)
            guard isFirstRun.exchange(false, ordering: .relaxed) else { return }
            entered.signal()
            gate.wait()
        }
        outcomes.expectOne()
        try writer.submit(large, for: one, bytes: 60_000) { outcomes.note(0, $0) }
        entered.wait()
        for (index, work) in works.enumerated() {
            outcomes.expectOne()
            try writer.submit(work, for: one, bytes: 100) { outcomes.note(index + 1, $0) }
        }
        gate.signal()
        return (writer, outcomes)
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

    private func job(_ peer: Peer, isLarge: Bool = false) -> WriterJob<RowSession> {
        WriterJob(peer: peer, bytes: isLarge ? 60_000 : 0, queue: Budget(total: 1))
    }

    private func order(of peers: [Peer], _ turns: WriterTurns) -> [Int] {
        order(of: peers.map { job($0) }, turns)
    }

    /// The order of requests like these, by their indices.
    private func order(of kinds: [WriterJob<RowSession>], _ turns: WriterTurns) -> [Int] {
        let jobs = kinds.map { job($0.peer, isLarge: $0.isLarge) }
        return turns.ordered(jobs).compactMap { job in jobs.firstIndex { $0 === job } }
    }
}
