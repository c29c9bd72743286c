internal import SQLite
package import Tracking

extension ReadSession {
    package func metricExtremes(runID: String) throws -> [(key: String, extremes: MetricExtremes)] {
        let sql = """
            SELECT metric.key_id, metric.minimum, metric.minimum_step, metric.maximum, metric.maximum_step
            FROM latest_metrics AS metric
            WHERE metric.run_id = ?1
            """
        guard let run = try visibleRunRow(runID) else { return [] }
        var found: [(String, MetricExtremes)] = []
        try connection.query(sql, run).forEachRow { row in
            guard let extremes = MetricExtremes(row: row, column: 1) else { return }
            found.append((try keyName(row.int64(0)), extremes))
        }
        return found
    }
}
