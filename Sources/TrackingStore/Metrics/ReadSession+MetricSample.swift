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
        let indices = BucketSample(rowCount: count, bucketCount: Int64(maxResults)).indices(limit: maxResults)
        // Where points came in order, the clustered table has them in the order of a sample already.
        return summary.isInOrder
            ? try points(of: series, steps: steps, at: indices)
            : try sortedPoints(of: series, steps: steps, at: indices)
    }

    /// Walks the clustered table; the points between two of the sample never leave SQLite.
    private func points(
        of series: MetricSeries,
        steps: ClosedRange<Int64>?,
        at indices: [Int64]
    ) throws -> [MetricPoint] {
        // Without steps there is nothing to compare in each row. With them, CASE has only points within counted.
        let condition =
            steps == nil ? "is_handed_out(?3)" : "CASE WHEN step BETWEEN ?4 AND ?5 THEN is_handed_out(?3) END"
        let query = try connection.query(
            """
            SELECT value, is_nan, timestamp, step
            FROM metrics
            WHERE run_id = ?1 AND key_id = ?2 AND \(condition)
            ORDER BY timestamp, step, value, is_nan
            """,
            series.runRow,
            series.keyID
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

    /// Sorts the history and steps through it.
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
            series.runRow,
            series.keyID,
            steps?.lowerBound ?? .min,
            steps?.upperBound ?? .max
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
    func indices(limit: Int) -> [Int64] {
        let last = rowCount - 1
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
