import SQLite
import Testing

@Suite struct WorkLimitTests {
    private let connection: Connection
    /// Counts without an end.
    private let endless = "WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n) SELECT count(*) FROM n"

    init() throws {
        connection = try Connection(path: ":memory:", mode: .readWriteCreate)
    }

    @Test(arguments: [Duration.zero, .milliseconds(20)])
    func `work beyond the limit is stopped`(limit: Duration) throws {
        #expect(throws: WorkLimitExceeded.self) {
            try connection.withWorkLimit(limit, stepsBetweenLooks: 100) {
                try connection.execute(endless)
            }
        }
    }

    @Test func `a connection whose work was stopped goes on without a limit`() throws {
        _ = try? connection.withWorkLimit(.zero, stepsBetweenLooks: 1) { try connection.execute(endless) }
        let counted = try connection.prepare(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT 5000) SELECT count(*) FROM n"
        )
        #expect(try counted.step())
        #expect(counted.int64(0) == 5_000)
    }

    @Test func `other failures pass`() throws {
        #expect(throws: SQLiteError.self) {
            try connection.withWorkLimit(.seconds(60), stepsBetweenLooks: 100) {
                try connection.execute("SELECT * FROM missing")
            }
        }
    }

    @Test func `an interrupt from elsewhere is no exceeded limit`() throws {
        #expect(throws: SQLiteError.self) {
            try connection.withWorkLimit(.seconds(60), stepsBetweenLooks: 100) {
                throw SQLiteError(code: .interrupted, message: "stopped")
            }
        }
    }
}
