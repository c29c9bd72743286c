import Budgets
import Dispatch
import Glibc
import SQLite
import Synchronization
import Testing

@Suite struct WriterTests {
    private let world: WriterWorld

    init() throws {
        world = try WriterWorld()
    }

    @Test func `requests that wait share one commit and are answered in order`() throws {
        let writer = try world.writer()
        let outcomes = try world.runTogether((0..<100).map { id in { try $0.insert(Int64(id)) } }, on: writer)
        #expect(outcomes.wait() == Array(repeating: "ok", count: 100))
        #expect(outcomes.order == Array(0..<100))
        writer.shutdown()
        let statistics = writer.statistics
        #expect(statistics.requests == 101)
        #expect(statistics.commits <= 3)
        #expect(statistics.commitSizes.reduce(0, +) == statistics.commits)
        #expect(statistics.queueDepth == 0)
        #expect(try world.rows().count == 100)
    }

    @Test func `requests of many threads share commits and none is lost`() throws {
        let writer = try world.writer()
        let acknowledged = Mutex<[Int64]>([])
        DispatchQueue.concurrentPerform(iterations: 16) { thread in
            let done = DispatchSemaphore(value: 0)
            for number in 0..<50 {
                let id = Int64(thread * 1_000 + number)
                do {
                    try writer.submit({ try $0.insert(id) }) { result in
                        if case .success = result { acknowledged.withLock { $0.append(id) } }
                        if number % 10 == 9 { done.signal() }
                    }
                } catch {
                    Issue.record(error)
                    return
                }
                if number % 10 == 9 { done.wait() }
            }
        }
        writer.shutdown()
        #expect(writer.statistics.commits < 800)
        #expect(try world.rows() == acknowledged.withLock { $0.sorted() })
        #expect(try world.rows().count == 800)
    }

    @Test func `an answer comes only after its commit`() throws {
        let writer = try world.writer()
        let reader = Mutex(ReaderBox(try Connection(path: world.folder.file("test.db"), mode: .readOnly)))
        let seen = Mutex<[Bool]>([])
        let group = DispatchGroup()
        for id in Int64(1)...200 {
            group.enter()
            try writer.submit({ try $0.insert(id) }) { _ in
                let isThere = reader.withLock { reader in
                    (try? reader.connection.firstInt64(of: "SELECT count(*) FROM rows WHERE id = \(id)")) == 1
                }
                seen.withLock { $0.append(isThere) }
                group.leave()
            }
        }
        group.wait()
        writer.shutdown()
        #expect(seen.withLock { $0 } == Array(repeating: true, count: 200))
    }

    @Test func `a writer at rest may work on the thread of a caller that can wait`() throws {
        let writer = try world.writer()
        let caller = pthread_self()
        let threads = Mutex<[pthread_t]>([])
        for id in Int64(0)..<3 {
            try writer.submit(
                { session in
                    threads.withLock { $0.append(pthread_self()) }
                    try session.insert(id)
                },
                mayBlock: true
            ) { _ in threads.withLock { $0.append(pthread_self()) } }
            #expect(threads.withLock { $0.count } == 2 * (Int(id) + 1))
        }
        #expect(threads.withLock { list in list.allSatisfy { pthread_equal($0, caller) != 0 } })
        writer.shutdown()
        #expect(try world.rows() == [0, 1, 2])
    }

    @Test func `a caller that can wait does not wait for a writer at work`() throws {
        let writer = try world.writer()
        let gate = DispatchSemaphore(value: 0)
        let outcomes = Outcomes()
        for id in Int64(0)..<2 {
            outcomes.expectOne()
            try writer.submit(
                { session in
                    if id == 0 { gate.wait() }
                    try session.insert(id)
                },
                mayBlock: id == 1
            ) { outcomes.note(Int(id), $0) }
        }
        gate.signal()
        #expect(outcomes.wait() == ["ok", "ok"])
        writer.shutdown()
        #expect(try world.rows() == [0, 1])
    }

    @Test func `beyond its limit it is overloaded, and once shut down it is closed`() throws {
        var limits = WriterLimits()
        limits.queue = Budget(total: 3)
        let writer = try world.writer(limits: limits)
        let gate = DispatchSemaphore(value: 0)
        let started = DispatchSemaphore(value: 0)
        try writer.submit({ _ in
            started.signal()
            gate.wait()
        }) { _ in }
        started.wait()
        let outcomes = Outcomes()
        for id in 0..<3 {
            outcomes.expectOne()
            try writer.submit({ try $0.insert(Int64(id)) }) { outcomes.note(id, $0) }
        }
        #expect(writer.statistics.queueDepth == 3)
        #expect(throws: SubmissionError.overloaded) { try writer.submit({ _ in }) { _ in } }
        gate.signal()
        #expect(outcomes.wait() == ["ok", "ok", "ok"])
        writer.shutdown()
        writer.shutdown()
        #expect(throws: SubmissionError.closed) { try writer.submit({ _ in }) { _ in } }
    }

    @Test func `work in the background lane waits while requests wait, and has a commit of its own`() throws {
        let writer = try world.writer()
        let gate = DispatchSemaphore(value: 0)
        let started = DispatchSemaphore(value: 0)
        try writer.submit({ _ in
            started.signal()
            gate.wait()
        }) { _ in }
        started.wait()
        let outcomes = Outcomes()
        for (id, lane) in [WriterLane.background, .background, .requests, .requests].enumerated() {
            outcomes.expectOne()
            try writer.submit({ try $0.insert(Int64(id)) }, lane: lane) { outcomes.note(id, $0) }
        }
        gate.signal()
        #expect(outcomes.wait() == ["ok", "ok", "ok", "ok"])
        #expect(outcomes.order == [2, 3, 0, 1])
        writer.shutdown()
        #expect(writer.statistics.commits == 4)
    }

    @Test func `shutting down refuses background work that has not begun`() throws {
        let writer = try world.writer()
        let gate = DispatchSemaphore(value: 0)
        let started = DispatchSemaphore(value: 0)
        let outcomes = Outcomes()
        try writer.submit({ _ in
            started.signal()
            gate.wait()
        }) { _ in }
        started.wait()
        outcomes.expectOne()
        try writer.submit({ try $0.insert(1) }, lane: .background) { outcomes.note(0, $0) }
        let isDown = DispatchSemaphore(value: 0)
        // Not the global queue: other tests may keep its threads until the writer's own queue is full.
        DispatchQueue(label: "test.shutdown").async {
            writer.shutdown()
            isDown.signal()
        }
        var refusal: SubmissionError?
        while refusal == nil {
            do throws(SubmissionError) {
                try writer.submit({ _ in }) { _ in }
                usleep(1_000)
            } catch {
                refusal = error
            }
        }
        #expect(refusal == .closed)
        gate.signal()
        isDown.wait()
        #expect(outcomes.wait() == ["SubmissionError"])
        #expect(try world.rows() == [])
    }

    @Test func `shutting down answers what is queued and empties the log`() throws {
        var limits = WriterLimits()
        limits.requestsPerCommit = 7
        let writer = try world.writer(limits: limits)
        let outcomes = try world.runTogether((0..<50).map { id in { try $0.insert(Int64(id)) } }, on: writer)
        writer.shutdown()
        #expect(outcomes.wait() == Array(repeating: "ok", count: 50))
        #expect(writer.statistics.commits >= 8)
        #expect(try world.rows().count == 50)
        let after = try world.folder.connection()
        #expect(try after.checkpoint(.passive).log <= 0)
    }

    @Test func `the log is checkpointed between commits`() throws {
        var limits = WriterLimits()
        limits.log = LogLimits(restart: 8, largest: 64)
        let writer = try world.writer(limits: limits)
        let outcomes = Outcomes()
        for id in 0..<60 {
            outcomes.expectOne()
            try writer.submit({ try $0.insert(Int64(id), String(repeating: "x", count: 9_000)) }) {
                outcomes.note(id, $0)
            }
            _ = outcomes.wait()
        }
        writer.shutdown()
        #expect(writer.statistics.checkpoints >= 8)
        #expect(writer.statistics.failedCheckpoints == 0)
        #expect(try world.rows().count == 60)
    }
}

/// `@unchecked Sendable` because the connection is used only under the mutex that holds this box.
private struct ReaderBox: @unchecked Sendable {
    let connection: Connection

    init(_ connection: Connection) {
        self.connection = connection
    }
}
