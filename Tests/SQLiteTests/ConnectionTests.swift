import SQLite
import Testing

@Suite struct ConnectionTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test func `an absent file is an error unless it may be created`() throws {
        for mode in [Connection.Mode.readWrite, .readOnly] {
            let error = #expect(throws: SQLiteError.self) {
                try Connection(path: folder.file("absent.db"), mode: mode)
            }
            #expect(error?.code.primary == .cannotOpen)
        }
    }

    @Test func `a reader cannot write`() throws {
        let writer = try folder.connection()
        let reader = try Connection(path: writer.path, mode: .readOnly)
        #expect(try reader.firstInt64(of: "PRAGMA query_only") == 1)
        let error = #expect(throws: SQLiteError.self) { try reader.execute("INSERT INTO rows VALUES (1, 'a')") }
        #expect(error?.isReadOnly == true)
    }

    @Test func `foreign keys are enforced`() throws {
        let connection = try folder.connection()
        try connection.execute("CREATE TABLE children (parent INTEGER REFERENCES rows(id))")
        let error = #expect(throws: SQLiteError.self) { try connection.execute("INSERT INTO children VALUES (9)") }
        #expect(error?.code == .constraintForeignKey)
    }

    @Test func `a broken constraint names its kind and the statement without values`() throws {
        let connection = try folder.connection()
        let insert = try connection.prepare("INSERT INTO rows VALUES (?1, ?2)")
        for attempt in 0..<2 {
            try insert.bind(1, at: 1)
            try insert.bind("secret", at: 2)
            if attempt == 0 {
                try insert.run()
                continue
            }
            let error = #expect(throws: SQLiteError.self) { try insert.run() }
            #expect(error?.isConstraintUnique == true)
            #expect(error?.isConstraint == true)
            #expect(error?.sql == "INSERT INTO rows VALUES (?1, ?2)")
            #expect(error?.description.contains("secret") == false)
        }
        // The failed statement was reset, so it can be used again at once.
        try insert.bind(2, at: 1)
        try insert.run()
        #expect(try connection.firstInt64(of: "SELECT count(*) FROM rows") == 2)
        #expect(try connection.firstInt64(of: "SELECT text IS NULL FROM rows WHERE id = 2") == 1)
    }

    @Test func `a lock of another connection is reported as busy`() throws {
        let first = try folder.connection()
        let second = try folder.connection()
        try first.execute("BEGIN IMMEDIATE")
        let error = #expect(throws: SQLiteError.self) { try second.execute("BEGIN IMMEDIATE") }
        #expect(error?.isBusy == true)
        try first.execute("COMMIT")
        try second.execute("BEGIN IMMEDIATE; COMMIT")
    }

    @Test func `a full database is reported as such`() throws {
        let connection = try folder.connection()
        try connection.execute("PRAGMA max_page_count = 4")
        let error = #expect(throws: SQLiteError.self) {
            try connection.execute("INSERT INTO rows VALUES (1, zeroblob(100000))")
        }
        #expect(error?.isFull == true)
    }

    @Test func `an interrupt stops a running statement`() throws {
        let connection = try folder.connection()
        let interrupter = connection.interrupter
        let endless = try connection.prepare(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
        )
        #expect(try endless.step())
        interrupter.interrupt()
        let error = #expect(throws: SQLiteError.self) { while try endless.step() {} }
        #expect(error?.isInterrupt == true)
        #expect(try connection.firstInt64(of: "SELECT 1") == 1)
        connection.close()
        interrupter.interrupt()
    }

    @Test func `a closed connection and its statements fail in an orderly way`() throws {
        let connection = try folder.connection()
        let statement = try connection.prepare("SELECT 1 UNION SELECT 2")
        #expect(try statement.step())
        connection.close()
        connection.close()
        #expect(!connection.isInTransaction)
        for body in [
            { _ = try statement.step() }, { try connection.execute("SELECT 1") },
            { _ = try connection.cached("SELECT 1") }, { try connection.checkpoint(.passive) },
        ] as [() throws -> Void] {
            let error = #expect(throws: SQLiteError.self) { try body() }
            #expect(error?.code == .misuse)
        }
    }

    @Test(arguments: ["", "  ", "SELECT 1; SELECT 2", "SELEC 1", "SELECT ?1 FROM nowhere"])
    func `prepares exactly one correct statement`(sql: String) throws {
        let connection = try folder.connection()
        #expect(throws: SQLiteError.self) { try connection.prepare(sql) }
        _ = try connection.prepare("SELECT 1 ;\n ")
    }

    @Test func `a script stops at its first failure and names that statement`() throws {
        let connection = try folder.connection()
        let error = #expect(throws: SQLiteError.self) {
            try connection.execute(
                "INSERT INTO rows VALUES (1, 'a'); INSERT INTO rows VALUES (1, 'b'); DELETE FROM rows"
            )
        }
        #expect(error?.sql?.contains("'b'") == true)
        #expect(try connection.firstInt64(of: "SELECT count(*) FROM rows") == 1)
        try connection.execute("-- nothing but a comment\n;;")
        #expect(throws: SQLiteError.self) { try connection.execute("SELECT 1\0; DELETE FROM rows") }
    }

    @Test func `a transaction keeps all or nothing`() throws {
        struct Refusal: Error {}
        let connection = try folder.connection()
        try connection.immediateTransaction { try connection.execute("INSERT INTO rows VALUES (1, 'a')") }
        #expect(throws: Refusal.self) {
            try connection.immediateTransaction {
                try connection.execute("INSERT INTO rows VALUES (2, 'b')")
                throw Refusal()
            }
        }
        #expect(!connection.isInTransaction)
        #expect(try connection.firstInt64(of: "SELECT count(*) FROM rows") == 1)
    }

    @Test func `a read transaction sees one moment`() throws {
        let writer = try folder.connection()
        #expect(try writer.configureForWriting() == .wal)
        let reader = try Connection(path: writer.path, mode: .readOnly)
        try reader.configureForReading()
        let counts = try reader.readTransaction {
            let before = try reader.firstInt64(of: "SELECT count(*) FROM rows")
            try writer.execute("INSERT INTO rows VALUES (1, 'a')")
            return [before, try reader.firstInt64(of: "SELECT count(*) FROM rows")]
        }
        #expect(counts == [0, 0])
        #expect(try reader.firstInt64(of: "SELECT count(*) FROM rows") == 1)
    }

    @Test func `the writer's settings are in force`() throws {
        let connection = try folder.connection()
        #expect(try connection.configureForWriting() == .wal)
        #expect(try connection.firstInt64(of: "PRAGMA synchronous") == 2)
        #expect(try connection.firstInt64(of: "PRAGMA temp_store") == 2)
        #expect(try connection.firstInt64(of: "PRAGMA foreign_keys") == 1)
        #expect(try connection.firstInt64(of: "PRAGMA cache_size") == -65_536)
        try connection.execute("INSERT INTO rows VALUES (1, 'a')")
        #expect(connection.walPages > 0)
        let result = try connection.checkpoint(.truncate)
        #expect(result.log == 0)
        #expect(try connection.firstInt64(of: "PRAGMA page_count") == 2)
    }

    @Test func `a refused write-ahead log falls back to a rollback journal`() throws {
        let blocker = try folder.connection()
        let connection = try folder.connection()
        try blocker.execute("BEGIN; SELECT * FROM rows")
        let open = try blocker.prepare("SELECT 1 FROM sqlite_schema")
        #expect(try open.step())
        #expect(try connection.configureForWriting() == .truncate)
        open.reset()
        try blocker.execute("COMMIT")
        try connection.execute("INSERT INTO rows VALUES (1, 'a')")
        #expect(try connection.firstInt64(of: "PRAGMA synchronous") == 2)

        let memory = try Connection(path: ":memory:", mode: .readWriteCreate)
        #expect(try memory.configureForWriting() == .memory)

        var settings = WriterSettings()
        settings.prefersWriteAheadLog = false
        #expect(try folder.connection("other.db").configureForWriting(settings) == .truncate)
    }

    @Test func `the cache returns the same statement unless it is in use`() throws {
        let connection = try folder.connection()
        let first = try connection.cached("SELECT 1 UNION SELECT 2")
        #expect(try connection.cached("SELECT 1 UNION SELECT 2") === first)
        #expect(try first.step())
        let nested = try connection.cached("SELECT 1 UNION SELECT 2")
        #expect(nested !== first)
        first.reset()
        for number in 0..<100 {
            #expect(try connection.firstInt64(of: "SELECT \(number)") == Int64(number))
        }
        #expect(try connection.cached("SELECT 1 UNION SELECT 2") !== first)
    }
}
