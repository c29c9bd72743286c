internal import Files
package import PostgreSQL
internal import SQLite
internal import Tracking

/// A database of MLflow 2.9 or later, in SQLite or PostgreSQL.
///
/// A column is read if it exists, whatever the revision of the schema. The database is not changed.
package final class MLflowDatabase: RecordSource {
    let reader: any DatabaseReader
    let columns: DatabaseColumns
    private(set) var finder: ArtifactFinder
    let skippedParts = SkippedParts()
    let missingFiles = MissingFiles()
    /// The ids of the experiments outside of the default workspace, which are not emitted.
    private(set) var outsideExperimentIDs: Set<Int64> = []
    private let revision: String

    /// Opens a SQLite database.
    ///
    /// - Parameter artifacts: the folder with the artifacts; nil to search at their recorded locations and beside the file.
    /// - Throws: `SourceFailure` for a file that is not a database of MLflow, or cannot be read.
    package convenience init(path: String, artifacts: String?) throws {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
        let reader: SQLiteReader
        do {
            reader = try SQLiteReader(path: path)
        } catch {
            throw SourceFailure("\(path) cannot be read: \(error.advice ?? error.description)")
        }
        try self.init(reader, ArtifactFinder(folder: folder, namedFolder: artifacts))
    }

    /// Connects to a PostgreSQL database.
    ///
    /// - Parameters:
    ///   - folder: the working directory, which is searched for artifacts that are not at their recorded locations.
    ///   - artifacts: the folder with the artifacts; nil if it is not known.
    /// - Throws: `SourceFailure` for a database that is not one of MLflow, or cannot be read.
    package convenience init(_ address: PostgresAddress, folder: String, artifacts: String?) throws {
        let reader: PostgresReader
        do {
            reader = try PostgresReader(address)
        } catch {
            throw SourceFailure("The database cannot be read: \(error)")
        }
        try self.init(reader, ArtifactFinder(folder: folder, namedFolder: artifacts))
    }

    private init(_ reader: any DatabaseReader, _ finder: ArtifactFinder) throws {
        self.reader = reader
        self.finder = finder
        do {
            columns = DatabaseColumns(try reader.columns())
            for table in ["experiments", "runs", "metrics", "params", "tags"] where !columns.has(table) {
                throw SourceFailure("\(reader.location) is not a database of MLflow: it has no table '\(table)'.")
            }
            revision = try reader.firstText("SELECT version_num FROM alembic_version") ?? "none"
        } catch let error as SQLiteError {
            throw SourceFailure("\(reader.location) cannot be read: \(error.advice ?? error.description)")
        } catch let error as PostgresError {
            throw SourceFailure("\(reader.location) cannot be read: \(error)")
        }
    }

    package var title: String { "MLflow database \(reader.location) (revision \(revision))" }

    package func read(_ selection: TransferSelection, _ emit: (TransferItem) throws -> Void) throws {
        do {
            try readAll(selection) { item in
                try emit(item)
                try skippedParts.report(to: emit)
            }
            try skippedParts.report(to: emit)
        } catch  where error is SQLiteError || error is PostgresError {
            throw SourceFailure("\(reader.location) cannot be read to its end: \(error)")
        }
    }

    private func readAll(_ selection: TransferSelection, _ emit: (TransferItem) throws -> Void) throws {
        let experiments = try readExperiments(selection, emit)
        try readRuns(of: experiments, selection, emit)
        try readLoggedModels(of: experiments, selection, emit)
        if selection.includesRegistry { try readRegistry(selection, emit) }
        try missingFiles.report(to: emit)
        try reportUnsupportedRows(of: experiments, selection, emit)
    }

    /// Emits the selected experiments, and returns their names by their ids.
    private func readExperiments(
        _ selection: TransferSelection,
        _ emit: (TransferItem) throws -> Void
    ) throws -> [Int64: String] {
        let selectedColumns = """
            experiment_id, name, artifact_location, lifecycle_stage,
            \(columns.expression("experiments", "creation_time", else: "NULL")),
            \(columns.expression("experiments", "last_update_time", else: "NULL")),
            \(columns.expression("experiments", "workspace", else: "'default'"))
            """
        var all: [Experiment] = []
        try forEachRow(of: "experiments", "experiment", key: "name", columns: selectedColumns) { row throws(RowFault) in
            let creationTime = try row.integer(4)
            let experiment = Experiment(
                id: try row.integer(0),
                name: try row.text(1),
                artifactLocation: try row.text(2),
                lifecycleStage: Self.stage(try row.text(3)),
                creationTime: creationTime,
                lastUpdateTime: try row.optionalInteger(5) ?? creationTime
            )
            return (experiment, isOfDefaultWorkspace: row.hasText(6, "default"))
        } _: { experiment, isOfDefaultWorkspace in
            if isOfDefaultWorkspace { all.append(experiment) } else { outsideExperimentIDs.insert(experiment.id) }
        }
        all.sort { $0.id < $1.id }
        for experiment in all {
            finder.learnRoot(from: experiment.artifactLocation, ofExperiment: String(experiment.id))
        }
        all.removeAll { !selection.includes($0) }
        var names: [Int64: String] = [:]
        for var experiment in all {
            names[experiment.id] = experiment.name
            let subject = "experiment '\(experiment.name)'"
            let id = [ColumnValue.integer(experiment.id)]
            experiment.tags = try pairs(subject, "experiment_tags", where: "experiment_id = ?1", id)
            if !selection.skipsArtifacts {
                experiment.artifactLocation = finder.movedLocation(experiment.artifactLocation)
            }
            try emit(.record(.experiment(experiment)))
        }
        return names
    }

    /// Whether to report that the experiment of a run or model does not exist or could not be read.
    ///
    /// If experiments are selected, or the experiment is in another workspace, the run or model is left out without a report.
    func reportsMissingExperiment(_ experiment: Int64, _ selection: TransferSelection) -> Bool {
        selection.experiments.isEmpty && !outsideExperimentIDs.contains(experiment)
    }

    /// Reads the tags, params or aliases of an item: the columns `key` and `value` of a table.
    ///
    /// - Parameters:
    ///   - subject: the name of the item for messages.
    ///   - condition: the SQL condition that selects the rows, with `?1` and `?2` for the values of `owner`.
    func pairs(
        _ subject: String,
        _ table: String,
        key: String = "key",
        value: String = "value",
        where condition: String,
        _ owner: [ColumnValue]
    ) throws -> [Tag] {
        func read(_ sql: String, _ values: [ColumnValue]) throws -> [Tag] {
            try rows(sql, values, subject: { "\(subject): \((try? $0.text(0)).map { "'\($0)'" } ?? "a key")" }) {
                row throws(RowFault) in
                Tag(key: try row.text(0), value: try row.text(1))
            }
        }
        let select = "SELECT \(key), \(value) FROM \(table) WHERE"
        do {
            return try read("\(select) \(condition) ORDER BY \(key) \(reader.byteCollation)", owner)
        } catch let error as SQLiteError where error.isDamage {
            var tags: [Tag] = []
            let rows = "SELECT rowid FROM \(table) WHERE \(condition)"
            for row in try rowIDs(rows, owner, subject: "\(subject): the index of its \(table)") {
                try reportingDamage("\(subject): row \(row) of \(table)") {
                    tags += try read("\(select) rowid = ?1", [.integer(row)])
                }
            }
            return tags
        }
    }

    static func stage(_ text: String) -> LifecycleStage { text == "deleted" ? .deleted : .active }

    /// Reports the numbers of rows that Apus cannot store; if experiments are selected, only of rows that belong to them.
    private func reportUnsupportedRows(
        of experiments: [Int64: String],
        _ selection: TransferSelection,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        let isAll = selection.experiments.isEmpty
        for (table, content) in DatabaseColumns.unsupportedTables
        where columns.has(table) && (isAll || columns.has(table, "experiment_id")) {
            // If none of the selected experiments exists, the list of ids is empty, which PostgreSQL refuses.
            guard isAll || !experiments.isEmpty else { continue }
            var condition = ""
            if !isAll {
                let ids = experiments.keys.sorted().map { String($0) }.joined(separator: ",")
                condition = " WHERE CAST(experiment_id AS BIGINT) IN (\(ids))"
            }
            let sql = "SELECT count(*) FROM \(table)\(condition)"
            let count = try reader.firstInteger(sql) ?? 0
            if count > 0 { try emit(.skipped("table \(table)", "\(count) \(content), which Apus does not store")) }
        }
        for table in ["experiments", "registered_models"] where isAll && columns.has(table, "workspace") {
            let sql = "SELECT count(*) FROM \(table) WHERE workspace != 'default'"
            let count = try reader.firstInteger(sql) ?? 0
            if count > 0 { try emit(.skipped("table \(table)", "\(count) rows of workspaces other than 'default'")) }
        }
    }
}
