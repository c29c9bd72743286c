import Glibc
import PostgreSQL
import Testing

private let server = getenv("APUS_TEST_POSTGRES").map { String(cString: $0) }

@Suite(.enabled(if: server != nil, "APUS_TEST_POSTGRES names no server"))
struct ColumnTests {
    private let connection: PostgresConnection

    init() throws {
        connection = try PostgresConnection(PostgresAddress(server ?? ""), applicationName: "apus-test")
    }

    @Test func `the values of each type of column arrive as they are`() throws {
        let texts = ["", "größer '\"\\ 🦩", "NULL", "{a,b}", String(repeating: "long ", count: 10_000)]
        let numbers: [Int64] = [.min, -1, 0, 1, .max]
        let reals = [-Double.infinity, -0.0, Double.leastNonzeroMagnitude, 1.7976931348623157e308, .nan]
        let flags = [true, false, true, false, false]
        var (first, second) = (PostgresColumn(.text), PostgresColumn(.bigint))
        var (third, fourth) = (PostgresColumn(.double), PostgresColumn(.boolean))
        for index in texts.indices {
            try first.append(texts[index])
            second.append(numbers[index])
            third.append(reals[index])
            fourth.append(flags[index])
        }
        var count = 0
        try connection.forEachRow(
            "SELECT * FROM unnest($1::text[], $2::bigint[], $3::float8[], $4::boolean[])",
            [.column(first), .column(second), .column(third), .column(fourth)]
        ) { row in
            #expect(row.string(0) == texts[count])
            #expect(row.int64(1) == numbers[count])
            #expect(row.double(2).bitPattern == reals[count].bitPattern)
            #expect(row.int64(3) == (flags[count] ? 1 : 0))
            count += 1
        }
        #expect(count == texts.count)
    }

    @Test func `a column without values is an empty array`() throws {
        let empty = PostgresValue.column(PostgresColumn(.text))
        #expect(try connection.firstRow("SELECT cardinality($1::text[])", [empty]) { $0.int64(0) } == 0)
    }

    @Test func `columns go together with texts and NULL`() throws {
        var column = PostgresColumn(.bigint)
        column.append(Int64(7))
        let values: [PostgresValue] = [.text("before"), .column(column), .null, .text("after")]
        let joined = try connection.firstRow(
            "SELECT concat_ws(' ', $1::text, ($2::bigint[])[1], coalesce($3::text, 'none'), $4::text)",
            values
        ) { $0.string(0) }
        #expect(joined == "before 7 none after")
    }

    @Test func `a text with NUL is refused`() throws {
        #expect { try Self.appendNUL() } throws: { ($0 as? PostgresError)?.state == .invalidText }
    }

    private static func appendNUL() throws {
        var column = PostgresColumn(.text)
        try column.append("a\0b")
    }
}
