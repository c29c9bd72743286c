internal import PostgreSQL
package import Tracking

extension PostgresReadSession {
    package func metricKeys(of owner: PointOwner) throws -> [TransferKey] {
        let found =
            switch owner {
            case .run(let id): try rows("SELECT key FROM latest_metrics WHERE run_uuid = $1", id)
            case .loggedModel(let id, _):
                try rows("SELECT DISTINCT metric_name FROM logged_model_metrics WHERE model_id = $1", id)
            }
        return found.map { TransferKey(name: $0.string(0)) }
    }

    package func points(
        of owner: PointOwner,
        _ key: TransferKey,
        after last: [SortValue]?,
        limit: Int
    ) throws -> PointPage? {
        switch owner {
        case .run(let id):
            let history = MetricHistory(runID: id, key: key.name)
            let points = try rows(ofHistory: history, from: last.map { .after($0) } ?? .beginning, limit: limit)
                .map { MetricPoint(row: $0) }
            return points.last.map { last in
                PointPage(
                    .points(TransferredPoints(runID: id, key: key.name, points: points)),
                    count: points.count,
                    last: last.sortValues
                )
            }
        case .loggedModel(let id, let runs): return try modelPoints(id, key, runs, after: last, limit: limit)
        }
    }

    private func modelPoints(
        _ id: String,
        _ key: TransferKey,
        _ runs: [String]?,
        after last: [SortValue]?,
        limit: Int
    ) throws -> PointPage? {
        let order = #"metric_timestamp_ms, metric_step, run_id::text COLLATE "C""#
        let metrics = try rows(
            """
            SELECT \(ModelMetric.columns) FROM logged_model_metrics
            WHERE model_id = $1 AND metric_name = $2 AND ($3::text[] IS NULL OR run_id = ANY($3::text[]))
                AND ($4::bigint IS NULL OR (\(order)) > ($4::bigint, $5::bigint, $6::text))
            ORDER BY \(order)
            LIMIT $7
            """,
            values: [.text(id), .text(key.name), runs.postgresValue] + (try Self.bound(last)) + [.integer(Int64(limit))]
        ).map { ModelMetric(row: $0) }
        return metrics.last.map { last in
            PointPage(
                .modelPoints(TransferredModelPoints(modelID: id, points: metrics)),
                count: metrics.count,
                last: [.integer(last.metric.timestamp), .integer(last.metric.step), .text(last.runID)]
            )
        }
    }

    /// The parameters for the sort values of a point of a model.
    private static func bound(_ last: [SortValue]?) throws(TrackingError) -> [PostgresValue] {
        guard let last else { return [.null, .null, .null] }
        guard last.count == 3, case .integer(let time) = last[0], case .integer(let step) = last[1],
            case .text(let run) = last[2]
        else { throw PageToken.malformed }
        return [.integer(time), .integer(step), .text(run)]
    }

    package func keys(ofRuns rows: [TransferRow]) throws -> RunKeys {
        let ids = rows.map(\.id)
        let tickets = try ["latest_metrics", "params", "tags"].map { table in
            try ask("SELECT DISTINCT key FROM \(table) WHERE run_uuid = ANY($1)", ids)
        }
        let keys = try tickets.map { try self.rows($0).map { $0.string(0) } }
        return RunKeys(metrics: keys[0], params: keys[1], tags: keys[2])
    }
}
