import PostgreSQL
import PostgresStore
import TestSupport
import Testing
import Tracking

@Suite(.enabled(if: postgresServer != nil, "APUS_TEST_POSTGRES names no server"))
struct OwnTablesTests {
    private static let areThere = "SELECT count(*) FROM pg_namespace WHERE nspname = 'apus'"

    @Test func `a store that is not asked for them makes no schema of its own`() throws {
        let fixture = try PostgresStoreFixture()
        #expect(try fixture.number(Self.areThere) == 0)
    }

    @Test func `the tables are made once, by however many stores that start at the same time`() async throws {
        let fixture = try PostgresStoreFixture()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<6 {
                group.addTask { try PostgresStoreFixture.open(fixture.address) { $0.ownTables = ownTables }.close() }
            }
            try await group.waitForAll()
        }
        #expect(try fixture.number("SELECT version FROM apus.schema_version") == Int64(ownTables.count))
        #expect(try fixture.number("SELECT version FROM apus.access_version") == 1)
    }

    @Test func `a store that keeps rights reads them from the primary, whatever the address asks for`() throws {
        let fixture = try PostgresStoreFixture { $0.ownTables = ownTables }
        let uri = PostgresStoreFixture.server.replacing("/postgres", with: "/\(fixture.name)")
        let address = try PostgresAddress("\(uri)?target_session_attrs=standby")
        let store = try PostgresStoreFixture.open(address) { $0.ownTables = ownTables }
        defer { store.close() }
        #expect(try store.readNow { try $0.experiment(id: 0).name } == "Default")
    }

    @Test func `a store that is asked for no rights knows that other stores of the database are`() throws {
        let fixture = try PostgresStoreFixture { $0.ownTables = ownTables }
        #expect(!fixture.store.hasUnaskedAccounts)
        let plain = try PostgresStoreFixture.open(fixture.address)
        defer { plain.close() }
        #expect(plain.hasUnaskedAccounts)
    }

    @Test func `the scripts that a later version has more are run alone`() throws {
        let fixture = try PostgresStoreFixture { $0.ownTables = ownTables }
        try PostgresStoreFixture.open(fixture.address) {
            $0.ownTables = ownTables + ["CREATE TABLE apus.later (number bigint);"]
        }.close()
        #expect(try fixture.number("SELECT count(*) FROM apus.later") == 0)
        let error = #expect(throws: UnfitDatabase.self) {
            try PostgresStoreFixture.open(fixture.address) { $0.ownTables = ownTables }.close()
        }
        #expect(error?.description.contains("a newer version of Apus") == true)
    }

    @Test func `a user of the database who may not make a schema is told what to do`() throws {
        let fixture = try PostgresStoreFixture()
        try fixture.other().execute(
            """
            CREATE ROLE \(fixture.name) LOGIN PASSWORD 'word';
            GRANT ALL ON ALL TABLES IN SCHEMA public TO \(fixture.name);
            """
        )
        defer { try? fixture.other().execute("DROP OWNED BY \(fixture.name); DROP ROLE \(fixture.name)") }
        let uri = PostgresStoreFixture.server.replacing(/\/\/.*@/, with: "//\(fixture.name):word@")
        let address = try PostgresAddress(uri.replacing("/postgres", with: "/\(fixture.name)"))
        let error = #expect(throws: UnfitDatabase.self) {
            try PostgresStoreFixture.open(address) { $0.ownTables = ownTables }.close()
        }
        #expect(error?.description.contains("CREATE SCHEMA apus AUTHORIZATION") == true)
        // Without users and tokens the same user of the database is enough.
        try PostgresStoreFixture.open(address).close()
    }
}

/// The scripts of this server's own tables.
var ownTables: [String] {
    let tests = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    let folder = "/\(tests)/../migrations/postgresql"
    return fileNames(inFolder: folder).sorted().map { name in
        String(decoding: contents(ofFile: "\(folder)/\(name)"), as: UTF8.self)
    }
}
