internal import SQLite
package import Tracking

extension ReadSession {
    /// A sample of a metric's history that is spread evenly over its points.
    ///
    /// The points, ordered by (step, timestamp, value, is_nan), are cut into `maxResults` buckets whose sizes differ by
    /// one at the most, the larger first (SQL's NTILE). The first point of each is kept, and the last point of all: it
    /// takes the place of the last kept one when there would be too many.
    /// Reads every point of the history once and keeps `maxResults` of them.
    /// - Parameters:
    ///   - steps: only points within; nil for all.
    ///   - maxResults: at least 1.
    /// - Returns: in ascending order; empty for an unknown run or key.
    package func sampleMetric(
        _ history: MetricHistory,
        steps: ClosedRange<Int64>?,
        maxResults: Int
    ) throws -> [MetricPoint] {
        guard let series = try series(of: history), let summary = try summary(of: series) else { return [] }
        let count = try steps.map { try pointCount(of: series, steps: $0) } ?? summary.pointCount
        guard count > 0 else { return [] }
        let sample = BucketSample(rowCount: count, bucketCount: Int64(maxResults))
        let scope = SampleScope(series: series, steps: steps, sample: sample, rowCount: count, limit: maxResults)
        // Where points came in order, the clustered table has them in the order of a sample already. Far apart, each
        // point costs less by itself than stepping through all those between.
        if summary.isInOrder, count / Int64(maxResults) >= Self.rowsWorthSkipping {
            return try skippingSample(scope)
        }
        return try steppingSample(scope, isInOrder: summary.isInOrder)
    }

    /// Rows between two points from which on SQLite skips them faster than we step through them.
    private static let rowsWorthSkipping: Int64 = 50

    private func skippingSample(_ scope: SampleScope) throws -> [MetricPoint] {
        var points: [MetricPoint] = []
        var last: (index: Int64, point: MetricPoint)?
        for index in scope.sample.indices(last: scope.rowCount - 1, limit: scope.limit) {
            var values: [any Bindable] = [scope.series.runRow, scope.series.keyID, scope.firstStep, scope.lastStep]
            var after = ""
            var offset = index
            if let last {
                values += last.point.sortValues
                after = "AND (timestamp, step, value, is_nan) > (?5, ?6, ?7, ?8)"
                offset = index - last.index - 1
            }
            let query = try connection.query(
                """
                SELECT value, is_nan, timestamp, step
                FROM metrics
                WHERE run_id = ?1 AND key_id = ?2 AND step BETWEEN ?3 AND ?4 \(after)
                ORDER BY timestamp, step, value, is_nan
                LIMIT 1 OFFSET ?\(values.count + 1)
                """,
                values: values + [offset]
            )
            guard let point = try query.firstRow({ MetricPoint(row: $0, column: 0) }) else { break }
            points.append(point)
            last = (index, point)
        }
        return points
    }

    private func steppingSample(_ scope: SampleScope, isInOrder: Bool) throws -> [MetricPoint] {
        let order = isInOrder ? "timestamp, step, value, is_nan" : "step, timestamp, value, is_nan"
        let query = try connection.query(
            """
            SELECT value, is_nan, timestamp, step
            FROM metrics
            WHERE run_id = ?1 AND key_id = ?2 AND step BETWEEN ?3 AND ?4
            ORDER BY \(order)
            """,
            scope.series.runRow,
            scope.series.keyID,
            scope.firstStep,
            scope.lastStep
        )
        let indices = scope.sample.indices(last: scope.rowCount - 1, limit: scope.limit)
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

    private func summary(of series: MetricSeries) throws -> (pointCount: Int64, isInOrder: Bool)? {
        let sql = "SELECT point_count, in_order FROM latest_metrics WHERE run_id = ?1 AND key_id = ?2"
        return try connection.query(sql, series.runRow, series.keyID).firstRow { ($0.int64(0), $0.int64(1) != 0) }
    }

    private func pointCount(of series: MetricSeries, steps: ClosedRange<Int64>) throws -> Int64 {
        let sql = "SELECT count(*) FROM metrics WHERE run_id = ?1 AND key_id = ?2 AND step BETWEEN ?3 AND ?4"
        let count = try connection.query(sql, series.runRow, series.keyID, steps.lowerBound, steps.upperBound)
        return try count.firstRow { $0.int64(0) } ?? 0
    }
}

/// What a sample is taken of.
private struct SampleScope {
    var series: MetricSeries
    var steps: ClosedRange<Int64>?
    var sample: BucketSample
    var rowCount: Int64
    /// Points at the most.
    var limit: Int

    var firstStep: Int64 { steps?.lowerBound ?? .min }
    var lastStep: Int64 { steps?.upperBound ?? .max }
}

/// Rows cut into buckets as SQL's NTILE cuts them.
struct BucketSample {
    private let bucketCount: Int64
    private let size: Int64
    private let largerBuckets: Int64
    private let rowCount: Int64

    init(rowCount: Int64, bucketCount: Int64) {
        self.rowCount = rowCount
        self.bucketCount = bucketCount
        size = rowCount / bucketCount
        largerBuckets = rowCount % bucketCount
    }

    /// The index of a bucket's first row; the number of rows for a bucket that has none.
    func start(ofBucket bucket: Int64) -> Int64 {
        guard bucket < bucketCount else { return rowCount }
        return min(bucket * size + min(bucket, largerBuckets), rowCount)
    }

    /// The rows of the sample in ascending order: the first of each bucket, and the last of all.
    ///
    /// The last takes the place of the one before it when there would be more than `limit`.
    func indices(last: Int64, limit: Int) -> [Int64] {
        var indices: [Int64] = []
        for bucket in 0..<bucketCount {
            let start = start(ofBucket: bucket)
            guard start < rowCount else { break }
            indices.append(start)
        }
        if indices.last != last {
            if indices.count >= limit { indices.removeLast() }
            indices.append(last)
        }
        return indices
    }
}
