import PostgreSQL
import Testing

@Suite struct TextFormTests {
    private func written(_ values: [PostgresValue]) throws -> String {
        var rows = CopyRows()
        try rows.append(values)
        return String(decoding: rows.bytes, as: UTF8.self)
    }

    @Test func `rows are written as COPY reads them`() throws {
        #expect(try written([.text("a"), .integer(-5), .real(0.1), .null]) == "a\t-5\t0.1\t\\N\n")
        #expect(try written([.text(""), .text(""), .text("\\N")]) == "\t\t\\\\N\n")
        #expect(try written([.text("a\tb\nc\rd\\")]) == "a\\tb\\nc\\rd\\\\\n")
        #expect(try written([.real(.infinity), .real(-.infinity), .real(.nan)]) == "Infinity\t-Infinity\tNaN\n")
        #expect(try written([.real(1.7976931348623157e308), .real(-0.0)]) == "1.7976931348623157e+308\t-0.0\n")
    }

    @Test func `a row that cannot be held leaves no trace`() throws {
        var rows = CopyRows()
        try rows.append([.text("before")])
        let error = try #require(throws: PostgresError.self) { try rows.append([.text("x"), .text("a\0b")]) }
        #expect(error.state == .invalidText)
        #expect(rows.count == 1 && String(decoding: rows.bytes, as: UTF8.self) == "before\n")
    }

    @Test func `messages about connections give the state and one plain line`() {
        let refused = PostgresError(
            connecting: """
                connection to server at "127.0.0.1", port 5432 failed: FATAL:  28P01: password authentication failed for user "ana"
                LOCATION:  auth_failed, auth.c:326
                """
        )
        #expect(refused.state == .invalidPassword && refused.isRefusedLogIn)
        #expect(
            refused.message
                == "connection to server at \"127.0.0.1\", port 5432 failed: password authentication failed for user \"ana\""
        )
        #expect(refused.description.contains("(SQLSTATE 28P01)") && refused.description.contains("PGPASSWORD"))
        let away = PostgresError(
            connecting: "connection to server failed: Connection refused\n\tIs the server running?\n"
        )
        #expect(away.isDisconnection && away.description == "connection to server failed: Connection refused")
        #expect(PostgresError(connecting: "x:  y: short").state == .disconnected)
    }
}
