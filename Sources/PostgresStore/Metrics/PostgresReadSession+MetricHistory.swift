internal import PostgreSQL
package import Tracking

extension PostgresReadSession {
    package func metricHistory(_ history: MetricHistory, pageToken: String?, limit: Int) throws -> MetricHistoryPage {
        let start = try PageToken.parse(pageToken, digest: history.digest, termCount: 4)
        guard try canSee(run: history.runID) else { return MetricHistoryPage(points: [], nextPageToken: nil) }
        var points = try rows(ofHistory: history, from: start, limit: limit + 1).map { MetricPoint(row: $0) }
        let hasMore = points.count > limit
        if hasMore { points.removeLast() }
        let token = points.last.map { PageToken.make(after: $0.sortValues, digest: history.digest) }
        return MetricHistoryPage(points: points, nextPageToken: hasMore ? token : nil)
    }

    /// Reads points of a history in its order.
    func rows(ofHistory history: MetricHistory, from start: PageStart, limit: Int) throws -> PostgresRows {
        let columns = "SELECT \(MetricPoint.columns) FROM metrics WHERE run_uuid = $1 AND key = $2"
        let order = "ORDER BY timestamp, step, value, is_nan LIMIT $3"
        switch start {
        case .beginning: return try rows("\(columns) \(order)", history.runID, history.key, limit)
        case .offset(let offset):
            return try rows("\(columns) \(order) OFFSET $4", history.runID, history.key, limit, offset)
        case .after(let values):
            return try rows(
                "\(columns) AND (timestamp, step, value, is_nan) > \(Self.position(from: 4)) \(order)",
                values: [.text(history.runID), .text(history.key), .integer(Int64(limit))] + Self.bound(values)
            )
        }
    }

    /// The SQL for the sort values of a point as four parameters, of which the first has the number `first`.
    static func position(from first: Int) -> String {
        "($\(first)::bigint, $\(first + 1)::bigint, $\(first + 2)::double precision, $\(first + 3)::boolean)"
    }

    /// The parameters for the sort values of a point.
    static func bound(_ values: [SortValue]) throws(TrackingError) -> [PostgresValue] {
        guard values.count == 4, case .integer(let timestamp) = values[0], case .integer(let step) = values[1],
            case .real(let value) = values[2], case .integer(let isNaN) = values[3]
        else { throw PageToken.malformed }
        return [.integer(timestamp), .integer(step), .real(value), .boolean(isNaN != 0)]
    }

    package func metricHistories(key: String, runIDs: [String], limit: Int) throws -> [RunMetricPoint] {
        let visible = try visibleRuns(distinctInByteOrder(runIDs))
        let points = try rows(
            """
            SELECT \(MetricPoint.columns), run_uuid FROM metrics
            WHERE run_uuid = ANY($1) AND key = $2
            ORDER BY run_uuid COLLATE "C", timestamp, step, value, is_nan
            LIMIT $3
            """,
            visible.ids,
            key,
            limit
        ).map { RunMetricPoint(runID: $0.string(4), point: MetricPoint(row: $0)) }
        // If the points reach the limit, the runs after the last point are not needed, so an error of such a run is not thrown.
        if let error = visible.error, points.count < limit { throw error }
        return points
    }

    package func sampleMetric(
        _ history: MetricHistory,
        steps: ClosedRange<Int64>?,
        maxResults: Int
    ) throws -> [MetricPoint] {
        guard try canSee(run: history.runID) else { return [] }
        let (first, last) = (steps?.lowerBound ?? .min, steps?.upperBound ?? .max)
        let query = "SELECT count(*) FROM metrics WHERE run_uuid = $1 AND key = $2 AND step BETWEEN $3 AND $4"
        let count = try rows(query, history.runID, history.key, first, last).first { $0.int64(0) } ?? 0
        guard count > 0 else { return [] }
        return try rows(
            """
            SELECT \(MetricPoint.columns)
            FROM (
                SELECT value, is_nan, timestamp, step,
                    row_number() OVER (ORDER BY step, timestamp, value, is_nan) - 1 AS index
                FROM metrics
                WHERE run_uuid = $1 AND key = $2 AND step BETWEEN $3 AND $4
            ) AS numbered
            WHERE index = ANY($5)
            ORDER BY index
            """,
            history.runID,
            history.key,
            first,
            last,
            BucketSample(rowCount: count, bucketCount: Int64(maxResults)).indices(limit: maxResults)
        ).map { MetricPoint(row: $0) }
    }
}

extension MetricPoint {
    static let columns = "value, is_nan, timestamp, step"

    /// Reads `columns`, which must come first in the row.
    init(row: PostgresRow) {
        self.init(value: row.double(0), isNaN: row.bool(1), timestamp: row.int64(2), step: row.int64(3))
    }
}
