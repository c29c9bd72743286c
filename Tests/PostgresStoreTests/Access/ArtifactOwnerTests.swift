import PostgreSQL
import PostgresStore
import TestSupport
import Testing
import Tracking
import TrackingStore

/// Whose artifacts lie where, which decides who may read them.
@Suite(.enabled(if: postgresServer != nil, "APUS_TEST_POSTGRES names no server"))
struct ArtifactOwnerTests {
    private func shown(_ places: [ExperimentArtifactLocation]) -> [String] { places.map { "\($0)" }.sorted() }

    @Test func `owners and places are the same over both databases`() throws {
        let seed = testSeed()
        let stores = try TwoStores(seed: seed, runCount: 10)
        let ids = [stores.runIDs[3], "unknown", "nul\0", stores.runIDs[0]]
        let expected = try stores.sqlite.read { session in
            (try session.experimentArtifactLocations(), try session.artifactOwners(among: ids))
        }
        let found = try stores.postgres.read { session in
            (try session.experimentArtifactLocations(), try session.artifactOwners(among: ids))
        }
        #expect(shown(found.0) == shown(expected.0), "\(seed)")
        #expect(found.1.map { "\($0)" } == expected.1.map { "\($0)" } && found.1.count == 2, "\(seed)")
    }

    @Test func `what other programs have put elsewhere is found, and new experiments count at once`() throws {
        let fixture = try PostgresStoreFixture()
        let (first, second) = (try fixture.makeRun(), try fixture.makeRun())
        try fixture.other().execute(
            """
            UPDATE runs SET artifact_uri = 's3://b/shared/' || run_uuid || '/artifacts' WHERE run_uuid = '\(first)';
            UPDATE runs SET artifact_uri = 's3://b/alone' WHERE run_uuid = '\(second)';
            """
        )
        let places = try fixture.read { try $0.experimentArtifactLocations() }.filter { $0.kind != .experiment }
        #expect(
            shown(places)
                == shown([
                    ExperimentArtifactLocation(experimentID: 0, location: "s3://b/alone", holdsIDs: false),
                    ExperimentArtifactLocation(experimentID: 0, location: "s3://b/shared", holdsIDs: true),
                ])
        )
        let version = try fixture.read { try $0.experimentArtifactLocationVersion() }
        _ = try fixture.write { try $0.createExperiment(name: "new", artifactLocation: nil, tags: []) }
        #expect(try fixture.read { try $0.experimentArtifactLocationVersion() } != version)
    }
}
