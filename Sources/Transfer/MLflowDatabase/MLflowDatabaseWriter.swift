package import PostgreSQL
package import Tracking

/// Writes records into a new database with MLflow's own tables, which `MLflowDatabase` can read.
///
/// Other programs do not see the records before `commit()`. The writer's memory does not grow with the number of records.
package final class MLflowDatabaseWriter {
    /// Called with the name of a value that the tables cannot store as it is, and the reason.
    package typealias Report = (_ subject: String, _ reason: String) throws -> Void

    let target: any DatabaseTarget
    let report: Report
    private let experiments: any TableWriter
    private let experimentTags: any TableWriter
    let runs: RunTables
    let models: ModelTables
    let registry: RegistryTables
    /// The latest point of the metric whose points are being added; the points themselves are stored already.
    var latest: (runID: String, key: String, point: MetricPoint)?
    /// The new ids of the experiments whose ids the database cannot store, by their original ids.
    private var newExperimentIDs: [Int64: Int64] = [:]
    private var greatestUsedExperimentID: Int64 = 0
    /// The experiments, runs and models that the tables cannot store; rows that refer to them are left out too.
    private var leftOut: Set<Owner> = []

    /// A row to which other rows refer.
    enum Owner: Hashable {
        case experiment(Int64)
        case run(String)
        case registeredModel(String)
    }

    /// Creates a SQLite database; use a temporary name, and rename the file after `commit()`.
    ///
    /// - Parameters:
    ///   - path: the path of a file that does not exist.
    ///   - report: called for each value that the tables cannot store.
    package convenience init(path: String, schema: MLflowSchema, report: @escaping Report) throws {
        try self.init(SQLiteTarget(path: path, schema), report)
    }

    /// Connects to an empty PostgreSQL database, which is filled in one transaction.
    ///
    /// - Throws: `SourceFailure` for a database that is not empty; `PostgresError`.
    package convenience init(_ address: PostgresAddress, schema: MLflowSchema, report: @escaping Report) throws {
        try self.init(PostgresTarget(address, schema), report)
    }

    private init(_ target: any DatabaseTarget, _ report: @escaping Report) throws {
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

    /// The path or the URI of the database for messages, without a password.
    package var location: String { target.location }

    /// Stores a record; each record must be added once, and after the records to which it refers.
    package func add(_ record: TransferRecord) throws {
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

    /// Completes the tables; afterwards only `commit()` may be called.
    ///
    /// - Throws: `SourceFailure` or `PostgresError` if a row refers to a row that does not exist, as in a damaged store.
    package func finish() throws {
        try storeLatest()
        try target.finish()
    }

    /// Makes the tables visible to other programs, and closes the database; a file may then be synced and renamed.
    package func commit() throws { try target.commit() }

    private func add(_ experiment: Experiment) throws {
        let subject = "experiment '\(experiment.name)'"
        var id = experiment.id
        if id > target.greatestExperimentID {
            id = greatestUsedExperimentID + 1
            newExperimentIDs[experiment.id] = id
            let bound = target.greatestExperimentID
            try report(
                subject,
                "its id \(experiment.id) becomes \(id): with an id above \(bound), MLflow could not give ids to new "
                    + "experiments"
            )
        }
        greatestUsedExperimentID = max(greatestUsedExperimentID, id)
        let isStored = try adding(subject) {
            try experiments.add([
                .integer(id), .text(experiment.name), .text(experiment.artifactLocation),
                .text(experiment.lifecycleStage.wireName), .integer(experiment.creationTime),
                .integer(experiment.lastUpdateTime),
            ])
        }
        guard isStored else { return leaveOut(.experiment(experiment.id)) }
        for tag in experiment.tags {
            try adding("\(subject), tag '\(shortened(tag.key))'") {
                try experimentTags.add([.integer(id), .text(tag.key), .text(tag.value)])
            }
        }
    }
}

extension MLflowDatabaseWriter {
    /// Returns the id of an experiment in this database.
    func newID(ofExperiment id: Int64) -> Int64 { newExperimentIDs[id] ?? id }

    func leaveOut(_ owner: Owner) { leftOut.insert(owner) }

    func isLeftOut(_ owner: Owner) -> Bool { leftOut.contains(owner) }

    /// Runs `body`, which adds a row; if the table cannot store the row, reports it and returns false.
    @discardableResult
    func adding(_ subject: @autoclosure () -> String, _ body: () throws -> Void) throws -> Bool {
        do {
            try body()
            return true
        } catch let row as UnstorableRow {
            try report(subject(), row.description)
        } catch let error as PostgresError where error.state == .invalidText {
            // The text was refused before it was sent, so the transaction is intact.
            try report(subject(), error.message)
        }
        return false
    }
}
