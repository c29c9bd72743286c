package import PostgreSQL
package import Tracking

/// Writes records into a new database of MLflow's own form, which `StockDatabase` reads.
///
/// Nothing is there before `commit()`. Memory is bounded, whatever the number of records.
package final class StockWriter {
    /// What did not come as it was.
    package typealias Report = (_ place: String, _ reason: String) throws -> Void

    let target: any StockTarget
    let report: Report
    private let experiments: any TableWriter
    private let experimentTags: any TableWriter
    let runs: RunTables
    let models: ModelTables
    let registry: RegistryTables
    /// The latest of the points that came for one metric, which are rows already.
    var latest: (runID: String, key: String, point: MetricPoint)?
    /// The ids that experiments have here, by those that they had; only where they differ.
    private var newExperimentIDs: [Int64: Int64] = [:]
    private var greatestExperimentID: Int64 = 0
    /// What the tables cannot hold, and has been reported; what belongs to it does not come either.
    private var leftOut: Set<Owner> = []

    /// What other rows belong to.
    enum Owner: Hashable {
        case experiment(Int64)
        case run(String)
        case registeredModel(String)
    }

    /// Writes a file of SQLite: under a name of its own, to be renamed after `commit()`.
    ///
    /// - Parameters:
    ///   - path: a file that is not there.
    ///   - report: called for each thing that the tables cannot hold.
    package convenience init(path: String, schema: StockSchema, report: @escaping Report) throws {
        try self.init(SQLiteTarget(path: path, schema), report)
    }

    /// Fills an empty database of PostgreSQL, in one transaction.
    ///
    /// - Throws: `SourceFailure` for a database that is not empty.
    package convenience init(
        _ address: PostgresAddress,
        schema: StockSchema,
        report: @escaping Report
    ) throws {
        try self.init(PostgresTarget(address, schema), report)
    }

    private init(_ target: any StockTarget, _ report: @escaping Report) throws {
        self.target = target
        self.report = report
        experiments = try target.writer(
            of: "experiments",
            ["experiment_id", "name", "artifact_location", "lifecycle_stage", "creation_time", "last_update_time"],
            on: .fail
        )
        experimentTags = try target.writer(of: "experiment_tags", ["experiment_id", "key", "value"], on: .fail)
        runs = try RunTables(target)
        models = try ModelTables(target)
        registry = try RegistryTables(target)
    }

    /// The database, for a person; without a password.
    package var place: String { target.place }

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

    /// Completes the tables; afterwards only `commit()` may come.
    ///
    /// - Throws: `SourceFailure` if a row names another that is not there, which no record of a sound store does.
    package func finish() throws {
        try storeLatest()
        try target.finish()
    }

    /// Makes the database what others see; of a file, it may then be synced and renamed.
    package func commit() throws { try target.commit() }

    private func add(_ experiment: Experiment) throws {
        let place = "experiment '\(experiment.name)'"
        var id = experiment.id
        if id > target.greatestExperimentID {
            id = greatestExperimentID + 1
            newExperimentIDs[experiment.id] = id
            let bound = target.greatestExperimentID
            try report(place, "its id \(experiment.id) is \(id) there: MLflow's column holds no number above \(bound)")
        }
        greatestExperimentID = max(greatestExperimentID, id)
        let isHeld = try adding(place) {
            try experiments.add(
                .integer(id),
                .text(experiment.name),
                .text(experiment.artifactLocation),
                .text(experiment.lifecycleStage.wireName),
                .integer(experiment.creationTime),
                .integer(experiment.lastUpdateTime)
            )
        }
        guard isHeld else { return leaveOut(.experiment(experiment.id)) }
        for tag in experiment.tags {
            try adding("\(place), tag '\(shortened(tag.key))'") {
                try experimentTags.add(.integer(id), .text(tag.key), .text(tag.value))
            }
        }
    }
}

extension StockWriter {
    /// The id that an experiment has here.
    func newID(ofExperiment id: Int64) -> Int64 { newExperimentIDs[id] ?? id }

    func leaveOut(_ owner: Owner) { leftOut.insert(owner) }

    func isLeftOut(_ owner: Owner) -> Bool { leftOut.contains(owner) }

    /// Runs `body`, which adds a row; false, and a report, if the table cannot hold it.
    @discardableResult
    func adding(_ place: @autoclosure () -> String, _ body: () throws -> Void) throws -> Bool {
        do {
            try body()
            return true
        } catch let unfit as UnfitRow {
            try report(place(), unfit.description)
        } catch let error as PostgresError where error.state == .invalidText {
            // Found before anything was sent.
            try report(place(), error.message)
        }
        return false
    }
}
