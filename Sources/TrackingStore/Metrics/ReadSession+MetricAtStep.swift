internal import SQLite
internal import Tracking

extension ReadSession {
    /// Returns the point with the latest time at a step; nil if there is none.
    ///
    /// This takes a few look-ups if the points were logged in the order of their steps; otherwise the whole history is read.
    func point(of series: MetricSeries, at step: Int64) throws -> MetricPoint? {
        guard let summary = try summary(of: series) else { return nil }
        guard summary.isInOrder, summary.pointCount > Self.maximumPointsReadWhole else {
            let sql = """
                SELECT value, is_nan, timestamp, step FROM metrics
                WHERE run_id = ?1 AND key_id = ?2 AND step = ?3
                ORDER BY timestamp DESC, value DESC
                LIMIT 1
                """
            return try connection.query(sql, series.runRow, series.keyID, step)
                .firstRow { MetricPoint(row: $0, column: 0) }
        }
        let last = try lastPoint(of: series, summary, upTo: step)
        return last?.step == step ? last : nil
    }

    /// Returns the last point whose step is at most `step`; nil if all steps are higher.
    ///
    /// The points of the metric must have been logged in the order of their steps.
    func lastPoint(of series: MetricSeries, _ summary: MetricSummary, upTo step: Int64) throws -> MetricPoint? {
        // Steps increase with time. So bisection finds the last time, `reached`, for which the first point at or after this
        // time has a step of at most `step`.
        guard let first = try firstPoint(of: series, from: .min), first.step <= step else { return nil }
        var reached = first.timestamp
        var beyond = summary.latest.timestamp
        if try isReached(step, in: series, from: beyond) { reached = beyond }
        while reached < beyond - 1 {
            let middle = (reached...beyond).middle
            if try isReached(step, in: series, from: middle) { reached = middle } else { beyond = middle }
        }
        // Several points may have the time `reached`, some with higher steps, so the last one up to `step` is looked up.
        let sql = """
            SELECT value, is_nan, timestamp, step FROM metrics
            WHERE run_id = ?1 AND key_id = ?2 AND (timestamp, step) <= (?3, ?4)
            ORDER BY timestamp DESC, step DESC, value DESC, is_nan DESC
            LIMIT 1
            """
        return try connection.query(sql, series.runRow, series.keyID, reached, step)
            .firstRow { MetricPoint(row: $0, column: 0) }
    }

    /// A history with at most this number of points is read whole, because this costs no more than the look-ups.
    private static let maximumPointsReadWhole: Int64 = 256

    /// Whether the first point at or after a time has at most the given step; false if there is no such point.
    private func isReached(_ step: Int64, in series: MetricSeries, from time: Int64) throws -> Bool {
        try firstPoint(of: series, from: time).map { $0.step <= step } ?? false
    }

    private func firstPoint(of series: MetricSeries, from time: Int64) throws -> MetricPoint? {
        let sql = """
            SELECT value, is_nan, timestamp, step FROM metrics
            WHERE run_id = ?1 AND key_id = ?2 AND timestamp >= ?3
            ORDER BY timestamp, step
            LIMIT 1
            """
        return try connection.query(sql, series.runRow, series.keyID, time)
            .firstRow { MetricPoint(row: $0, column: 0) }
    }
}

extension ClosedRange<Int64> {
    /// The number in the middle, rounded down.
    var middle: Int64 {
        // The distance between the bounds may be larger than the largest Int64.
        lowerBound + Int64(UInt64(bitPattern: upperBound &- lowerBound) / 2)
    }
}
