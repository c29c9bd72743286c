import Budgets
import Dispatch
import SQLite
import Synchronization
import Testing

@Suite struct ReaderPoolTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        let connection = try folder.connection()
        try connection.execute("INSERT INTO rows VALUES (1, 'a'), (2, 'b')")
        path = connection.path
    }

    private func pool(count: Int, queueLimit: Int) -> ReaderPool {
        let path = path
        return ReaderPool(count: count, queue: Budget(total: queueLimit)) {
            try Connection(path: path, mode: .readOnly)
        }
    }

    @Test func `many reads are all answered`() throws {
        let pool = pool(count: 4, queueLimit: 1_000)
        let sum = Mutex<Int64>(0)
        let group = DispatchGroup()
        for _ in 0..<500 {
            group.enter()
            try pool.submit({ (connection: Connection) in try connection.firstInt64(of: "SELECT sum(id) FROM rows") ?? 0
            }) {
                result in
                if case .success(let value) = result { sum.withLock { $0 += value } }
                group.leave()
            }
        }
        group.wait()
        #expect(sum.withLock { $0 } == 1_500)
        pool.close()
    }

    @Test func `while several clients contend, one of them has one reader for all its reads`() throws {
        let contention = Contention()
        for client in 1...2 { contention.recordRequest(of: client, at: 1) }
        let path = path
        let pool = ReaderPool(count: 4, queue: Budget(total: 1_000), contention: contention) {
            try Connection(path: path, mode: .readOnly)
        }
        let busy = Caller(peer: Peer(address: "192.0.2.1"))
        let other = Caller(peer: Peer(address: "192.0.2.2"))
        let running = Atomic<Int>(0)
        let most = Atomic<Int>(0)
        let all = DispatchGroup()
        let begun = DispatchSemaphore(value: 0)
        let gate = DispatchSemaphore(value: 0)
        for number in 0..<50 {
            all.enter()
            try pool.submit(
                { (_: Connection) in
                    most.max(running.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
                    if number == 0 {
                        begun.signal()
                        gate.wait()
                    }
                    running.subtract(1, ordering: .relaxed)
                },
                for: busy
            ) { _ in all.leave() }
        }
        begun.wait()
        // Another client does not wait for it.
        let done = DispatchSemaphore(value: 0)
        try pool.submit({ (_: Connection) in }, for: other) { _ in done.signal() }
        done.wait()
        gate.signal()
        all.wait()
        #expect(most.load(ordering: .relaxed) == 1)
        pool.close()
    }

    @Test func `while several clients contend, the reserved reader alone runs the cheap reads of one of them`() throws {
        let contention = Contention()
        for client in 1...2 { contention.recordRequest(of: client, at: 1) }
        let path = path
        let pool = ReaderPool(count: 2, queue: Budget(total: 1_000), contention: contention) {
            try Connection(path: path, mode: .readOnly)
        }
        let busy = Caller(peer: Peer(address: "192.0.2.1"))
        let other = Caller(peer: Peer(address: "192.0.2.2"))
        let begun = DispatchSemaphore(value: 0)
        let done = DispatchSemaphore(value: 0)
        let (gateOfGeneral, gateOfReserved) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        try pool.submit(
            { (_: Connection) in
                begun.signal()
                gateOfGeneral.wait()
            },
            cost: .expensive,
            for: other
        ) { _ in done.signal() }
        begun.wait()
        let all = DispatchGroup()
        let finished = Atomic<Int>(0)
        for number in 0..<50 {
            all.enter()
            try pool.submit(
                { (_: Connection) in
                    guard number == 0 else { return }
                    begun.signal()
                    gateOfReserved.wait()
                },
                cost: .cheap,
                for: busy
            ) { _ in
                finished.add(1, ordering: .relaxed)
                all.leave()
            }
        }
        begun.wait()
        gateOfGeneral.signal()
        done.wait()
        // The general reader serves the other client, and passes over the cheap reads that wait.
        try pool.submit({ (_: Connection) in }, cost: .expensive, for: other) { _ in done.signal() }
        done.wait()
        #expect(finished.load(ordering: .relaxed) == 0)
        gateOfReserved.signal()
        all.wait()
        pool.close()
    }

    @Test func `beyond its limit it is overloaded, and once closed it is closed`() throws {
        let pool = pool(count: 1, queueLimit: 2)
        let gate = DispatchSemaphore(value: 0)
        let begun = DispatchSemaphore(value: 0)
        let done = DispatchGroup()
        for number in 0..<3 {
            done.enter()
            try pool.submit({ (_: Connection) in
                begun.signal()
                gate.wait()
            }) { _ in done.leave() }
            if number == 0 { begun.wait() }
        }
        #expect(pool.statistics.waiting == 2)
        #expect(throws: SubmissionError.overloaded) { try pool.submit({ (_: Connection) in }) { _ in } }
        for _ in 0..<3 { gate.signal() }
        done.wait()
        pool.close()
        pool.close()
        #expect(throws: SubmissionError.closed) { try pool.submit({ (_: Connection) in }) { _ in } }
    }

    @Test func `closing answers queued reads with a refusal and ends a statement that never would`() throws {
        let pool = pool(count: 1, queueLimit: 100)
        let running = DispatchSemaphore(value: 0)
        let outcomes = Mutex<[String]>([])
        let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        try pool.submit({ (connection: Connection) in
            running.signal()
            return try connection.firstInt64(of: endless)
        }) { result in
            if case .failure(let error as SQLiteError) = result, error.isInterrupt {
                outcomes.withLock { $0.append("interrupted") }
            }
        }
        running.wait()
        for _ in 0..<50 {
            try pool.submit({ (connection: Connection) in try connection.firstInt64(of: "SELECT count(*) FROM rows") })
            {
                result in
                if case .failure(SubmissionError.closed) = result { outcomes.withLock { $0.append("refused") } }
            }
        }
        pool.close()
        #expect(outcomes.withLock { $0.filter { $0 == "refused" }.count } == 50)
        #expect(outcomes.withLock { $0.contains("interrupted") })
    }

    @Test func `a transaction left open is ended, and errors reach the completion`() throws {
        struct Refusal: Error {}
        let pool = pool(count: 1, queueLimit: 10)
        let outcomes = Mutex<[String]>([])
        let group = DispatchGroup()
        for step in 0..<3 {
            group.enter()
            try pool.submit({ (connection: Connection) -> Bool in
                if step == 0 {
                    try connection.execute("BEGIN; SELECT * FROM rows")
                    throw Refusal()
                }
                if step == 1 { _ = try connection.prepare("nonsense") }
                return connection.isInTransaction
            }) { result in
                outcomes.withLock { outcomes in
                    switch result {
                    case .success(let isInTransaction): outcomes.append("\(isInTransaction)")
                    case .failure(let error): outcomes.append("\(type(of: error))")
                    }
                }
                group.leave()
            }
        }
        group.wait()
        #expect(outcomes.withLock { $0 } == ["Refusal", "SQLiteError", "false"])
        pool.close()
    }

    @Test func `a reader that cannot be opened says so, and is tried again`() throws {
        let attempts = Mutex(0)
        let path = path
        let pool = ReaderPool(count: 1, queue: Budget(total: 10)) {
            let attempt = attempts.withLock { attempts in
                attempts += 1
                return attempts
            }
            return try Connection(path: attempt == 1 ? path + ".absent" : path, mode: .readOnly)
        }
        let successes = Mutex<[Bool]>([])
        let group = DispatchGroup()
        for _ in 0..<2 {
            group.enter()
            try pool.submit({ (connection: Connection) in try connection.firstInt64(of: "SELECT 1") }) { result in
                successes.withLock { $0.append((try? result.get()) != nil) }
                group.leave()
            }
        }
        group.wait()
        #expect(successes.withLock { $0 } == [false, true])
        pool.close()
    }
}
