internal import SQLite
internal import Tracking

extension ReadSession {
    /// Returns the part of a curve within a range of its axis, thinned like a whole curve; nil if no point lies in the range.
    func curvePart(
        of metric: CurveMetric,
        _ request: CurveRequest,
        _ range: ClosedRange<Int64>
    ) throws -> MetricCurve? {
        guard request.axis == .time || metric.summary.isInOrder else {
            return try disorderedPart(of: metric, request, range)
        }
        // On either axis, the part consists of the points after `before` in the history, up to and including `last`.
        let last = try lastPoint(of: metric, request.axis, upTo: range.upperBound)
        var before: MetricPoint?
        if range.lowerBound > .min { before = try lastPoint(of: metric, request.axis, upTo: range.lowerBound - 1) }
        guard let last, last != before else { return nil }
        let start: PageStart = before.map { .after($0.sortValues) } ?? .beginning
        let count = try pointCount(of: metric.series, after: before, upTo: last, limit: request.maximumPointsRead + 1)
        if count > request.maximumPointsRead {
            let first = try historyQuery(metric.series, start, limit: 1).firstRow { MetricPoint(row: $0, column: 0) }
            guard let first else { throw StoreCorruption("no point was found in a part of a metric that has points") }
            var points = try sample(of: metric, request, from: first, to: last)
            // An extreme of the whole metric is also an extreme of the part if it lies in the part.
            if metric.summary.isInOrder, let extremes = metric.summary.extremes {
                let steps = first.step...last.step
                Self.add([extremes.minimum, extremes.maximum].filter { steps.contains($0.step) }, to: &points)
            }
            return metric.curve(.whole, points, isThinned: true, isSampled: true, last: nil)
        }
        var thinner = CurveThinner(pointCount: count, maximum: request.maximumPoints)
        try historyQuery(metric.series, start, limit: Int(count)).forEachRow { row in
            thinner.add(MetricPoint(row: row, column: 0))
        }
        return metric.curve(.whole, thinner.points, isThinned: thinner.isThinning, last: nil)
    }

    private func lastPoint(of metric: CurveMetric, _ axis: MetricCurve.Axis, upTo bound: Int64) throws -> MetricPoint? {
        switch axis {
        case .time: try neighbor(.previous, of: (bound, .max), in: metric.series)
        case .step: try lastPoint(of: metric.series, metric.summary, upTo: bound)
        }
    }

    private func pointCount(
        of series: MetricSeries,
        after before: MetricPoint?,
        upTo last: MetricPoint,
        limit: Int64
    ) throws -> Int64 {
        // Without `before`, counting starts below every point: all stored values are finite, and so above -infinity.
        let start = before?.sortValues ?? [.integer(.min), .integer(.min), .real(-.infinity), .integer(0)]
        let sql = """
            SELECT count(*) FROM (
                SELECT 1 FROM metrics
                WHERE run_id = ?1 AND key_id = ?2
                    AND (timestamp, step, value, is_nan) > (?3, ?4, ?5, ?6)
                    AND (timestamp, step, value, is_nan) <= (?7, ?8, ?9, ?10)
                LIMIT ?11)
            """
        let values: [any Bindable] = [series.runRow, series.keyID] + start + last.sortValues + [limit]
        return try connection.query(sql, values: values).firstRow { $0.int64(0) } ?? 0
    }

    /// Returns the part of a curve by step, for a metric whose points were not logged in the order of their steps.
    ///
    /// Reads the whole history, because no index has the order of the steps.
    private func disorderedPart(
        of metric: CurveMetric,
        _ request: CurveRequest,
        _ range: ClosedRange<Int64>
    ) throws -> MetricCurve? {
        let count = try pointCount(of: metric.series, steps: range)
        guard count > 0 else { return nil }
        guard count <= request.maximumPointsRead else {
            // The range of a sampled point may include values from outside of the part, so only the point is kept.
            let points = try sampledCurve(of: metric, request).points
                .filter { range.contains($0.point.step) }
                .map { CurvePoint($0.point) }
            return metric.curve(.whole, points, isThinned: true, isSampled: true, last: nil)
        }
        var thinner = CurveThinner(pointCount: count, maximum: request.maximumPoints)
        let sql = """
            SELECT value, is_nan, timestamp, step FROM metrics
            WHERE run_id = ?1 AND key_id = ?2 AND step BETWEEN ?3 AND ?4
            ORDER BY step, timestamp, value, is_nan
            """
        let series = metric.series
        try connection.query(sql, series.runRow, series.keyID, range.lowerBound, range.upperBound).forEachRow { row in
            thinner.add(MetricPoint(row: row, column: 0))
        }
        return metric.curve(.whole, thinner.points, isThinned: thinner.isThinning, last: nil)
    }
}
