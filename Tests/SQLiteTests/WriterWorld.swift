import Dispatch
import SQLite
import Synchronization
import Testing

/// A session that caches the rows it has inserted, as the store caches its keys.
final class RowSession: WriterSession {
    let connection: Connection
    private(set) var committed: Set<Int64> = []
    private var pending: [Int64] = []

    init(_ connection: Connection) throws {
        self.connection = connection
        _ = try connection.configureForWriting()
    }

    func insert(_ id: Int64, _ text: String = "") throws {
        let statement = try connection.cached("INSERT INTO rows VALUES (?1, ?2)")
        try statement.bind(id, at: 1)
        try statement.bind(text, at: 2)
        try statement.run()
        pending.append(id)
    }

    /// Whether the cache equals the content of the database.
    func cacheAgrees() throws -> Bool {
        let stored = try connection.prepare("SELECT id FROM rows").map { $0.int64(0) }
        return committed.union(pending) == Set(stored)
    }

    func didCommit() {
        committed.formUnion(pending)
        didRollBack()
    }

    func didRollBack() {
        pending.removeAll()
    }
}

/// Collects the outcomes of requests, in the order of their completions.
final class Outcomes: Sendable {
    private let list = Mutex<[(request: Int, outcome: String)]>([])
    private let group = DispatchGroup()

    func expectOne() { group.enter() }

    func note(_ request: Int, _ result: Result<Void, any Error>) {
        let outcome =
            switch result {
            case .success: "ok"
            case .failure(let error as SQLiteError) where error.isFull: "full"
            case .failure(let error as SQLiteError) where error.isConstraint: "constraint"
            case .failure(let error as SQLiteError) where error.isInterrupt: "interrupted"
            case .failure(let error as SQLiteError) where error.isBusy: "busy"
            case .failure(let error): "\(type(of: error))"
            }
        list.withLock { $0.append((request, outcome)) }
        group.leave()
    }

    /// Waits for all expected outcomes; returns them in the order of the requests.
    func wait() -> [String] {
        group.wait()
        return list.withLock { list in list.sorted { $0.request < $1.request }.map(\.outcome) }
    }

    var order: [Int] { list.withLock { $0.map(\.request) } }
}

/// A writer's database in its own folder, with helpers for the tests.
struct WriterWorld {
    typealias Work = @Sendable (RowSession) throws -> Void

    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    func writer(
        limits: WriterLimits = .init(),
        prepare: (Connection) throws -> Void = { _ in }
    ) throws -> Writer<RowSession> {
        try Writer(limits: limits) {
            let connection = try folder.connection()
            let session = try RowSession(connection)
            try prepare(connection)
            return session
        }
    }

    /// Submits all works while the writer is blocked, so that they share one transaction.
    func runTogether(_ works: [Work], on writer: Writer<RowSession>) throws -> Outcomes {
        let gate = DispatchSemaphore(value: 0)
        let started = DispatchSemaphore(value: 0)
        let outcomes = Outcomes()
        try writer.submit({ _ in
            started.signal()
            gate.wait()
        }) { _ in }
        // Otherwise the blocking request could share a transaction with the others, and be replayed with them.
        started.wait()
        for (index, work) in works.enumerated() {
            outcomes.expectOne()
            try writer.submit(work) { outcomes.note(index, $0) }
        }
        gate.signal()
        return outcomes
    }

    func rows() throws -> [Int64] {
        try Connection(path: folder.file("test.db"), mode: .readOnly)
            .prepare("SELECT id FROM rows ORDER BY id").map { $0.int64(0) }
    }

    func cacheAgrees(_ writer: Writer<RowSession>) throws -> Bool {
        let answer = Mutex<Bool?>(nil)
        let done = DispatchSemaphore(value: 0)
        try writer.submit({ try $0.cacheAgrees() }) { result in
            answer.withLock { $0 = try? result.get() }
            done.signal()
        }
        done.wait()
        return answer.withLock { $0 } == true
    }
}
