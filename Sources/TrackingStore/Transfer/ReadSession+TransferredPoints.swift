internal import SQLite
package import Tracking

extension ReadSession {
    package func metricKeys(of owner: PointOwner) throws -> [TransferKey] {
        guard let row = try row(of: owner) else { return [] }
        let sql =
            switch owner {
            case .run: "SELECT key_id FROM latest_metrics WHERE run_id = ?1"
            case .loggedModel: "SELECT DISTINCT key_id FROM latest_model_metrics WHERE model_id = ?1"
            }
        return try connection.query(sql, row).map { $0.int64(0) }.map {
            TransferKey(name: try keyName($0), number: $0)
        }
    }

    package func points(
        of owner: PointOwner,
        _ key: TransferKey,
        after last: [SortValue]?,
        limit: Int
    ) throws -> PointPage? {
        // The run or model may have been removed since its keys were read.
        guard let row = try row(of: owner) else { return nil }
        switch owner {
        case .run(let id):
            let series = MetricSeries(runRow: row, keyID: key.number)
            let points = try historyQuery(series, last.map { .after($0) } ?? .beginning, limit: limit)
                .map { MetricPoint(row: $0, column: 0) }
            return points.last.map { last in
                PointPage(
                    .points(TransferredPoints(runID: id, key: key.name, points: points)),
                    count: points.count,
                    last: last.sortValues
                )
            }
        case .loggedModel(let id, let runs):
            return try modelPoints(id, row, key, inRuns: runs.map { jsonTexts($0) }, after: last, limit: limit)
        }
    }

    private func row(of owner: PointOwner) throws -> Int64? {
        switch owner {
        case .run(let id):
            return try connection.query("SELECT id FROM runs WHERE run_id = ?1", id).firstRow { $0.int64(0) }
        case .loggedModel(let id, _):
            return try connection.query("SELECT id FROM logged_models WHERE model_id = ?1", id).firstRow { $0.int64(0) }
        }
    }

    private func modelPoints(
        _ id: String,
        _ row: Int64,
        _ key: TransferKey,
        inRuns runs: String?,
        after last: [SortValue]?,
        limit: Int
    ) throws -> PointPage? {
        let order = "point.timestamp, point.step, point.run_id, point.dataset_id, point.value"
        let select = try connection.query(
            """
            SELECT \(order), runs.run_id, data.name, data.digest
            FROM model_metrics AS point
            CROSS JOIN runs ON runs.id = point.run_id
            LEFT JOIN metric_datasets AS data ON data.id = point.dataset_id
            WHERE point.model_id = ?1 AND point.key_id = ?2
                AND (?3 IS NULL OR runs.run_id IN (SELECT value FROM json_each(?3)))
                \(last == nil ? "" : "AND (\(order)) > (?5, ?6, ?7, ?8, ?9)")
            ORDER BY \(order)
            LIMIT ?4
            """,
            values: [row, key.number, runs, limit] + (last ?? [])
        )
        var end: [SortValue]?
        let metrics = try select.map { point in
            end = [
                .integer(point.int64(0)), .integer(point.int64(1)), .integer(point.int64(2)), .integer(point.int64(3)),
                .real(point.double(4)),
            ]
            return ModelMetric(
                metric: Metric(key: key.name, value: point.double(4), timestamp: point.int64(0), step: point.int64(1)),
                modelID: id,
                runID: point.string(5),
                dataset: point.isNull(6) ? nil : MetricDataset(name: point.string(6), digest: point.string(7))
            )
        }
        return end.map { end in
            PointPage(
                .modelPoints(TransferredModelPoints(modelID: id, points: metrics)),
                count: metrics.count,
                last: end
            )
        }
    }

    package func keys(ofRuns rows: [TransferRow]) throws -> RunKeys {
        let page = jsonArray(rows.map(\.number))
        return RunKeys(
            metrics: try keys(in: "latest_metrics", ofRuns: page),
            params: try keys(in: "params", ofRuns: page),
            tags: try keys(in: "run_tags", ofRuns: page)
        )
    }

    private func keys(in table: StaticString, ofRuns page: String) throws -> [String] {
        try connection.query(
            """
            SELECT DISTINCT pair.key_id
            FROM json_each(?1) AS page
            CROSS JOIN \(table) AS pair ON pair.run_id = page.value
            """,
            page
        ).map { $0.int64(0) }.map { try keyName($0) }
    }
}
