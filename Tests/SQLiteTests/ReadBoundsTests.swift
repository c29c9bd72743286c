import Budgets
import Dispatch
import SQLite
import Synchronization
import Testing

/// Tests that reads end at their limits and do not keep others waiting.
@Suite struct ReadBoundsTests {
    private let folder: TemporaryFolder
    private let path: String
    private static let endless =
        "WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n) SELECT count(*) FROM n"

    init() throws {
        folder = try TemporaryFolder()
        let connection = try folder.connection()
        try connection.execute("INSERT INTO rows VALUES (1, 'a'), (2, 'b')")
        path = connection.path
    }

    private func pool(
        count: Int = 2,
        work: Duration = .seconds(60),
        time: Duration = .seconds(60),
        workBeforeLong: Duration = .milliseconds(20)
    ) -> ReaderPool {
        var limits = ReadLimits()
        limits.work = work
        limits.time = time
        limits.workBeforeLong = workBeforeLong
        limits.longReads = 1
        let path = path
        return ReaderPool(count: count, queue: Budget(total: 1_000), limits: limits) {
            try Connection(path: path, mode: .readOnly)
        }
    }

    /// Submits a read; the returned closure waits for its outcome.
    private func begin<Value: Sendable>(
        on pool: ReaderPool,
        cost: ReadCost = .expensive,
        for caller: Caller = .server,
        effort: ReadEffort? = nil,
        _ work: @escaping @Sendable (Connection) throws -> Value
    ) throws -> () throws -> Value {
        let box = Box<Value>()
        try pool.submit(work, cost: cost, for: caller, effort: effort) { result in
            box.outcome.withLock { $0 = result }
            box.isThere.signal()
        }
        return {
            box.isThere.wait()
            guard let result = box.outcome.withLock({ $0 }) else { throw SubmissionError.closed }
            return try result.get()
        }
    }

    private final class Box<Value: Sendable>: Sendable {
        let outcome = Mutex<Result<Value, any Error>?>(nil)
        let isThere = DispatchSemaphore(value: 0)
    }

    private func reason(_ wait: () throws -> Int64?) -> ReadEnded.Reason? {
        do {
            _ = try wait()
            return nil
        } catch {
            return (error as? ReadEnded)?.reason
        }
    }

    private static func count(_ connection: Connection) throws -> Int64? { try connection.firstInt64(of: endless) }

    // MARK: Limits

    @Test(arguments: [Duration.zero, .milliseconds(30)])
    func `a read beyond its processor time is ended, and the next one is not`(work: Duration) throws {
        let pool = pool(work: work)
        #expect(reason(try begin(on: pool) { try Self.count($0) }) == .work)
        #expect(try begin(on: pool) { try $0.firstInt64(of: "SELECT sum(id) FROM rows") }() == 3)
        #expect(pool.statistics.endedForWork == 1)
        pool.close()
    }

    @Test func `a read beyond its time on the clock is ended`() throws {
        let pool = pool(time: .milliseconds(30))
        #expect(reason(try begin(on: pool) { try Self.count($0) }) == .time)
        pool.close()
    }

    @Test func `the parts of one answer share the processor time of one read`() throws {
        let pool = pool(work: .milliseconds(60), workBeforeLong: .seconds(60))
        let effort = ReadEffort()
        effort.add(nanoseconds: 59_000_000)
        #expect(reason(try begin(on: pool, effort: effort) { try Self.count($0) }) == .work)
        #expect(effort.nanoseconds > 60_000_000)
        pool.close()
    }

    @Test func `other failures pass`() throws {
        let pool = pool()
        #expect(throws: SQLiteError.self) { try begin(on: pool) { try $0.firstInt64(of: "SELECT * FROM missing") }() }
        pool.close()
    }

    // MARK: Callers

    @Test func `a read ends when its caller leaves`() throws {
        let pool = pool()
        let caller = Caller(peer: Peer(address: "10.0.0.1"))
        let begun = DispatchSemaphore(value: 0)
        let wait = try begin(on: pool, for: caller) { connection in
            begun.signal()
            return try Self.count(connection)
        }
        begun.wait()
        caller.leave()
        #expect(reason(wait) == .callerLeft)
        pool.close()
    }

    @Test func `a read whose caller left while it waited is never begun`() throws {
        let pool = pool(count: 1, workBeforeLong: .seconds(60))
        let gate = DispatchSemaphore(value: 0)
        let first = try begin(on: pool) { _ in gate.wait() }
        let caller = Caller(peer: Peer(address: "10.0.0.1"))
        let flag = Flag()
        let second = try begin(on: pool, for: caller) { connection in
            flag.isSet.store(true, ordering: .relaxed)
            return try connection.firstInt64(of: "SELECT 1")
        }
        caller.leave()
        gate.signal()
        try first()
        #expect(reason(second) == .callerLeft)
        let hasBegun = flag.isSet.load(ordering: .relaxed)
        #expect(!hasBegun)
        pool.close()
    }

    private final class Flag: Sendable {
        let isSet = Atomic(false)
    }

    // MARK: Others

    @Test func `long reads leave room for short ones of both kinds`() throws {
        let pool = pool()
        let caller = Caller(peer: Peer(address: "10.0.0.1"))
        let long = try (0..<6).map { _ in try begin(on: pool, for: caller) { try Self.count($0) } }
        for _ in 0..<20 {
            #expect(try begin(on: pool) { try $0.firstInt64(of: "SELECT 7") }() == 7)
            #expect(try begin(on: pool, cost: .cheap) { try $0.firstInt64(of: "SELECT 8") }() == 8)
        }
        caller.leave()
        for wait in long { #expect(reason(wait) == .callerLeft) }
        pool.close()
    }

    @Test func `a long read is carried out to its end`() throws {
        let pool = pool()
        let counted =
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT 1000000) SELECT count(*) FROM n"
        let waits = try (0..<4).map { _ in try begin(on: pool) { try $0.firstInt64(of: counted) } }
        for wait in waits { #expect(try wait() == 1_000_000) }
        pool.close()
    }

    @Test func `peers have turns, and the callers of one peer`() throws {
        let pool = pool(count: 1, workBeforeLong: .seconds(60))
        let gate = DispatchSemaphore(value: 0)
        let begun = DispatchSemaphore(value: 0)
        let first = try begin(on: pool) { _ in
            begun.signal()
            gate.wait()
        }
        begun.wait()
        let order = Order()
        let (a, b) = (Peer(address: "10.0.0.1"), Peer(address: "10.0.0.2"))
        let callers = [("a1", Caller(peer: a)), ("a2", Caller(peer: a)), ("b1", Caller(peer: b))]
        var waits: [() throws -> Void] = []
        for (name, caller) in callers {
            for number in 1...2 {
                waits.append(
                    try begin(on: pool, for: caller) { _ in order.names.withLock { $0.append("\(name).\(number)") } }
                )
            }
        }
        gate.signal()
        try first()
        for wait in waits { try wait() }
        #expect(order.names.withLock { $0 } == ["a1.1", "b1.1", "a2.1", "b1.2", "a1.2", "a2.2"])
        pool.close()
    }

    private final class Order: Sendable {
        let names = Mutex<[String]>([])
    }

    // MARK: The log

    @Test func `a read that is cut off runs once more, and a second cutoff ends it`() throws {
        let pool = pool()
        let begun = DispatchSemaphore(value: 0)
        let wait = try begin(on: pool) { connection in
            begun.signal()
            return try Self.count(connection)
        }
        for _ in 0..<2 {
            begun.wait()
            pool.endReads(startedBefore: .now)
        }
        #expect(reason(wait) == .blocksLog)
        #expect(pool.oldestRead == nil)
        pool.close()
    }

    @Test func `no read begins in a pause`() throws {
        let pool = pool()
        #expect(try begin(on: pool) { try $0.firstInt64(of: "SELECT 1") }() == 1)
        pool.pause(.all)
        let waits = try (0..<5).map { number in
            try begin(on: pool, cost: number == 0 ? .cheap : .expensive) { try $0.firstInt64(of: "SELECT 2") }
        }
        #expect(pool.statistics.waiting == 5)
        #expect(pool.waitForReads(startedBefore: .now, within: .seconds(10)))
        pool.resume(.all)
        for wait in waits { #expect(try wait() == 2) }
        pool.close()
    }

    @Test func `only cheap reads begin in a pause of expensive ones`() throws {
        let pool = pool()
        pool.pause(.expensive)
        let expensive = try (0..<3).map { _ in
            try begin(on: pool, cost: .expensive) { try $0.firstInt64(of: "SELECT 1") }
        }
        for _ in 0..<3 { #expect(try begin(on: pool, cost: .cheap) { try $0.firstInt64(of: "SELECT 2") }() == 2) }
        #expect(pool.statistics.waiting == 3)
        pool.resume(.expensive)
        for wait in expensive { #expect(try wait() == 1) }
        pool.close()
    }
}
