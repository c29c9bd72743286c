/// The run and the key of a metric.
package struct MetricHistory: Sendable {
    package var runID: String
    package var key: String

    package init(runID: String, key: String) {
        self.runID = runID
        self.key = key
    }
}

/// One page of a metric's history.
package struct MetricHistoryPage: Sendable {
    /// The points, in ascending order of (timestamp, step, value).
    package var points: [MetricPoint]
    /// The token for the next page, which is opaque for clients; nil on the last page.
    package var nextPageToken: String?

    package init(points: [MetricPoint], nextPageToken: String?) {
        self.points = points
        self.nextPageToken = nextPageToken
    }
}

/// A metric point and its run.
package struct RunMetricPoint: Sendable {
    package var runID: String
    package var point: MetricPoint

    package init(runID: String, point: MetricPoint) {
        self.runID = runID
        self.point = point
    }
}

/// Returns each distinct text once, in ascending order of bytes.
///
/// Answers about several runs list the runs in byte order.
package func distinctInByteOrder(_ texts: [String]) -> [String] {
    Set(texts.map(ExactText.init)).map(\.text).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

/// Divides rows into buckets like SQL's NTILE, and chooses a sample of the rows.
package struct BucketSample {
    private let bucketCount: Int64
    private let rowCount: Int64
    /// The number of rows in each bucket; the first `largerBucketCount` buckets have one more.
    private let bucketSize: Int64
    private let largerBucketCount: Int64

    package init(rowCount: Int64, bucketCount: Int64) {
        self.rowCount = rowCount
        self.bucketCount = bucketCount
        bucketSize = rowCount / bucketCount
        largerBucketCount = rowCount % bucketCount
    }

    /// Returns the index of the first row of a bucket, or the number of rows if the bucket is empty.
    package func start(ofBucket bucket: Int64) -> Int64 {
        guard bucket < bucketCount else { return rowCount }
        return min(bucket * bucketSize + min(bucket, largerBucketCount), rowCount)
    }

    /// Returns the indices of the sampled rows in ascending order: the first row of each bucket, and the last of all rows.
    ///
    /// If these would be more than `limit` rows, the last of all rows replaces the first row of the last bucket.
    package func indices(limit: Int) -> [Int64] {
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
