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
    let passedOver = PassedOver()
    let missingFiles = MissingFiles()
    /// The experiments of other workspaces than the one that comes.
    private(set) var otherWorkspaces: Set<Int64> = []
    private let path: String
    private let revision: String

    /// - Parameter artifacts: the folder with its artifacts; nil to look where its locations say, and beside it.
    /// - Throws: `SourceFailure` for a file that is none.
    package init(path: String, artifacts: String?) throws {
        self.path = path
        do {
            connection = try Connection(path: path, mode: .readOnly, busyTimeout: .seconds(20))
            // Somebody else wrote the file: what its schema calls must do no harm, and its pages may be damaged.
            try connection.execute("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0")
            columns = try StockColumns(connection)
            for table in ["experiments", "runs", "metrics", "params", "tags"] where !columns.has(table) {
                throw SourceFailure("\(path) is not a database of MLflow: it has no table '\(table)'.")
            }
            revision =
                try connection.prepare("SELECT version_num FROM alembic_version").firstRow { $0.string(0) } ?? "none"
        } catch let error as SQLiteError {
            throw SourceFailure("\(path) cannot be read: \(error.advice ?? error.description)")
        }
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
        places = ArtifactPlaces(folder: folder, given: artifacts)
    }

    package var title: String { "MLflow database \(path) (revision \(revision))" }

    package func read(_ selection: TransferSelection, _ take: (TransferItem) throws -> Void) throws {
        do {
            try readAll(selection) { item in
                try take(item)
                try passedOver.report(to: take)
            }
            try passedOver.report(to: take)
        } catch let error as SQLiteError {
            throw SourceFailure("\(path) cannot be read to its end: \(error)")
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
                experiment.id
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
    ///   - condition: on rows, with `?1` for the owner and `?2` for the number.
    func tags(
        _ place: String,
        _ table: String,
        _ key: String,
        _ value: String,
        where condition: String,
        _ owner: some BoundValue,
        _ number: Int64? = nil
    ) throws -> [Tag] {
        func bind(_ select: Statement) throws -> Statement {
            try owner.bind(to: select)
            if let number { try select.bind(number, at: 2) }
            return select
        }
        func read(_ select: Statement) throws -> [Tag] {
            try rows(select, place: { "\(place): '\((try? $0.text(0)) ?? "a key")'" }) { row throws(RowFault) in
                Tag(key: try row.text(0), value: try row.text(1))
            }
        }
        do {
            return try read(
                bind(connection.cached("SELECT \(key), \(value) FROM \(table) WHERE \(condition) ORDER BY \(key)"))
            )
        } catch let error as SQLiteError where error.isDamage {
            var tags: [Tag] = []
            let single = try connection.cached("SELECT \(key), \(value) FROM \(table) WHERE rowid = ?1")
            let select = try bind(connection.cached("SELECT rowid FROM \(table) WHERE \(condition)"))
            for row in try rowIDs(select, place: "\(place): the index of its \(table)") {
                try reportingDamage("\(place): row \(row) of \(table)") {
                    try single.bind(row, at: 1)
                    tags += try read(single)
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
                condition = " WHERE CAST(experiment_id AS INTEGER) IN (\(ids))"
            }
            let sql = "SELECT count(*) FROM \(table)\(condition)"
            let count = try connection.prepare(sql).firstRow { $0.int64(0) } ?? 0
            if count > 0 { try take(.skipped("table \(table)", "\(count) \(things), which Apus does not keep")) }
        }
        for table in ["experiments", "registered_models"] where isAll && columns.has(table, "workspace") {
            let sql = "SELECT count(*) FROM \(table) WHERE workspace != 'default'"
            let count = try connection.prepare(sql).firstRow { $0.int64(0) } ?? 0
            if count > 0 { try take(.skipped("table \(table)", "\(count) of other workspaces than 'default'")) }
        }
    }
}
