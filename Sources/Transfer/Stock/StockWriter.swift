internal import SQLite
package import Tracking

/// Writes records into a new database of MLflow's own form, which `StockDatabase` reads.
///
/// The file is of no use before `finish()`: to be fast, nothing is written that could restore it after a crash. Write it
/// under a name of its own, and rename it. Memory is bounded by SQLite's cache, whatever the number of records.
package final class StockWriter {
    /// What did not come as it was.
    package typealias Report = (_ place: String, _ reason: String) throws -> Void

    let connection: Connection
    let report: Report
    private let schema: StockSchema
    private let experiments: TableWriter
    private let experimentTags: TableWriter
    let runs: RunTables
    let models: ModelTables
    let registry: RegistryTables
    /// The latest of the points that came for one metric, which are rows already.
    var latest: (runID: String, key: String, point: MetricPoint)?

    /// - Parameters:
    ///   - path: a file that is not there.
    ///   - report: called for each thing that the tables cannot hold.
    package init(path: String, schema: StockSchema, report: @escaping Report) throws {
        self.schema = schema
        self.report = report
        connection = try Connection(path: path, mode: .readWriteCreate)
        try connection.execute(
            """
            PRAGMA journal_mode = OFF;
            PRAGMA synchronous = OFF;
            PRAGMA foreign_keys = OFF;
            PRAGMA cache_size = -32768;
            PRAGMA temp_store = FILE;
            BEGIN;
            """
        )
        try connection.execute(schema.tables)
        experiments = try TableWriter(
            connection,
            "experiments",
            ["experiment_id", "name", "artifact_location", "lifecycle_stage", "creation_time", "last_update_time"]
        )
        experimentTags = try TableWriter(connection, "experiment_tags", ["experiment_id", "key", "value"])
        runs = try RunTables(connection)
        models = try ModelTables(connection)
        registry = try RegistryTables(connection)
    }

    /// Stores a record; each must come once, and after those that it names.
    package func take(_ record: TransferRecord) throws {
        switch record {
        case .experiment(let experiment): try add(experiment)
        case .run(let run): try add(run)
        case .points(let points): try add(points)
        case .loggedModel(let model): try add(model)
        case .modelPoints(let points): try add(points)
        case .registeredModel(let model): try add(model)
        case .modelVersion(let version): try add(version)
        }
    }

    /// Makes the file whole and closes it; it may then be synced and renamed.
    ///
    /// - Throws: `SourceFailure` if a row names another that is not there, which no record of a sound store does.
    package func finish() throws {
        try storeLatest()
        try connection.execute(schema.indexes)
        let broken = try connection.prepare("PRAGMA foreign_key_check").firstRow { row in
            "a row of \(row.string(0)) names a row of \(row.string(2)) that is not there"
        }
        if let broken { throw SourceFailure("The database cannot be written: \(broken).") }
        try connection.execute("COMMIT")
        connection.close()
    }

    private func add(_ experiment: Experiment) throws {
        try experiments.add(
            .integer(experiment.id),
            .text(experiment.name),
            .text(experiment.artifactLocation),
            .text(experiment.lifecycleStage.wireName),
            .integer(experiment.creationTime),
            .integer(experiment.lastUpdateTime)
        )
        for tag in experiment.tags {
            try experimentTags.add(.integer(experiment.id), .text(tag.key), .text(tag.value))
        }
    }
}
