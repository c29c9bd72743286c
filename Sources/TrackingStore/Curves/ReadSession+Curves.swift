internal import SQLite
package import Tracking

extension ReadSession {
    package func curve(
        of history: MetricHistory,
        _ request: CurveRequest,
        after position: String?
    ) throws -> MetricCurve? {
        guard let series = try series(of: history), let summary = try summary(of: series) else { return nil }
        let metric = CurveMetric(history, series: series, summary: summary)
        if let range = request.range { return try curvePart(of: metric, request, range) }
        if let clientPosition = try CurvePosition(position, of: history) {
            guard clientPosition.pointCount != summary.pointCount else { return nil }
            if let added = try addedPoints(of: metric, request, after: clientPosition) { return added }
        }
        return summary.pointCount > request.maximumPointsRead
            ? try sampledCurve(of: metric, request) : try wholeCurve(of: metric, request)
    }

    /// Returns the points that were added after the client's last request.
    ///
    /// Returns nil if there are too many of them, or if some of them must be drawn before a point that the client has.
    private func addedPoints(
        of metric: CurveMetric,
        _ request: CurveRequest,
        after clientPosition: CurvePosition
    ) throws -> MetricCurve? {
        let count = metric.summary.pointCount - clientPosition.pointCount
        guard count > 0, count <= request.maximumPointsRead, request.axis == .time || metric.summary.isInOrder else {
            return nil
        }
        var thinner = CurveThinner(pointCount: count, maximum: request.maximumPoints)
        var found: Int64 = 0
        var last: MetricPoint?
        let query = try historyQuery(metric.series, .after(clientPosition.sortValues), limit: Int(count) + 1)
        try query.forEachRow { row in
            let point = MetricPoint(row: row, column: 0)
            thinner.add(point)
            last = point
            found += 1
        }
        // If fewer points follow the client's last point than were added, the others were added before that point.
        guard found == count, let last else { return nil }
        return metric.curve(.append, thinner.points, isThinned: thinner.isThinning, last: last)
    }

    private func wholeCurve(of metric: CurveMetric, _ request: CurveRequest) throws -> MetricCurve {
        var thinner = CurveThinner(pointCount: metric.summary.pointCount, maximum: request.maximumPoints)
        let isSorted = request.axis == .time || metric.summary.isInOrder
        let order = isSorted ? "timestamp, step, value, is_nan" : "step, timestamp, value, is_nan"
        let sql = """
            SELECT value, is_nan, timestamp, step FROM metrics
            WHERE run_id = ?1 AND key_id = ?2
            ORDER BY \(order)
            """
        var last = metric.summary.latest
        try connection.query(sql, metric.series.runRow, metric.series.keyID).forEachRow { row in
            let point = MetricPoint(row: row, column: 0)
            thinner.add(point)
            last = point
        }
        return metric.curve(.whole, thinner.points, isThinned: thinner.isThinning, last: last)
    }
}

/// A metric whose curve is requested, and the summary of its points.
struct CurveMetric {
    let series: MetricSeries
    let summary: MetricSummary
    private let history: MetricHistory

    init(_ history: MetricHistory, series: MetricSeries, summary: MetricSummary) {
        self.series = series
        self.summary = summary
        self.history = history
    }

    /// Returns a curve with the given points, and with a position for the next request.
    ///
    /// - Parameter last: the last point in the order of the history; nil for a part of a curve, which gets no position.
    func curve(
        _ mode: MetricCurve.Mode,
        _ points: [CurvePoint],
        isThinned: Bool,
        isSampled: Bool = false,
        last: MetricPoint?
    ) -> MetricCurve {
        MetricCurve(
            mode: mode,
            pointCount: summary.pointCount,
            points: points,
            isThinned: isThinned,
            isSampled: isSampled,
            position: last.map { CurvePosition.text(after: $0, pointCount: summary.pointCount, of: history) }
        )
    }
}
