import PostgreSQL
import PostgresStore
import TestSupport
import Testing
import Tracking

@Suite(.enabled(if: postgresServer != nil, "APUS_TEST_POSTGRES names no server"))
struct SchemaTests {
    @Test func `an empty database gets MLflow's tables and the default experiment`() throws {
        let fixture = try PostgresStoreFixture()
        #expect(try fixture.number("SELECT count(*) FROM alembic_version WHERE version_num = 'dc11669786a5'") == 1)
        let experiment = try fixture.read { try $0.experiment(id: 0) }
        #expect(experiment.name == "Default")
        #expect(experiment.artifactLocation == "mlflow-artifacts:/0")
        #expect(try fixture.write { try $0.createExperiment(name: "first", artifactLocation: nil, tags: []) } == 1)
    }

    @Test func `a store that opens a database again changes nothing`() throws {
        let fixture = try PostgresStoreFixture()
        try PostgresStoreFixture.open(fixture.address).close()
        #expect(try fixture.number("SELECT count(*) FROM experiments") == 1)
    }

    @Test func `an older revision is refused with the command that upgrades it`() throws {
        let fixture = try PostgresStoreFixture()
        try fixture.other().execute("UPDATE alembic_version SET version_num = 'acf3f17fdcc7'")
        let error = #expect(throws: UnfitDatabase.self) { _ = try PostgresStoreFixture.open(fixture.address) }
        #expect(error?.description.contains("mlflow db upgrade postgresql://owner@127.0.0.1") == true)
    }

    @Test func `an unknown revision is accepted if no column is missing`() throws {
        let fixture = try PostgresStoreFixture()
        try fixture.other().execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
        try PostgresStoreFixture.open(fixture.address).close()
        try fixture.other().execute("ALTER TABLE latest_metrics DROP COLUMN is_nan")
        let error = #expect(throws: UnfitDatabase.self) { _ = try PostgresStoreFixture.open(fixture.address) }
        #expect(error?.description.contains("latest_metrics.is_nan") == true)
    }

    @Test func `a start does not wait for ever for a table that another program has locked`() throws {
        let fixture = try PostgresStoreFixture()
        let other = try fixture.other()
        try other.execute("BEGIN; LOCK TABLE runs")
        let error = #expect(throws: PostgresError.self) { _ = try PostgresStoreFixture.open(fixture.address) }
        #expect(error?.state == .lockNotAvailable)
        try other.execute("ROLLBACK")
    }

    @Test func `a user that may not read a table of the store cannot start it`() throws {
        let fixture = try PostgresStoreFixture()
        let role = "role_\(UInt64.random(in: .min ... .max))"
        try fixture.other().execute(
            """
            CREATE ROLE \(role) LOGIN PASSWORD 'word';
            GRANT ALL ON ALL TABLES IN SCHEMA public TO \(role);
            REVOKE SELECT ON metrics FROM \(role)
            """
        )
        let uri = PostgresStoreFixture.server.replacing(/\/\/.*@/, with: "//\(role):word@")
        let address = try PostgresAddress(uri.replacing("/postgres", with: "/\(fixture.name)"))
        let error = #expect(throws: UnfitDatabase.self) { _ = try PostgresStoreFixture.open(address) }
        #expect(error?.description.contains("metrics") == true)
        #expect(error?.description.contains("ON ALL TABLES IN SCHEMA public TO \(role)") == true)
        try fixture.other().execute("DROP OWNED BY \(role); DROP ROLE \(role)")
    }

    @Test func `a user that may not make tables is told which right is missing`() throws {
        let fixture = try PostgresStoreFixture(preparing: "SELECT 1")
        let role = "role_\(UInt64.random(in: .min ... .max))"
        try fixture.other().execute(
            """
            DROP SCHEMA public CASCADE; CREATE SCHEMA public;
            CREATE ROLE \(role) LOGIN PASSWORD 'word';
            GRANT USAGE ON SCHEMA public TO \(role)
            """
        )
        let uri = PostgresStoreFixture.server.replacing(/\/\/.*@/, with: "//\(role):word@")
        let address = try PostgresAddress(uri.replacing("/postgres", with: "/\(fixture.name)"))
        let error = #expect(throws: UnfitDatabase.self) { _ = try PostgresStoreFixture.open(address) }
        #expect(error?.description.contains("GRANT CREATE ON SCHEMA public TO \(role)") == true)
        try fixture.other().execute("GRANT CREATE ON SCHEMA public TO \(role)")
        try PostgresStoreFixture.open(address).close()
        try fixture.other().execute("DROP OWNED BY \(role); DROP ROLE \(role)")
    }

    @Test func `a schema that somebody makes before the one of the tables is not used`() throws {
        let fixture = try PostgresStoreFixture()
        let runID = try fixture.makeRun()
        // The address's search_path begins with the schema that is called like the user.
        let user = try #require(try fixture.other().firstRow("SELECT current_user::text") { $0.string(0) })
        try fixture.other().execute(
            "CREATE SCHEMA \"\(user)\"; CREATE TABLE \"\(user)\".tags (LIKE public.tags INCLUDING ALL)"
        )
        try fixture.write { try $0.setTag(Tag(key: "first", value: "v"), runID: runID) }
        // New connections too.
        try fixture.other().execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() "
                + "AND application_name LIKE 'apus-%'"
        )
        try fixture.write { try $0.setTag(Tag(key: "second", value: "v"), runID: runID) }
        #expect(try fixture.number("SELECT count(*) FROM public.tags WHERE key IN ('first', 'second')") == 2)
        #expect(try fixture.read { try $0.run(id: runID) }.tags.contains(Tag(key: "first", value: "v")))
    }

    @Test func `the tables of another program are left alone`() throws {
        #expect(throws: UnfitDatabase.self) {
            _ = try PostgresStoreFixture(preparing: "CREATE TABLE mine (number integer)")
        }
    }
}
