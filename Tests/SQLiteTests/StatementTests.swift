import SQLite
import Testing

@Suite struct StatementTests {
    private let connection: Connection

    init() throws {
        connection = try Connection(path: ":memory:", mode: .readWriteCreate)
    }

    @Test func `values come back as they were bound`() throws {
        let statement = try connection.prepare("SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7")
        try statement.bind(Int64.min, at: 1)
        try statement.bind(0.1, at: 2)
        try statement.bind("é\u{0}😀", at: 3)
        try statement.bind([0, 255] as [UInt8], at: 4)
        try statement.bindNull(at: 5)
        try statement.bind("", at: 6)
        try statement.bind([] as [UInt8], at: 7)
        #expect(statement.columnCount == 7)
        #expect(try statement.step())
        #expect(statement.int64(0) == .min)
        #expect(statement.double(1) == 0.1)
        #expect(statement.string(2) == "é\u{0}😀")
        #expect(statement.bytes(3) == [0, 255])
        #expect((0..<8).map(statement.isNull) == [false, false, false, false, true, false, false, true])
        #expect(statement.string(5).isEmpty)
        #expect(statement.withText(2) { $0.count } == 7)
        #expect(statement.optionalInt64(4) == nil)
        #expect(statement.optionalString(4) == nil)
        #expect(statement.withText(4) { $0.isEmpty })
        #expect(try !statement.step())
    }

    @Test func `a reset drops bound values`() throws {
        let statement = try connection.prepare("SELECT ?1")
        try statement.bind("kept?", at: 1)
        try statement.run()
        #expect(try statement.firstRow { $0.isNull(0) } == true)
    }

    @Test func `a position that does not exist is refused`() throws {
        let statement = try connection.prepare("SELECT ?1")
        for position in [0, 2, -1, .max] {
            #expect(throws: SQLiteError.self) { try statement.bind(1, at: position) }
        }
    }

    @Test func `rows are walked and the statement is reset in any case`() throws {
        struct Refusal: Error {}
        let statement = try connection.prepare("SELECT 1 UNION SELECT 2 UNION SELECT 3 ORDER BY 1")
        #expect(try statement.map { $0.int(0) } == [1, 2, 3])
        #expect(throws: Refusal.self) { try statement.forEachRow { _ in throw Refusal() } }
        #expect(!statement.isBusy)
        #expect(try statement.firstRow { $0.int(0) } == 1)
        #expect(!statement.isBusy)
        #expect(try connection.prepare("SELECT 1 WHERE 0").firstRow { $0.int(0) } == nil)
    }

    @Test func `changes and the newest rowid are told`() throws {
        try connection.execute("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2), (3)")
        #expect(connection.changes == 3)
        #expect(connection.lastInsertRowID == 3)
        #expect(try connection.firstString(of: "SELECT 'x'") == "x")
        #expect(try connection.firstString(of: "SELECT NULL") == nil)
        #expect(try connection.firstInt64(of: "SELECT 1 WHERE 0") == nil)
    }
}
