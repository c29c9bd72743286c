internal import Identities
internal import SQLite
package import Tracking

extension ReadSession {
    package func loggedModelInfo(id modelID: String) throws -> LoggedModelInfo {
        try loggedModelInfo(modelID, for: .read)
    }

    package func loggedModel(id modelID: String, allowsDeleted: Bool = false) throws -> LoggedModel {
        let row = try loggedModelRowAndInfo(modelID, allowsDeleted: allowsDeleted, for: .read).row
        guard let model = try loggedModels(rows: [row]).first else { throw TrackingError.loggedModelNotFound(modelID) }
        return model
    }

    /// Reads models in the order of `rows`.
    ///
    /// The number of statements does not depend on the number of models.
    func loggedModels(rows: [Int64]) throws -> [LoggedModel] {
        var models = try loggedModelsWithoutMetrics(rows: rows)
        try fillMetrics(&models, rows: rows, page: jsonArray(rows))
        return models
    }

    func loggedModelsWithoutMetrics(rows: [Int64]) throws -> [LoggedModel] {
        let page = jsonArray(rows)
        let infos = try connection.query(
            """
            SELECT \(LoggedModelInfo.columns)
            FROM json_each(?1) AS page
            CROSS JOIN logged_models ON logged_models.id = page.value
            ORDER BY page.id
            """,
            page
        )
        var models = try infos.map { LoggedModel(info: try LoggedModelInfo(row: $0)) }
        guard models.count == rows.count else { throw StoreCorruption("a logged model of the page is missing") }
        try fillKeyValues(&models, rows: rows, page: page)
        return models
    }

    /// Returns the first of the rows: as many as have models that may be in memory together, and at least one.
    ///
    /// Halves the number of rows until their models together have fewer than 20,000 metric points.
    func loggedModelsAtOnce(_ rows: [Int64]) throws -> [Int64] {
        var rows = rows
        while rows.count > 1, try hasManyPoints(rows) { rows.removeLast(rows.count / 2) }
        return rows
    }

    private func hasManyPoints(_ rows: [Int64]) throws -> Bool {
        let many: Int64 = 20_000
        let sql = """
            SELECT count(*) FROM (
                SELECT 1
                FROM json_each(?1) AS page
                CROSS JOIN model_metrics AS point ON point.model_id = page.value
                LIMIT ?2)
            """
        return try connection.query(sql, jsonArray(rows), many).firstRow { $0.int64(0) } == many
    }

    private func fillKeyValues(_ models: inout [LoggedModel], rows: [Int64], page: String) throws {
        try forEachPair(in: "logged_model_params", of: "model_id", page: page, rows: rows) { index, key, value in
            models[index].params.append(Param(key: key, value: value))
        }
        try forEachPair(in: "logged_model_tags", of: "model_id", page: page, rows: rows) { index, key, value in
            models[index].tags.append(Tag(key: key, value: value))
        }
    }

    private func fillMetrics(_ models: inout [LoggedModel], rows: [Int64], page: String) throws {
        let metrics = """
            SELECT point.model_id, point.key_id, point.value, point.timestamp, point.step, runs.run_id,
                dataset.name, dataset.digest
            FROM json_each(?1) AS page
            CROSS JOIN model_metrics AS point ON point.model_id = page.value
            CROSS JOIN runs ON runs.id = point.run_id
            LEFT JOIN metric_datasets AS dataset ON dataset.id = point.dataset_id
            """
        try forEachRow(of: metrics, page: page, rows: rows) { index, row in
            let metric = Metric(
                key: try keyName(row.int64(1)),
                value: row.double(2),
                timestamp: row.int64(3),
                step: row.int64(4)
            )
            models[index].metrics.append(
                ModelMetric(
                    metric: metric,
                    modelID: models[index].info.modelID,
                    runID: row.string(5),
                    dataset: row.isNull(6) ? nil : MetricDataset(name: row.string(6), digest: row.string(7))
                )
            )
        }
    }
}
