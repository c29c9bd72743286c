internal import SQLite
package import Tracking

extension ReadSession {
    package func sampleMetric(
        _ history: MetricHistory,
        steps: ClosedRange<Int64>?,
        maxResults: Int
    ) throws -> [MetricPoint] {
        guard let series = try series(of: history), let summary = try summary(of: series) else { return [] }
        let count = try steps.map { try pointCount(of: series, steps: $0) } ?? summary.pointCount
        guard count > 0 else { return [] }
        let indices = BucketSample(rowCount: count, bucketCount: Int64(maxResults)).indices(limit: maxResults)
        // If the points were logged in order, the metrics table has the order of the sample, so the points need no sorting.
        return summary.isInOrder
            ? try points(of: series, steps: steps, at: indices)
            : try sortedPoints(of: series, steps: steps, at: indices)
    }

    /// Scans the metrics table in its own order.
    ///
    /// The SQL function `is_handed_out` makes SQLite skip the points between two sampled points: it is false for as many rows
    /// as the `RowSkip` says.
    private func points(
        of series: MetricSeries,
        steps: ClosedRange<Int64>?,
        at indices: [Int64]
    ) throws -> [MetricPoint] {
        // With a range of steps, CASE makes `is_handed_out` count only the points in that range. Without a range, the
        // condition omits the comparison, which would cost time for each row.
        let condition =
            steps == nil ? "is_handed_out(?3)" : "CASE WHEN step BETWEEN ?4 AND ?5 THEN is_handed_out(?3) END"
        let query = try connection.query(
            """
            SELECT value, is_nan, timestamp, step
            FROM metrics
            WHERE run_id = ?1 AND key_id = ?2 AND \(condition)
            ORDER BY timestamp, step, value, is_nan
            """,
            values: [series.runRow, series.keyID]
        )
        let skip = RowSkip(rowCount: 0)
        try query.bind(skip, at: 3)
        if let steps {
            try query.bind(steps.lowerBound, at: 4)
            try query.bind(steps.upperBound, at: 5)
        }
        defer { query.reset() }
        var points: [MetricPoint] = []
        points.reserveCapacity(indices.count)
        var next: Int64 = 0
        for index in indices {
            skip.rowCount = index - next
            guard try query.step() else { break }
            points.append(MetricPoint(row: query, column: 0))
            next = index + 1
        }
        return points
    }

    /// Makes SQLite sort the history by step, and picks the points with the given indices from the result.
    private func sortedPoints(
        of series: MetricSeries,
        steps: ClosedRange<Int64>?,
        at indices: [Int64]
    ) throws -> [MetricPoint] {
        let query = try connection.query(
            """
            SELECT value, is_nan, timestamp, step
            FROM metrics
            WHERE run_id = ?1 AND key_id = ?2 AND step BETWEEN ?3 AND ?4
            ORDER BY step, timestamp, value, is_nan
            """,
            values: [series.runRow, series.keyID, steps?.lowerBound ?? .min, steps?.upperBound ?? .max]
        )
        var points: [MetricPoint] = []
        points.reserveCapacity(indices.count)
        var index: Int64 = 0
        try query.forEachRow { row in
            if points.count < indices.count, index == indices[points.count] {
                points.append(MetricPoint(row: row, column: 0))
            }
            index += 1
        }
        return points
    }

    func summary(of series: MetricSeries) throws -> MetricSummary? {
        let sql = "SELECT \(MetricSummary.columns) FROM latest_metrics WHERE run_id = ?1 AND key_id = ?2"
        return try connection.query(sql, series.runRow, series.keyID).firstRow { MetricSummary(row: $0) }
    }

    func pointCount(of series: MetricSeries, steps: ClosedRange<Int64>) throws -> Int64 {
        let sql = "SELECT count(*) FROM metrics WHERE run_id = ?1 AND key_id = ?2 AND step BETWEEN ?3 AND ?4"
        let count = try connection.query(sql, series.runRow, series.keyID, steps.lowerBound, steps.upperBound)
        return try count.firstRow { $0.int64(0) } ?? 0
    }
}
