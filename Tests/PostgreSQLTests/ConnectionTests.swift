import Glibc
import PostgreSQL
import Testing

/// The server is that of APUS_TEST_POSTGRES, which `make unit` sets.
private let server = getenv("APUS_TEST_POSTGRES").map { String(cString: $0) }

@Suite(.enabled(if: server != nil, "APUS_TEST_POSTGRES names no server"))
struct ConnectionTests {
    private let connection: PostgresConnection

    init() throws {
        connection = try Self.connect()
    }

    private static func connect(_ suffix: String = "") throws -> PostgresConnection {
        try PostgresConnection(PostgresAddress((server ?? "") + suffix), applicationName: "apus-test")
    }

    @Test func `the place names the server and no password`() {
        #expect(
            connection.displayURI.hasPrefix("postgresql://owner@127.0.0.1:")
                && connection.displayURI.hasSuffix("/postgres")
        )
    }

    @Test func `the session is in UTF-8 and UTC`() throws {
        let facts = try connection.firstRow(
            "SELECT current_setting('client_encoding'), current_setting('TimeZone'), current_setting('application_name')"
        ) { row in (0..<3).map { row.string($0) } }
        #expect(facts == ["UTF8", "UTC", "apus-test"])
    }

    @Test func `values of each type go and come back`() throws {
        try connection.execute(
            "CREATE TEMP TABLE v (a bigint, b double precision, c varchar(20), d boolean, e integer, f smallint, g real)"
        )
        let values: [PostgresValue] = [
            .integer(.min), .real(1.7976931348623157e308), .text("größer '\"\\ 🦩"), .integer(1), .integer(-7),
            .integer(-1),
            .real(0.5),
        ]
        #expect(try connection.run("INSERT INTO v VALUES ($1, $2, $3, $4, $5, $6, $7)", values) == 1)
        try connection.run(
            "INSERT INTO v VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [.null, .real(.nan), .text(""), .integer(0), .null, .null, .null]
        )
        var rows: [String] = []
        try connection.forEachRow("SELECT a, b, c, d, e, f, g FROM v ORDER BY a") { row in
            let numbers =
                "\(row.int64(0)) \(row.double(1)) \(row.string(2)) \(row.int64(3)) \(row.int64(4)) \(row.int64(5))"
            rows.append("\(numbers) \(row.double(6)) \(row.kind(0)) \(row.columnName(2))")
        }
        #expect(
            rows == [
                "\(Int64.min) 1.7976931348623157e+308 größer '\"\\ 🦩 1 -7 -1 0.5 integer c", "0 nan  0 0 0 0.0 null c",
            ]
        )
    }

    @Test func `rows are copied in, whatever is in them`() throws {
        try connection.execute("CREATE TEMP TABLE copied (number integer, text text)")
        var rows = CopyRows()
        let texts = ["", "\\N", "a\tb\r\n\\.", "\u{1}", String(repeating: "ä", count: 300_000)]
        for (number, text) in texts.enumerated() { try rows.append([.integer(Int64(number)), .text(text)]) }
        try rows.append([.integer(99), .null])
        try connection.copy("COPY copied (number, text) FROM STDIN", rows)
        var found: [String?] = []
        try connection.forEachRow("SELECT text FROM copied ORDER BY number") { row in
            found.append(row.isNull(0) ? nil : row.string(0))
        }
        #expect(found == texts + [nil])
    }

    @Test func `a failed copy or statement leaves the connection usable`() throws {
        try connection.execute("CREATE TEMP TABLE narrow (number integer PRIMARY KEY)")
        var rows = CopyRows()
        try rows.append([.text("no number")])
        let copied = try #require(throws: PostgresError.self) { try connection.copy("COPY narrow FROM STDIN", rows) }
        #expect(copied.state.rawValue == "22P02")
        let unknown = try #require(throws: PostgresError.self) { try connection.copy("COPY nowhere FROM STDIN", rows) }
        #expect(unknown.state.rawValue == "42P01")
        try connection.run("INSERT INTO narrow VALUES ($1)", [.integer(1)])
        let double = try #require(throws: PostgresError.self) {
            try connection.run("INSERT INTO narrow VALUES ($1)", [.integer(1)])
        }
        #expect(double.isConstraintViolation && double.sql?.contains("INSERT") == true)
        #expect(throws: PostgresError.self) { try connection.run("SELECT $1::text", [.text("a\0b")]) }
        #expect(try connection.firstRow("SELECT count(*) FROM narrow") { $0.int64(0) } == 1)
    }

    @Test func `rows stream, and a closure that throws ends the query`() throws {
        struct Enough: Error {}
        var seen = 0
        #expect(throws: Enough.self) {
            try connection.forEachRow("SELECT n, repeat('x', 1000) FROM generate_series(1, 10000000) AS n") { row in
                seen += 1
                if row.int64(0) == 3 { throw Enough() }
            }
        }
        #expect(seen == 3)
        #expect(try connection.firstRow("SELECT 7::bigint") { $0.int64(0) } == 7)
    }

    @Test func `a query within a query is refused`() throws {
        try connection.forEachRow("SELECT 1 UNION ALL SELECT 2") { _ in
            let error = #expect(throws: PostgresError.self) { try connection.run("SELECT 3") }
            #expect(error?.state == .misuse)
        }
    }

    @Test func `more statements than are kept still work`() throws {
        for number in 0..<300 {
            #expect(try connection.firstRow("SELECT \(number)::bigint") { $0.int64(0) } == Int64(number))
        }
    }

    @Test func `a wrong password, a database that is not there and a closed port each say what to do`() throws {
        let text = try #require(server)
        let password = try #require(throws: PostgresError.self) {
            let wrong = text.replacing("s%25ecr%3Aet", with: "hidden")
            _ = try PostgresConnection(PostgresAddress(wrong), applicationName: "apus-test")
        }
        #expect(password.isRefusedLogIn && !password.description.contains("hidden"))
        let missing = try #require(throws: PostgresError.self) { try Self.connect("-not-there") }
        #expect(missing.state == .noSuchDatabase && missing.description.contains("createdb"))
        let away = try #require(throws: PostgresError.self) {
            _ = try PostgresConnection(PostgresAddress("postgresql://127.0.0.1:1/x"), applicationName: "apus-test")
        }
        #expect(away.isDisconnection)
        let option = try #require(throws: PostgresError.self) { try Self.connect("?nosuchoption=hidden") }
        #expect(option.state == .badAddress && !option.description.contains("hidden"))
    }

    @Test func `a connection that the server ends is reported as gone, and then closed`() throws {
        let number = try #require(try connection.firstRow("SELECT pg_backend_pid()") { $0.int64(0) })
        _ = try Self.connect().firstRow("SELECT pg_terminate_backend($1)", [.integer(number)]) { $0.int64(0) }
        let error = try #require(throws: PostgresError.self) {
            // The first statement may still be sent.
            for _ in 0..<2 { try connection.run("SELECT 1") }
        }
        #expect(error.isDisconnection, "\(error)")
        connection.close()
        #expect(throws: PostgresError.self) { try connection.execute("SELECT 1") }
    }
}
