internal import PostgreSQL
package import Tracking

// PostgreSQL itself reduces a history to the points of a curve, as `CurveThinner` does, so that only these points are sent.
// Curves are never sampled, because MLflow's tables have no summaries that would make sampling cheaper.

extension PostgresReadSession {
    package func curve(
        of history: MetricHistory,
        _ request: CurveRequest,
        after position: String?
    ) throws -> MetricCurve? {
        guard try canSee(run: history.runID) else { return nil }
        let countQuery = "SELECT count(*) FROM metrics WHERE run_uuid = $1 AND key = $2"
        let countTicket = try ask(countQuery, history.runID, history.key)
        let lastPointQuery = """
            SELECT \(MetricPoint.columns) FROM metrics
            WHERE run_uuid = $1 AND key = $2
            ORDER BY timestamp DESC, step DESC, value DESC, is_nan DESC
            LIMIT 1
            """
        let lastPointTicket = try ask(lastPointQuery, history.runID, history.key)
        let count = try rows(countTicket).first { $0.int64(0) } ?? 0
        guard let last = try rows(lastPointTicket).first({ MetricPoint(row: $0) }) else { return nil }
        var curve = MetricCurve(
            mode: .whole,
            pointCount: count,
            points: [],
            isThinned: false,
            isSampled: false,
            position: CurvePosition.text(after: last, pointCount: count, of: history)
        )
        if let range = request.range {
            curve.position = nil
            return try curveOfRange(curve, history, request, range)
        }
        if let clientPosition = try CurvePosition(position, of: history) {
            guard clientPosition.pointCount != count else { return nil }
            if let added = try curveOfNewPoints(curve, history, request, after: clientPosition) { return added }
        }
        return try curveOfRange(curve, history, request, .min ... .max)
    }

    /// Returns a curve of the points that were added after the client's last request.
    ///
    /// - Returns: nil if there are too many of them, or if, in the order of the axis, not all of them follow the points that the
    ///   client has.
    private func curveOfNewPoints(
        _ curve: MetricCurve,
        _ history: MetricHistory,
        _ request: CurveRequest,
        after clientPosition: CurvePosition
    ) throws -> MetricCurve? {
        let count = curve.pointCount - clientPosition.pointCount
        guard count > 0, count <= request.maximumPointsRead else { return nil }
        let bound = try Self.bound(clientPosition.sortValues)
        let points = try rows(ofHistory: history, from: .after(clientPosition.sortValues), limit: Int(count) + 1)
            .map { MetricPoint(row: $0) }
        // If fewer points follow the client's last point than were added, the others were added before that point.
        guard points.count == count else { return nil }
        if request.axis == .step {
            let greatest =
                try rows(
                    """
                    SELECT max(step) FROM metrics
                    WHERE run_uuid = $1 AND key = $2 AND (timestamp, step, value, is_nan) <= \(Self.position(from: 3))
                    """,
                    values: [.text(history.runID), .text(history.key)] + bound
                ).first { $0.optionalInt64(0) } ?? nil
            var previousStep = greatest ?? .min
            for point in points {
                guard point.step >= previousStep else { return nil }
                previousStep = point.step
            }
        }
        var thinner = CurveThinner(pointCount: count, maximum: request.maximumPoints)
        for point in points { thinner.add(point) }
        var curve = curve
        (curve.mode, curve.points, curve.isThinned) = (.append, thinner.points, thinner.isThinning)
        return curve
    }

    /// Returns the curve with its points within a range of the axis; nil if there are no points in it.
    private func curveOfRange(
        _ curve: MetricCurve,
        _ history: MetricHistory,
        _ request: CurveRequest,
        _ range: ClosedRange<Int64>
    ) throws -> MetricCurve? {
        let isByTime = request.axis == .time
        var curve = curve
        var found: Int64 = 0
        curve.points = try rows(
            """
            WITH numbered AS MATERIALIZED (
                SELECT value, is_nan, timestamp, step, NOT is_nan AND value <> 'NaN' AS is_number,
                    row_number() OVER (
                        ORDER BY \(isByTime ? "timestamp, step" : "step, timestamp"), value, is_nan
                    ) AS number
                FROM metrics
                WHERE run_uuid = $1 AND key = $2 AND \(isByTime ? "timestamp" : "step") BETWEEN $3 AND $4
            ), parted AS (
                SELECT value, is_number, number, 0 AS part FROM numbered WHERE number = 1
                UNION ALL
                SELECT value, is_number, number, ntile($5::integer) OVER (ORDER BY number) FROM numbered WHERE number > 1
            ), thinned AS (
                SELECT max(number) AS number, min(value) FILTER (WHERE is_number) AS least,
                    max(value) FILTER (WHERE is_number) AS greatest, count(*) FILTER (WHERE NOT is_number) AS nan_count
                FROM parted
                GROUP BY part
            )
            SELECT numbered.value, numbered.is_nan, numbered.timestamp, numbered.step, thinned.least, thinned.greatest,
                thinned.nan_count, numbered.number
            FROM thinned
            JOIN numbered ON numbered.number = thinned.number
            ORDER BY thinned.number
            """,
            history.runID,
            history.key,
            range.lowerBound,
            range.upperBound,
            request.maximumPoints - 1
        ).map { row in
            var point = CurvePoint(MetricPoint(row: row))
            point.range = row.isNull(4) ? nil : row.double(4)...row.double(5)
            point.nanCount = Int(row.int64(6))
            found = row.int64(7)
            return point
        }
        guard found > 0 else { return nil }
        curve.isThinned = found > Int64(curve.points.count)
        return curve
    }
}
