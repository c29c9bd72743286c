internal import Files
package import PostgreSQL
internal import SQLite
internal import Tracking

/// A database of MLflow 2.9 or later, in SQLite or PostgreSQL.
///
/// A column is read if it exists, whatever the revision of the schema. Nothing is written.
package final class StockDatabase: RecordSource {
    let reader: any StockReader
    let columns: StockColumns
    /// Where its artifacts are.
    private(set) var places: ArtifactPlaces
    let passedOver = PassedOver()
    let missingFiles = MissingFiles()
    /// The experiments of other workspaces than the one that comes.
    private(set) var otherWorkspaces: Set<Int64> = []
    private let revision: String

    /// Opens a SQLite database.
    ///
    /// - Parameter artifacts: the folder with its artifacts; nil to look where its locations say, and beside it.
    /// - Throws: `SourceFailure` for a file that is none.
    package convenience init(path: String, artifacts: String?) throws {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
        let reader: SQLiteReader
        do {
            reader = try SQLiteReader(path: path)
        } catch {
            throw SourceFailure("\(path) cannot be read: \(error.advice ?? error.description)")
        }
        try self.init(reader, ArtifactPlaces(folder: folder, given: artifacts))
    }

    /// Connects to a PostgreSQL database.
    ///
    /// - Parameters:
    ///   - folder: the working directory, in which artifacts are looked for that are not at their recorded locations.
    ///   - artifacts: the folder with the artifacts; nil if it is not known.
    /// - Throws: `SourceFailure` for a database that is not one of MLflow, or cannot be read.
    package convenience init(_ address: PostgresAddress, folder: String, artifacts: String?) throws {
        let reader: PostgresReader
        do {
            reader = try PostgresReader(address)
        } catch {
            throw SourceFailure("The database cannot be read: \(error)")
        }
        try self.init(reader, ArtifactPlaces(folder: folder, given: artifacts))
    }

    private init(_ reader: any StockReader, _ places: ArtifactPlaces) throws {
        self.reader = reader
        self.places = places
        do {
            columns = StockColumns(try reader.columns())
            for table in ["experiments", "runs", "metrics", "params", "tags"] where !columns.has(table) {
                throw SourceFailure("\(reader.place) is not a database of MLflow: it has no table '\(table)'.")
            }
            revision = try reader.firstText("SELECT version_num FROM alembic_version") ?? "none"
        } catch let error as SQLiteError {
            throw SourceFailure("\(reader.place) cannot be read: \(error.advice ?? error.description)")
        } catch let error as PostgresError {
            throw SourceFailure("\(reader.place) cannot be read: \(error)")
        }
    }

    package var title: String { "MLflow database \(reader.place) (revision \(revision))" }

    package func read(_ selection: TransferSelection, _ take: (TransferItem) throws -> Void) throws {
        do {
            try readAll(selection) { item in
                try take(item)
                try passedOver.report(to: take)
            }
            try passedOver.report(to: take)
        } catch  where error is SQLiteError || error is PostgresError {
            throw SourceFailure("\(reader.place) cannot be read to its end: \(error)")
        }
    }

    private func readAll(_ selection: TransferSelection, _ take: (TransferItem) throws -> Void) throws {
        let experiments = try readExperiments(selection, take)
        try readRuns(of: experiments, selection, take)
        try readLoggedModels(of: experiments, selection, take)
        if selection.includesRegistry { try readRegistry(selection, take) }
        try missingFiles.report(to: take)
        try countRest(of: experiments, selection, take)
    }

    /// Emits the experiments that are selected, and returns them by id.
    private func readExperiments(
        _ selection: TransferSelection,
        _ take: (TransferItem) throws -> Void
    ) throws -> [Int64: String] {
        let wanted = """
            experiment_id, name, artifact_location, lifecycle_stage,
            \(columns.value("experiments", "creation_time", else: "NULL")),
            \(columns.value("experiments", "last_update_time", else: "NULL")),
            \(columns.value("experiments", "workspace", else: "'default'"))
            """
        var all: [Experiment] = []
        try forEachRow(of: "experiments", "experiment", key: "name", columns: wanted) { row throws(RowFault) in
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
            if isOfDefaultWorkspace { all.append(experiment) } else { otherWorkspaces.insert(experiment.id) }
        }
        all.sort { $0.id < $1.id }
        for experiment in all { places.note(experiment.artifactLocation, ofExperiment: String(experiment.id)) }
        all.removeAll { !selection.includes($0) }
        var names: [Int64: String] = [:]
        for var experiment in all {
            names[experiment.id] = experiment.name
            experiment.tags = try tags(
                "experiment '\(experiment.name)'",
                "experiment_tags",
                "key",
                "value",
                where: "experiment_id = ?1",
                [.integer(experiment.id)]
            )
            if !selection.leavesArtifacts {
                experiment.artifactLocation = places.movedLocation(experiment.artifactLocation)
            }
            try take(.record(.experiment(experiment)))
        }
        return names
    }

    /// Whether to report a thing whose experiment is not among those that come: it is not there, or could not be read.
    func isHomeless(_ experiment: Int64, _ selection: TransferSelection) -> Bool {
        selection.experiments.isEmpty && !otherWorkspaces.contains(experiment)
    }

    /// The pairs of keys and values that belong to a thing.
    ///
    /// - Parameters:
    ///   - place: the thing, for a person.
    ///   - condition: the SQL condition that selects the rows, with `?1` and `?2` for the values of `owner`.
    func tags(
        _ place: String,
        _ table: String,
        _ key: String,
        _ value: String,
        where condition: String,
        _ owner: [ColumnValue]
    ) throws -> [Tag] {
        func read(_ sql: String, _ values: [ColumnValue]) throws -> [Tag] {
            try rows(sql, values, place: { "\(place): '\((try? $0.text(0)) ?? "a key")'" }) { row throws(RowFault) in
                Tag(key: try row.text(0), value: try row.text(1))
            }
        }
        let select = "SELECT \(key), \(value) FROM \(table) WHERE"
        do {
            return try read("\(select) \(condition) ORDER BY \(key) \(reader.byBytes)", owner)
        } catch let error as SQLiteError where error.isDamage {
            var tags: [Tag] = []
            let rows = "SELECT rowid FROM \(table) WHERE \(condition)"
            for row in try rowIDs(rows, owner, place: "\(place): the index of its \(table)") {
                try reportingDamage("\(place): row \(row) of \(table)") {
                    tags += try read("\(select) rowid = ?1", [.integer(row)])
                }
            }
            return tags
        }
    }

    static func stage(_ text: String) -> LifecycleStage { text == "deleted" ? .deleted : .active }

    /// Reports what this store has no place for.
    ///
    /// Of a part of the experiments, only what belongs to these.
    private func countRest(
        of experiments: [Int64: String],
        _ selection: TransferSelection,
        _ take: (TransferItem) throws -> Void
    ) throws {
        let isAll = selection.experiments.isEmpty
        for (table, things) in StockColumns.leftTables
        where columns.has(table) && (isAll || columns.has(table, "experiment_id")) {
            var condition = ""
            if !isAll {
                let ids = experiments.keys.sorted().map { String($0) }.joined(separator: ",")
                condition = " WHERE CAST(experiment_id AS BIGINT) IN (\(ids))"
            }
            let sql = "SELECT count(*) FROM \(table)\(condition)"
            let count = try reader.firstInteger(sql) ?? 0
            if count > 0 { try take(.skipped("table \(table)", "\(count) \(things), which Apus does not keep")) }
        }
        for table in ["experiments", "registered_models"] where isAll && columns.has(table, "workspace") {
            let sql = "SELECT count(*) FROM \(table) WHERE workspace != 'default'"
            let count = try reader.firstInteger(sql) ?? 0
            if count > 0 { try take(.skipped("table \(table)", "\(count) of other workspaces than 'default'")) }
        }
    }
}
