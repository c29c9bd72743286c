import PostgreSQL
import Testing

@Suite struct AddressTests {
    @Test(arguments: [
        "postgresql://host/db", "postgres://host/db", "postgresql+psycopg2://u:p@host:5/db",
        "PostgreSQL+psycopg://host",
    ])
    func `addresses as people write them are recognised`(text: String) throws {
        #expect(PostgresAddress.hasScheme(text))
        _ = try PostgresAddress(text)
    }

    @Test(arguments: ["http://host", "sqlite:///x.db", "postgresql:/host", "/tmp/postgresql", "postgresqlx://h", ""])
    func `what is no such address is none`(text: String) {
        #expect(!PostgresAddress.hasScheme(text))
    }

    @Test(arguments: [
        "postgresql:///db?host=/run/postgresql&port=5433", "postgresql://[::1]:5432/db", "postgresql://a:1,b:2/db",
        "postgresql://", "postgresql://ana@/db", "postgresql://ana:a:b%40@h/db?sslmode=require",
    ])
    func `every part may be left out, and hosts take each form of libpq`(text: String) throws {
        _ = try PostgresAddress(text)
    }

    @Test(arguments: [
        "postgresql://u:sec@ret@host/db", "postgresql://u:sec/ret@host/db", "postgresql://u:sec?ret@host/db",
        "postgresql://u:secret/db", "postgresql://u:sec#ret",
    ])
    func `a password that would be taken for a host is refused without being shown`(text: String) throws {
        let error = try #require(throws: PostgresError.self) { try PostgresAddress(text) }
        #expect(error.state == .badAddress && error.description.contains("%40"))
        #expect(!error.description.contains("ret"), "\(error)")
    }
}
