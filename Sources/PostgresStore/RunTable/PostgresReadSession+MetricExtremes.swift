internal import PostgreSQL
package import Tracking

extension PostgresReadSession {
    package func metricExtremes(runID: String) throws -> [(key: String, extremes: MetricExtremes)] {
        guard try canSee(run: runID) else { return [] }
        // MLflow's tables contain no extremes, so all points of the run are read.
        let query = """
            SELECT key, (array_agg(value ORDER BY value, step))[1], (array_agg(step ORDER BY value, step))[1],
                (array_agg(value ORDER BY value DESC, step))[1], (array_agg(step ORDER BY value DESC, step))[1]
            FROM metrics
            WHERE run_uuid = $1 AND NOT is_nan AND value <> 'NaN'
            GROUP BY key
            ORDER BY key COLLATE "C"
            """
        let found = try rows(query, runID)
        return found.map { row in
            let minimum = MetricExtreme(value: row.double(1), step: row.int64(2))
            let maximum = MetricExtreme(value: row.double(3), step: row.int64(4))
            return (row.string(0), MetricExtremes(minimum: minimum, maximum: maximum))
        }
    }
}
