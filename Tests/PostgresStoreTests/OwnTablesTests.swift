import PostgreSQL
import PostgresStore
import TestSupport
import Testing
import Tracking

@Suite(.enabled(if: postgresServer != nil, "APUS_TEST_POSTGRES names no server"))
struct OwnTablesTests {
    private static let exist = "SELECT count(*) FROM pg_namespace WHERE nspname = 'apus'"

    @Test func `a store that is not asked for them makes no schema of its own`() throws {
        let fixture = try PostgresStoreFixture()
        #expect(try fixture.number(Self.exist) == 0)
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
        #expect(!fixture.store.hasUncheckedAccounts)
        func isTold() throws -> Bool {
            let plain = try PostgresStoreFixture.open(fixture.address)
            defer { plain.close() }
            return plain.hasUncheckedAccounts
        }
        #expect(try !isTold())
        let token = """
            INSERT INTO apus.access_tokens (name, hash, scope, is_limited, creation_time, expiration_time)
            VALUES ('ci', '\\x01', 1, 0, 1, 2)
            """
        try fixture.other().execute(token)
        #expect(try !isTold())
        try fixture.other().execute("UPDATE apus.access_tokens SET expiration_time = NULL")
        #expect(try isTold())
        try fixture.other().execute(
            "DELETE FROM apus.access_tokens; INSERT INTO apus.users (name, is_admin, creation_time) VALUES ('ada', 0, 1)"
        )
        #expect(try isTold())
    }

    @Test func `a store tells which settings the one that was opened before has otherwise`() throws {
        let fixture = try PostgresStoreFixture { $0.ownTables = ownTables }
        func differences(_ settings: [String: String]) throws -> [DifferentSetting] {
            let store = try PostgresStoreFixture.open(fixture.address) {
                ($0.ownTables, $0.sharedSettings) = (ownTables, settings)
            }
            defer { store.close() }
            return store.differentSettings
        }
        #expect(try differences(["--audit": "on", "--client-runs": "9"]).isEmpty)
        #expect(try differences(["--audit": "on", "--client-runs": "9", "--default-permission": "READ"]).isEmpty)
        #expect(
            try differences(["--audit": "off", "--client-runs": "no limit"]) == [
                DifferentSetting(name: "--audit", own: "off", other: "on"),
                DifferentSetting(name: "--client-runs", own: "no limit", other: "9"),
            ]
        )
        #expect(try differences(["--audit": "off", "--default-permission": "READ"]).isEmpty)
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
        #expect(error?.description.contains("CREATE SCHEMA apus AUTHORIZATION \(fixture.name)") == true)
        #expect(error?.description.contains("as a user who may make it") == false)
        // A schema that another user has made cannot be made once more.
        try fixture.other().execute("CREATE SCHEMA apus")
        let second = #expect(throws: UnfitDatabase.self) {
            try PostgresStoreFixture.open(address) { $0.ownTables = ownTables }.close()
        }
        #expect(second?.description.contains("belongs to owner") == true)
        #expect(second?.description.contains("ALTER SCHEMA apus OWNER TO \(fixture.name)") == true)
        #expect(second?.description.contains("CREATE SCHEMA") == false)
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
