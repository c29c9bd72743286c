import PostgreSQL
import PostgresStore
import TestSupport
import Testing
import Tracking

@Suite(.enabled(if: postgresServer != nil, "APUS_TEST_POSTGRES names no server"))
struct SchemaTests {
    @Test func `an empty database gets MLflow's tables and the default experiment`() throws {
        let fixture = try StoreOverPostgres()
        #expect(try fixture.number("SELECT count(*) FROM alembic_version WHERE version_num = 'dc11669786a5'") == 1)
        let experiment = try fixture.read { try $0.experiment(id: 0) }
        #expect(experiment.name == "Default")
        #expect(experiment.artifactLocation == "mlflow-artifacts:/0")
        #expect(try fixture.write { try $0.createExperiment(name: "first", artifactLocation: nil, tags: []) } == 1)
    }

    @Test func `a store that opens a database again changes nothing`() throws {
        let fixture = try StoreOverPostgres()
        try StoreOverPostgres.open(fixture.address).close()
        #expect(try fixture.number("SELECT count(*) FROM experiments") == 1)
    }

    @Test func `an older revision is refused with the command that upgrades it`() throws {
        let fixture = try StoreOverPostgres()
        try fixture.other().execute("UPDATE alembic_version SET version_num = 'acf3f17fdcc7'")
        let error = #expect(throws: UnfitDatabase.self) { _ = try StoreOverPostgres.open(fixture.address) }
        #expect(error?.description.contains("mlflow db upgrade postgresql://owner@127.0.0.1") == true)
    }

    @Test func `an unknown revision is accepted if no column is missing`() throws {
        let fixture = try StoreOverPostgres()
        try fixture.other().execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
        try StoreOverPostgres.open(fixture.address).close()
        try fixture.other().execute("ALTER TABLE latest_metrics DROP COLUMN is_nan")
        let error = #expect(throws: UnfitDatabase.self) { _ = try StoreOverPostgres.open(fixture.address) }
        #expect(error?.description.contains("latest_metrics.is_nan") == true)
    }

    @Test func `the tables of another program are left alone`() throws {
        #expect(throws: UnfitDatabase.self) {
            _ = try StoreOverPostgres(preparing: "CREATE TABLE mine (number integer)")
        }
    }
}
