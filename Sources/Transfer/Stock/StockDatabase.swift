internal import Files
internal import SQLite
internal import Tracking

/// A SQLite database of MLflow's own, of any version from 2.9 on.
///
/// Columns are read where they exist, whatever the revision says. The file is opened read-only. Each query is a read of its
/// own, so that a server beside it can write meanwhile.
package final class StockDatabase: RecordSource {
    let connection: Connection
    let columns: StockColumns
    /// Where its artifacts are.
    private(set) var places: ArtifactPlaces
    private let path: String
    private let revision: String

    /// - Parameter artifacts: the folder with its artifacts; nil to look where its locations say, and beside it.
    /// - Throws: `SourceFailure` for a file that is none.
    package init(path: String, artifacts: String?) throws {
        self.path = path
        do {
            connection = try Connection(path: path, mode: .readOnly, busyTimeout: .seconds(20))
            columns = try StockColumns(connection)
            for table in ["experiments", "runs", "metrics", "params", "tags"] where !columns.has(table) {
                throw SourceFailure("\(path) is not a database of MLflow: it has no table '\(table)'.")
            }
            revision =
                try connection.prepare("SELECT version_num FROM alembic_version").firstRow { $0.string(0) } ?? "none"
        } catch let error as SQLiteError {
            throw SourceFailure("\(path) cannot be read: \(error)")
        }
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
        places = ArtifactPlaces(folder: folder, given: artifacts)
    }

    package var title: String { "MLflow database \(path) (revision \(revision))" }

    package func read(_ selection: TransferSelection, _ take: (TransferItem) throws -> Void) throws {
        do {
            let experiments = try readExperiments(selection, take)
            try readRuns(of: experiments, selection, take)
            try readLoggedModels(of: experiments, selection, take)
            if selection.includesRegistry { try readRegistry(selection, take) }
            try countRest(take)
        } catch let error as SQLiteError {
            throw SourceFailure("\(path) cannot be read to its end: \(error)")
        }
    }

    /// Emits the experiments that are selected, and returns them by id.
    private func readExperiments(
        _ selection: TransferSelection,
        _ take: (TransferItem) throws -> Void
    ) throws -> [Int64: String] {
        let sql = """
            SELECT experiment_id, name, coalesce(artifact_location, ''), lifecycle_stage,
                \(columns.value("experiments", "creation_time", else: "NULL")),
                \(columns.value("experiments", "last_update_time", else: "NULL"))
            FROM experiments
            \(columns.inDefaultWorkspace("experiments"))
            ORDER BY experiment_id
            """
        var all = try connection.prepare(sql).map { row in
            Experiment(
                id: row.int64(0),
                name: row.string(1),
                artifactLocation: row.string(2),
                lifecycleStage: Self.stage(row.string(3)),
                creationTime: row.int64(4),
                lastUpdateTime: row.optionalInt64(5) ?? row.int64(4)
            )
        }
        for experiment in all { places.note(experiment.artifactLocation, ofExperiment: String(experiment.id)) }
        all.removeAll { !selection.includes($0) }
        var names: [Int64: String] = [:]
        for var experiment in all {
            names[experiment.id] = experiment.name
            experiment.tags = try tags("SELECT key, value FROM experiment_tags WHERE experiment_id = ?1", experiment.id)
            if !selection.leavesArtifacts {
                experiment.artifactLocation = places.movedLocation(experiment.artifactLocation)
            }
            try take(.record(.experiment(experiment)))
        }
        return names
    }

    func tags(_ sql: String, _ owner: Int64) throws -> [Tag] {
        let select = try connection.cached(sql)
        try select.bind(owner, at: 1)
        return try select.map { Tag(key: $0.string(0), value: $0.string(1)) }
    }

    func tags(_ sql: String, _ owner: String, _ number: Int64? = nil) throws -> [Tag] {
        let select = try connection.cached(sql)
        try select.bind(owner, at: 1)
        if let number { try select.bind(number, at: 2) }
        return try select.map { Tag(key: $0.string(0), value: $0.string(1)) }
    }

    static func stage(_ text: String) -> LifecycleStage { text == "deleted" ? .deleted : .active }

    /// Reports what this store has no place for.
    private func countRest(_ take: (TransferItem) throws -> Void) throws {
        for (table, things) in StockColumns.leftTables where columns.has(table) {
            let count = try connection.prepare("SELECT count(*) FROM \(table)").firstRow { $0.int64(0) } ?? 0
            if count > 0 { try take(.skipped("table \(table)", "\(count) \(things), which Apus does not keep")) }
        }
        for table in ["experiments", "registered_models"] where columns.has(table, "workspace") {
            let sql = "SELECT count(*) FROM \(table) WHERE workspace != 'default'"
            let count = try connection.prepare(sql).firstRow { $0.int64(0) } ?? 0
            if count > 0 { try take(.skipped("table \(table)", "\(count) of other workspaces than 'default'")) }
        }
    }
}
