internal import Identities
internal import SQLite
package import Tracking

extension ReadSession {
    package func run(id runID: String) throws -> Run {
        guard let row = try visibleRunRow(runID), var run = try runs(rows: [row]).first else {
            throw missingOrForbidden(.runNotFound(runID))
        }
        run.modelInputs = try modelInputs(row: row)
        return run
    }

    package func runInfo(id runID: String) throws -> RunInfo { try runInfo(runID, for: .read) }

    /// Returns the row id of a run, active or deleted; nil if the run does not exist or is hidden from a limited token.
    ///
    /// - Throws: `.permissionDenied` if a user with limited permissions asks for a run that does not exist or that the
    ///   user may not read.
    func visibleRunRow(_ runID: String) throws -> Int64? {
        let found = try connection.query("SELECT id, experiment_id FROM runs WHERE run_id = ?1", runID)
            .firstRow { (row: $0.int64(0), experiment: $0.int64(1)) }
        return try canSee(run: runID, inExperiment: found?.experiment) ? found?.row : nil
    }

    /// Reads runs in the order of `rows`.
    ///
    /// The number of statements does not depend on the number of runs.
    /// The runs have no model inputs, because MLflow returns these only with a single run.
    func runs(rows: [Int64]) throws -> [Run] {
        let page = jsonArray(rows)
        var runs: [Run] = []
        runs.reserveCapacity(rows.count)
        let infos = try connection.query(
            """
            SELECT \(RunInfo.columns)
            FROM json_each(?1) AS page
            CROSS JOIN runs ON runs.id = page.value
            ORDER BY page.id
            """,
            page
        )
        try infos.forEachRow { runs.append(Run(info: try RunInfo(row: $0))) }
        guard runs.count == rows.count else { throw StoreCorruption("a run of the page is missing") }
        try fillMetrics(&runs, rows: rows, page: page)
        try fillKeyValues(&runs, rows: rows, page: page)
        try fillDatasets(&runs, rows: rows, page: page)
        try fillModelOutputs(&runs, rows: rows, page: page)
        return runs
    }

    /// Calls `body` for each row of a query, with the index of the row's run in `rows`.
    ///
    /// Column 0 of the query must be the row id of a run, and the query's rows must be in the order of `rows`. The ids may also
    /// be those of other entities, such as logged models.
    /// - Parameters:
    ///   - page: the ids in `rows` as a JSON array, which is bound as `?1`.
    ///   - values: the values that are bound after `page`.
    func forEachRow(
        of sql: String,
        page: String,
        _ values: any Bindable...,
        rows: [Int64],
        _ body: (_ index: Int, _ row: Statement) throws -> Void
    ) throws {
        var index = 0
        try connection.query(sql, values: [page] + values).forEachRow { row in
            let id = row.int64(0)
            while index < rows.count, rows[index] != id { index += 1 }
            guard index < rows.count else { throw StoreCorruption("the rows are not in the order of the page") }
            try body(index, row)
        }
    }

    private func fillMetrics(_ runs: inout [Run], rows: [Int64], page: String) throws {
        let sql = """
            SELECT metric.run_id, metric.key_id, metric.value, metric.is_nan, metric.timestamp, metric.step
            FROM json_each(?1) AS page
            CROSS JOIN latest_metrics AS metric ON metric.run_id = page.value
            """
        try forEachRow(of: sql, page: page, rows: rows) { index, row in
            let value = row.int64(3) != 0 ? Double.nan : row.double(2)
            runs[index].metrics.append(
                Metric(key: try keyName(row.int64(1)), value: value, timestamp: row.int64(4), step: row.int64(5))
            )
        }
    }

    private func fillKeyValues(_ runs: inout [Run], rows: [Int64], page: String) throws {
        try forEachPair(in: "params", of: "run_id", page: page, rows: rows) { index, key, value in
            runs[index].params.append(Param(key: key, value: value))
        }
        try forEachPair(in: "run_tags", of: "run_id", page: page, rows: rows) { index, key, value in
            runs[index].tags.append(Tag(key: key, value: value))
        }
    }

    /// Calls `body` with each key and value in a table of params or tags, whose column `owner` contains the ids in `rows`.
    func forEachPair(
        in table: StaticString,
        of owner: StaticString,
        page: String,
        rows: [Int64],
        _ body: (_ index: Int, _ key: String, _ value: String) throws -> Void
    ) throws {
        let pairs = """
            SELECT pair.\(owner), pair.key_id, pair.value
            FROM json_each(?1) AS page
            CROSS JOIN \(table) AS pair ON pair.\(owner) = page.value
            """
        try forEachRow(of: pairs, page: page, rows: rows) { index, row in
            try body(index, try keyName(row.int64(1)), row.string(2))
        }
    }

    private func fillDatasets(_ runs: inout [Run], rows: [Int64], page: String) throws {
        let sql = """
            SELECT input.run_id, input.id, dataset.name, dataset.digest, dataset.source_type, dataset.source,
                dataset.schema, dataset.profile, tag.key, tag.value
            FROM json_each(?1) AS page
            CROSS JOIN dataset_inputs AS input ON input.run_id = page.value
            JOIN datasets AS dataset ON dataset.id = input.dataset_id
            LEFT JOIN dataset_input_tags AS tag ON tag.input_id = input.id
            """
        var lastInput: Int64?
        try forEachRow(of: sql, page: page, rows: rows) { index, row in
            if row.int64(1) != lastInput {
                lastInput = row.int64(1)
                let dataset = Dataset(
                    name: row.string(2),
                    digest: row.string(3),
                    sourceType: row.string(4),
                    source: row.string(5),
                    schema: row.optionalString(6),
                    profile: row.optionalString(7)
                )
                runs[index].datasetInputs.append(DatasetInput(dataset: dataset, tags: []))
            }
            guard !row.isNull(8) else { return }
            let last = runs[index].datasetInputs.count - 1
            runs[index].datasetInputs[last].tags.append(Tag(key: row.string(8), value: row.string(9)))
        }
    }

    private func fillModelOutputs(_ runs: inout [Run], rows: [Int64], page: String) throws {
        let outputs = """
            SELECT model.run_id, model.model_id, model.step
            FROM json_each(?1) AS page
            CROSS JOIN model_outputs AS model ON model.run_id = page.value
            """
        try forEachRow(of: outputs, page: page, rows: rows) { index, row in
            runs[index].modelOutputs.append(ModelOutput(modelID: row.string(1), step: row.int64(2)))
        }
    }

    func modelInputs(row: Int64) throws -> [ModelInput] {
        try connection.query("SELECT model_id FROM model_inputs WHERE run_id = ?1", row)
            .map { ModelInput(modelID: $0.string(0)) }
    }
}

extension ReadSession {
    package func runCount() throws -> Int64 {
        try connection.query("SELECT count(*) FROM runs").firstRow { $0.int64(0) } ?? 0
    }
}
