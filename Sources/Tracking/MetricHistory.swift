/// One metric of one run, as a history request names it.
package struct MetricHistory: Sendable {
    package var runID: String
    package var key: String

    package init(runID: String, key: String) {
        self.runID = runID
        self.key = key
    }
}

/// Points of a history, and where they end.
package struct MetricHistoryPage: Sendable {
    /// In ascending order of (timestamp, step, value).
    package var points: [MetricPoint]
    /// Opaque; nil on the last page.
    package var nextPageToken: String?

    package init(points: [MetricPoint], nextPageToken: String?) {
        self.points = points
        self.nextPageToken = nextPageToken
    }
}

/// A point together with the run it belongs to.
package struct RunMetricPoint: Sendable {
    package var runID: String
    package var point: MetricPoint

    package init(runID: String, point: MetricPoint) {
        self.runID = runID
        self.point = point
    }
}

/// Each of the texts once, in ascending order of bytes: the order of runs where points of several are listed.
package func distinctInByteOrder(_ texts: [String]) -> [String] {
    Set(texts.map(ExactText.init)).map(\.text).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

/// Rows cut into buckets as SQL's NTILE cuts them.
package struct BucketSample {
    private let bucketCount: Int64
    private let size: Int64
    private let largerBuckets: Int64
    private let rowCount: Int64

    package init(rowCount: Int64, bucketCount: Int64) {
        self.rowCount = rowCount
        self.bucketCount = bucketCount
        size = rowCount / bucketCount
        largerBuckets = rowCount % bucketCount
    }

    /// The index of a bucket's first row; the number of rows for a bucket that has none.
    package func start(ofBucket bucket: Int64) -> Int64 {
        guard bucket < bucketCount else { return rowCount }
        return min(bucket * size + min(bucket, largerBuckets), rowCount)
    }

    /// The rows of the sample in ascending order: the first of each bucket, and the last of all.
    ///
    /// The last takes the place of the one before it when there would be more than `limit`.
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
