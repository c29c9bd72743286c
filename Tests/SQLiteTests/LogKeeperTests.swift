import Budgets
import Dispatch
import Glibc
import SQLite
import Synchronization
import Testing

/// Simulates overlapping reads without a gap: they leave only when new reads are blocked or running ones ended.
private final class Readers: ReadGate {
    struct State {
        var pauses = 0
        var ended = 0
        var openReads: [() -> Void] = []
    }

    /// `@unchecked Sendable` because the closures are only touched under the mutex.
    struct Box: @unchecked Sendable { var state = State() }

    let box = Mutex(Box())
    let leaves: @Sendable (State) -> Bool

    init(leaves: @escaping @Sendable (State) -> Bool) {
        self.leaves = leaves
    }

    func pause(_ reads: PausedReads) { box.withLock { $0.state.pauses += reads == .all ? 1 : 0 } }
    func resume(_ reads: PausedReads) {}
    var oldestRead: ReadMoment? { nil }
    func endReads(startedBefore moment: ReadMoment) { box.withLock { $0.state.ended += 1 } }

    func waitForReads(startedBefore moment: ReadMoment, within time: Duration) -> Bool {
        box.withLock { box in
            guard leaves(box.state) else { return false }
            for end in box.state.openReads { end() }
            box.state.openReads = []
            return true
        }
    }
}

@Suite struct LogKeeperTests {
    private let world: WriterWorld

    init() throws {
        world = try WriterWorld()
    }

    private var logBytes: Int {
        var status = stat()
        return stat(world.folder.file("test.db-wal"), &status) == 0 ? Int(status.st_size) : 0
    }

    /// Writes 80 rows of two pages each while a read keeps the WAL from restarting.
    private func write(_ readers: Readers) throws -> (largest: Int, writer: Writer<RowSession>) {
        var limits = WriterLimits()
        limits.log = LogLimits(restart: 16, largest: 128)
        let writer = try Writer(limits: limits, gate: readers) { try RowSession(try world.folder.connection()) }
        let reader = try Connection(path: world.folder.file("test.db"), mode: .readOnly)
        var largest = 0
        for id in 0..<80 {
            let outcomes = Outcomes()
            outcomes.expectOne()
            try writer.submit({ try $0.insert(Int64(id), String(repeating: "x", count: 7_000)) }) {
                outcomes.note(id, $0)
            }
            #expect(outcomes.wait() == ["ok"])
            // The writer checks the WAL only after it has delivered the outcome.
            let done = DispatchSemaphore(value: 0)
            try writer.submit({ _ in }) { _ in done.signal() }
            done.wait()
            largest = max(largest, logBytes)
            if !reader.isInTransaction {
                try reader.execute("BEGIN; SELECT count(*) FROM rows")
                readers.box.withLock { $0.state.openReads = [{ try? reader.execute("COMMIT") }] }
            }
        }
        return (largest, writer)
    }

    @Test func `a pause between reads is enough for the log to be written from its start`() throws {
        let readers = Readers { $0.pauses > 0 }
        let (largest, writer) = try write(readers)
        #expect(largest < 64 * 4_120)
        #expect(readers.box.withLock { $0.state.ended } == 0)
        writer.shutdown()
    }

    @Test func `a read that does not leave is ended before the log is full`() throws {
        let readers = Readers { $0.ended > 0 }
        let (largest, writer) = try write(readers)
        #expect(largest <= 128 * 4_120)
        #expect(readers.box.withLock { $0.state.ended } > 0)
        writer.shutdown()
    }

    @Test func `one transaction takes no more requests than the log can hold`() throws {
        var limits = WriterLimits()
        limits.pagesPerCommit = 32
        let writer = try world.writer(limits: limits) { try $0.execute("PRAGMA cache_size = 20") }
        let works: [WriterWorld.Work] = (0..<100).map { id in
            { try $0.insert(Int64(id), String(repeating: "x", count: 9_000)) }
        }
        #expect(try world.runTogether(works, on: writer).wait() == Array(repeating: "ok", count: 100))
        writer.shutdown()
        #expect(writer.statistics.commits >= 4)
        #expect(try world.rows().count == 100)
    }

    @Test func `a rest cuts the log`() throws {
        var limits = WriterLimits()
        limits.log = LogLimits(restart: 8_192, largest: 16_384)
        let writer = try world.writer(limits: limits)
        let works: [WriterWorld.Work] = (0..<300).map { id in
            { try $0.insert(Int64(id), String(repeating: "x", count: 9_000)) }
        }
        _ = try world.runTogether(works, on: writer).wait()
        #expect(logBytes > 300 * 4_120)
        let done = DispatchSemaphore(value: 0)
        writer.releaseIdleResources { done.signal() }
        done.wait()
        #expect(logBytes == 0)
        writer.shutdown()
    }
}
