internal import Identities
internal import PostgreSQL
package import Tracking

extension PostgresReadSession {
    package func run(id runID: String) throws -> Run {
        if permissions != nil { _ = try storedRun(runID, for: .read) }
        let query = """
            SELECT destination_id FROM inputs
            WHERE source_type = 'RUN_INPUT' AND source_id = $1 AND destination_type = 'MODEL_INPUT'
            ORDER BY destination_id COLLATE "C"
            """
        let inputs = try ask(query, runID)
        guard var run = try runs(ids: [runID]).first else { throw TrackingError.runNotFound(runID) }
        run.modelInputs = try rows(inputs).map { ModelInput(modelID: $0.string(0)) }
        return run
    }

    package func runInfo(id runID: String) throws -> RunInfo { try storedRun(runID, for: .read) }

    /// Returns the ids of the runs that the client may read, in order.
    ///
    /// Runs that do not exist, or are hidden from a limited token, are left out. The list stops before the first run for which
    /// the client may not learn whether it exists.
    /// - Returns: also the error for that run; nil if there is no such run.
    func visibleRuns(_ ids: [String]) throws -> (ids: [String], error: TrackingError?) {
        guard permissions != nil else { return (ids, nil) }
        var experiments: [ExactText: Int64] = [:]
        try rows("SELECT run_uuid, experiment_id FROM runs WHERE run_uuid = ANY($1)", ids).forEach { row in
            experiments[ExactText(row.string(0))] = row.int64(1)
        }
        var visible: [String] = []
        for id in ids {
            do throws(TrackingError) {
                if try canSee(run: id, inExperiment: experiments[ExactText(id)]) { visible.append(id) }
            } catch { return (visible, error) }
        }
        return (visible, nil)
    }

    /// Whether a run exists and is not hidden from the client.
    ///
    /// - Throws: `.permissionDenied` if a user with limited permissions asks for a run that does not exist or that the user may
    ///   not read.
    func canSee(run runID: String) throws -> Bool {
        let (visible, error) = try visibleRuns([runID])
        if let error { throw error }
        return !visible.isEmpty
    }

    package func runCount() throws -> Int64 { try rows("SELECT count(*) FROM runs").first { $0.int64(0) } ?? 0 }

    /// Reads runs in the order of their ids in the list; leaves out unknown ids.
    ///
    /// All statements are sent before the first result is awaited, and their number does not depend on the number of runs. The
    /// runs have no model inputs, because MLflow returns these only with a single run.
    func runs(ids: [String]) throws -> [Run] {
        guard !ids.isEmpty else { return [] }
        let runIDs = ids.postgresValue
        let infos = try ask("SELECT \(RunInfo.columns) FROM runs WHERE run_uuid = ANY($1)", runIDs)
        // Metrics, params and tags are sorted here for each run; the database would have to sort those of all runs together.
        let metricsQuery = """
            SELECT run_uuid, key, CASE WHEN is_nan THEN 'NaN' ELSE value END, timestamp, step FROM latest_metrics
            WHERE run_uuid = ANY($1)
            """
        let metrics = try ask(metricsQuery, runIDs)
        let params = try ask("SELECT run_uuid, key, value FROM params WHERE run_uuid = ANY($1)", runIDs)
        let tags = try ask("SELECT run_uuid, key, value FROM tags WHERE run_uuid = ANY($1)", runIDs)
        let datasetsQuery = """
            SELECT input.destination_id, input.input_uuid, dataset.name, dataset.digest, dataset.dataset_source_type,
                dataset.dataset_source, dataset.dataset_schema, dataset.dataset_profile, tag.name, tag.value
            FROM inputs AS input
            JOIN datasets AS dataset ON dataset.dataset_uuid = input.source_id
            LEFT JOIN input_tags AS tag ON tag.input_uuid = input.input_uuid
            WHERE input.source_type = 'DATASET' AND input.destination_type = 'RUN' AND input.destination_id = ANY($1)
            ORDER BY dataset.name COLLATE "C", dataset.digest COLLATE "C", input.input_uuid, tag.name COLLATE "C"
            """
        let datasets = try ask(datasetsQuery, runIDs)
        let outputsQuery = """
            SELECT source_id, destination_id, step FROM inputs
            WHERE source_type = 'RUN_OUTPUT' AND source_id = ANY($1) AND destination_type = 'MODEL_OUTPUT'
            ORDER BY destination_id COLLATE "C"
            """
        let outputs = try ask(outputsQuery, runIDs)
        var found: [ExactText: Run] = [:]
        try rows(infos).forEach { row in
            let info = RunInfo(row: row)
            found[ExactText(info.runID)] = Run(info: info)
        }
        var page = RunPage(runs: ids.compactMap { found[ExactText($0)] })
        page.forEachRow(of: try rows(metrics)) { run, row in
            run.metrics.append(
                Metric(key: row.string(1), value: row.double(2), timestamp: row.int64(3), step: row.int64(4))
            )
        }
        page.forEachRow(of: try rows(params)) { $0.params.append(Param(key: $1.string(1), value: $1.string(2))) }
        page.forEachRow(of: try rows(tags)) { $0.tags.append(Tag(key: $1.string(1), value: $1.string(2))) }
        page.sortByKeys()
        page.addDatasets(try rows(datasets))
        page.forEachRow(of: try rows(outputs)) {
            $0.modelOutputs.append(ModelOutput(modelID: $1.string(1), step: $1.int64(2)))
        }
        return page.runs
    }
}

/// Runs that are put together from the rows of several tables.
private struct RunPage {
    private(set) var runs: [Run]
    private let indices: [ExactText: Int]

    init(runs: [Run]) {
        self.runs = runs
        indices = Dictionary(uniqueKeysWithValues: runs.enumerated().map { (ExactText($1.info.runID), $0) })
    }

    /// Calls `body` for each row with the run whose id is in the row's first column.
    ///
    /// Usually the rows of a run follow one another, so the index of the run is looked up only when the id changes.
    mutating func forEachRow(of rows: PostgresRows, _ body: (inout Run, PostgresRow) -> Void) {
        var index: Int?
        rows.forEach { row in
            let isSame = index.map { row.isExactly(runs[$0].info.runID, 0) } ?? false
            if !isSame { index = indices[ExactText(row.string(0))] }
            if let index { body(&runs[index], row) }
        }
    }

    mutating func sortByKeys() {
        for index in runs.indices {
            runs[index].metrics.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            runs[index].params.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            runs[index].tags.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        }
    }

    /// Adds the dataset inputs, whose rows must be grouped by input, with a row for each tag of an input.
    mutating func addDatasets(_ rows: PostgresRows) {
        var lastInput: String?
        forEachRow(of: rows) { run, row in
            if row.string(1) != lastInput {
                lastInput = row.string(1)
                let dataset = Dataset(
                    name: row.string(2),
                    digest: row.string(3),
                    sourceType: row.string(4),
                    source: row.string(5),
                    schema: row.optionalString(6),
                    profile: row.optionalString(7)
                )
                run.datasetInputs.append(DatasetInput(dataset: dataset, tags: []))
            }
            guard !row.isNull(8), let last = run.datasetInputs.indices.last else { return }
            run.datasetInputs[last].tags.append(Tag(key: row.string(8), value: row.string(9)))
        }
    }
}
