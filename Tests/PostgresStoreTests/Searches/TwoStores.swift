import TestSupport
import Tracking
import TrackingStore

/// The same random content in a store over SQLite and in MLflow's tables in PostgreSQL, to compare what both find.
struct TwoStores {
    let sqlite: StoreFixture
    let postgres: PostgresStoreFixture
    let runIDs: [String]

    init(seed: UInt64, runCount: Int = 60) throws {
        sqlite = try StoreFixture()
        var content = RandomContent(seed: seed, in: sqlite)
        try content.addExperiments()
        runIDs = try content.addRuns(runCount)
        try content.addLoggedModels(25)
        try content.addRegistry()
        postgres = try PostgresStoreFixture(copying: sqlite)
    }

    /// Clients of which half may see all of the content, and the others have random rights.
    func callers(seed: UInt64) -> RandomCallers {
        RandomCallers(
            seed: seed,
            experiments: [0, 1, 2, 3, 4, 5],
            models: RandomContent.registryNames,
            unlimited: 50
        )
    }
}
