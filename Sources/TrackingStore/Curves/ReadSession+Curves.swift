internal import SQLite
package import Tracking

extension ReadSession {
    package func curve(
        of history: MetricHistory,
        _ request: CurveRequest,
        after position: String?
    ) throws -> MetricCurve? {
        guard let series = try series(of: history), let summary = try summary(of: series) else { return nil }
        let place = CurvePlace(history, series: series, summary: summary)
        if let range = request.range { return try curvePart(of: place, request, range) }
        if let known = try place.known(position) {
            guard known.pointCount != summary.pointCount else { return nil }
            if let more = try rest(of: place, request, after: known) { return more }
        }
        return summary.pointCount > request.readPoints
            ? try sampledCurve(of: place, request) : try wholeCurve(of: place, request)
    }

    /// The points added since a position; nil if some of them do not come last, or if they are too many.
    private func rest(
        of place: CurvePlace,
        _ request: CurveRequest,
        after known: CurvePlace.Known
    ) throws -> MetricCurve? {
        let count = place.summary.pointCount - known.pointCount
        guard count > 0, count <= request.readPoints, request.axis == .time || place.summary.isInOrder else {
            return nil
        }
        var thinner = CurveThinner(pointCount: count, maximum: request.maximumPoints)
        var found: Int64 = 0
        var last: MetricPoint?
        let query = try historyQuery(place.series, .after(known.sortValues), limit: Int(count) + 1)
        try query.forEachRow { row in
            let point = MetricPoint(row: row, column: 0)
            thinner.add(point)
            last = point
            found += 1
        }
        // If fewer points follow the position than have been added, some were added before it.
        guard found == count, let last else { return nil }
        return place.curve(.append, thinner.points, isThinned: thinner.isThinning, last: last)
    }

    private func wholeCurve(of place: CurvePlace, _ request: CurveRequest) throws -> MetricCurve {
        var thinner = CurveThinner(pointCount: place.summary.pointCount, maximum: request.maximumPoints)
        let isSorted = request.axis == .time || place.summary.isInOrder
        let order = isSorted ? "timestamp, step, value, is_nan" : "step, timestamp, value, is_nan"
        let sql = """
            SELECT value, is_nan, timestamp, step FROM metrics
            WHERE run_id = ?1 AND key_id = ?2
            ORDER BY \(order)
            """
        var last = place.summary.latest
        try connection.query(sql, place.series.runRow, place.series.keyID).forEachRow { row in
            let point = MetricPoint(row: row, column: 0)
            thinner.add(point)
            last = point
        }
        return place.curve(.whole, thinner.points, isThinned: thinner.isThinning, last: last)
    }
}

/// A metric whose curve is asked for, and what is known about it without reading its points.
struct CurvePlace {
    /// The points that the client already has.
    struct Known {
        var pointCount: Int64
        /// The sort values of the last of these points, as in a page token of the history.
        var sortValues: [SortValue]
    }

    let series: MetricSeries
    let summary: MetricSummary
    private let digest: UInt64

    init(_ history: MetricHistory, series: MetricSeries, summary: MetricSummary) {
        self.series = series
        self.summary = summary
        var digest = QueryDigest()
        digest.add("curve")
        digest.add(history.runID)
        digest.add(history.key)
        self.digest = digest.value
    }

    func known(_ position: String?) throws(TrackingError) -> Known? {
        guard let position, !position.isEmpty else { return nil }
        guard let start = try? PageToken.parse(position, digest: digest, termCount: 5), case .after(let values) = start,
            case .integer(let count) = values[0], count >= 0
        else { throw Self.refusal }
        return Known(pointCount: count, sortValues: Array(values.dropFirst()))
    }

    /// The refusal of any invalid position, because the remedy is always the same.
    private static var refusal: TrackingError {
        .invalidParameter(
            "Invalid value for parameter 'after' supplied. Each position must be one that an earlier answer gave for the "
                + "same run and key; leave it out to get the whole curve."
        )
    }

    /// - Parameter last: the last point in the order of the history; nil for a part of a curve, to which nothing is
    ///   appended.
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
            position: last.map {
                PageToken.make(after: [.integer(summary.pointCount)] + $0.sortValues, digest: digest)
            }
        )
    }
}
