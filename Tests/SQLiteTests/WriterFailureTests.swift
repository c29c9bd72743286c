import Budgets
import SQLite
import Testing

@Suite struct WriterFailureTests {
    private struct Refusal: Error {}

    private let world: WriterWorld

    init() throws {
        world = try WriterWorld()
    }

    @Test func `a failing request is undone alone`() throws {
        let writer = try world.writer()
        let works: [WriterWorld.Work] = [
            { try $0.insert(1) },
            {
                try $0.insert(2)
                throw Refusal()
            },
            { try $0.insert(3) },
            {
                try $0.insert(4)
                try $0.insert(1)
            },
            { try $0.insert(2, "again") },
        ]
        let outcomes = try world.runTogether(works, on: writer)
        #expect(outcomes.wait() == ["ok", "Refusal", "ok", "constraint", "ok"])
        #expect(try world.cacheAgrees(writer))
        writer.shutdown()
        #expect(try world.rows() == [1, 2, 3])
        // The first request was replayed because the second failed after a change; the third because of the fourth.
        #expect(writer.statistics.replays == 2)
    }

    @Test func `a request that fails before it changes anything costs the others nothing`() throws {
        let writer = try world.writer()
        let works: [WriterWorld.Work] = [
            { try $0.insert(1) }, { _ in throw Refusal() }, { try $0.insert(1) }, { try $0.insert(2) },
        ]
        let outcomes = try world.runTogether(works, on: writer)
        #expect(outcomes.wait() == ["ok", "Refusal", "constraint", "ok"])
        writer.shutdown()
        #expect(try world.rows() == [1, 2])
        #expect(writer.statistics.replays == 0)
        // One commit of the blocking request, and one of all the works.
        #expect(writer.statistics.commits == 2)
    }

    @Test func `many failing requests end, each with its error`() throws {
        let writer = try world.writer()
        let works: [WriterWorld.Work] = (Int64(0)..<200).map { index in
            { session in
                try session.insert(index)
                if index % 2 == 1 { throw Refusal() }
            }
        }
        let outcomes = try world.runTogether(works, on: writer)
        #expect(outcomes.wait() == (Int64(0)..<200).map { $0 % 2 == 1 ? "Refusal" : "ok" })
        #expect(try world.cacheAgrees(writer))
        writer.shutdown()
        #expect(try world.rows() == (Int64(0)..<200).filter { $0 % 2 == 0 })
        // Each request is replayed at most once.
        #expect(writer.statistics.replays == 100)
    }

    @Test func `a lone failing request is undone`() throws {
        let writer = try world.writer()
        let outcomes = Outcomes()
        outcomes.expectOne()
        try writer.submit({
            try $0.insert(1)
            throw Refusal()
        }) { outcomes.note(0, $0) }
        #expect(outcomes.wait() == ["Refusal"])
        #expect(try world.cacheAgrees(writer))
        writer.shutdown()
        #expect(try world.rows().isEmpty)
    }

    @Test func `after a full disk the innocent are replayed and the culprit gets its error`() throws {
        let writer = try world.writer { try $0.execute("PRAGMA max_page_count = 40") }
        let large = String(repeating: "x", count: 1_000_000)
        let works: [WriterWorld.Work] = [
            { try $0.insert(1) }, { _ in throw Refusal() }, { try $0.insert(2, large) }, { try $0.insert(3) },
            { try $0.insert(1) }, { try $0.insert(4, large) }, { try $0.insert(5) },
        ]
        let outcomes = try world.runTogether(works, on: writer)
        #expect(outcomes.wait() == ["ok", "Refusal", "full", "ok", "constraint", "full", "ok"])
        #expect(try world.cacheAgrees(writer))
        writer.shutdown()
        #expect(try world.rows() == [1, 3, 5])
    }

    @Test func `an interrupted request ends the transaction and the others are replayed`() throws {
        let writer = try world.writer()
        let works: [WriterWorld.Work] = [
            { try $0.insert(1) },
            { session in
                // An interrupt stays in effect while any statement of the connection is running.
                let open = try session.connection.prepare("SELECT 1 UNION ALL SELECT 2")
                defer { open.reset() }
                _ = try open.step()
                session.connection.interrupter.interrupt()
                try session.insert(2)
            },
            { try $0.insert(3) },
        ]
        let outcomes = try world.runTogether(works, on: writer)
        #expect(outcomes.wait() == ["ok", "interrupted", "ok"])
        #expect(try world.cacheAgrees(writer))
        writer.shutdown()
        #expect(try world.rows() == [1, 3])
    }

    @Test func `a commit that fails is replayed and only the culprit gets its error`() throws {
        let writer = try world.writer {
            try $0.execute("CREATE TABLE late (id REFERENCES rows(id) DEFERRABLE INITIALLY DEFERRED)")
        }
        let works: [WriterWorld.Work] = [
            { try $0.insert(1) }, { try $0.connection.execute("INSERT INTO late VALUES (99)") }, { try $0.insert(3) },
        ]
        let outcomes = try world.runTogether(works, on: writer)
        #expect(outcomes.wait() == ["ok", "constraint", "ok"])
        #expect(try world.cacheAgrees(writer))
        writer.shutdown()
        #expect(try world.rows() == [1, 3])
        #expect(writer.statistics.replays == 3)
    }

    @Test func `a request that ends the transaction harms nobody else`() throws {
        let writer = try world.writer()
        let works: [WriterWorld.Work] = [
            { try $0.insert(1) }, { try $0.connection.execute("ROLLBACK") }, { try $0.insert(3) },
        ]
        let outcomes = try world.runTogether(works, on: writer)
        #expect(outcomes.wait() == ["ok", "SQLiteError", "ok"])
        writer.shutdown()
        #expect(try world.rows() == [1, 3])
    }

    @Test func `a lock held elsewhere is everybody's error and the next requests succeed`() throws {
        let writer = try world.writer()
        let blocker = try world.folder.connection()
        try blocker.execute("BEGIN IMMEDIATE")
        let outcomes = Outcomes()
        outcomes.expectOne()
        try writer.submit({ try $0.insert(1) }) { outcomes.note(0, $0) }
        #expect(outcomes.wait() == ["busy"])
        try blocker.execute("COMMIT")
        outcomes.expectOne()
        try writer.submit({ try $0.insert(1) }) { outcomes.note(1, $0) }
        #expect(outcomes.wait() == ["busy", "ok"])
        writer.shutdown()
    }

    @Test func `a session that cannot be opened is the initialiser's error`() {
        #expect(throws: Refusal.self) { try Writer<RowSession> { throw Refusal() } }
    }
}
