import SQLite
import Testing

@Suite struct RowSkipTests {
    private let connection: Connection

    init() throws {
        connection = try Connection(path: ":memory:", mode: .readWriteCreate)
        try connection.addRowSkipFunction()
        try connection.execute(
            """
            CREATE TABLE numbers (n INTEGER PRIMARY KEY);
            WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 99)
            INSERT INTO numbers SELECT n FROM n;
            """
        )
    }

    @Test func `a statement hands out the rows that are left between two skips`() throws {
        let statement = try connection.prepare("SELECT n FROM numbers WHERE is_handed_out(?1) ORDER BY n")
        let skip = RowSkip(rowCount: 3)
        try statement.bind(skip, at: 1)
        var found: [Int64] = []
        while try statement.step() {
            found.append(statement.int64(0))
            skip.rowCount = Int64(found.count * 10)
        }
        #expect(found == [3, 14, 35, 66])
    }

    @Test func `CASE keeps rows that miss another condition from being counted`() throws {
        let statement = try connection.prepare(
            "SELECT n FROM numbers WHERE CASE WHEN n % 2 = 1 THEN is_handed_out(?1) END ORDER BY n"
        )
        let skip = RowSkip(rowCount: 4)
        try statement.bind(skip, at: 1)
        #expect(try statement.step() && statement.int64(0) == 9)
        #expect(try statement.step() && statement.int64(0) == 11)
    }

    @Test func `a reset statement lets its skip go and asks for another`() throws {
        let statement = try connection.prepare("SELECT n FROM numbers WHERE is_handed_out(?1)")
        weak var released: RowSkip?
        do {
            let skip = RowSkip(rowCount: 0)
            released = skip
            try statement.bind(skip, at: 1)
        }
        #expect(released != nil)
        #expect(try statement.step())
        statement.reset()
        #expect(released == nil)
        #expect(throws: SQLiteError.self) { try statement.step() }
    }
}
