/// Facts about one metric of one run that are stored in addition to its points.
package struct MetricSummary: Sendable, Equatable {
    /// The latest point by `MetricPoint.supersedes`.
    package private(set) var latest: MetricPoint
    package private(set) var pointCount: Int64
    /// Whether the points were logged in order: each comes after all earlier ones, both by timestamp and by step.
    package private(set) var isInOrder: Bool
    /// The extremes; nil if every point is NaN.
    package private(set) var extremes: MetricExtremes?

    package init(latest: MetricPoint, pointCount: Int64, isInOrder: Bool, extremes: MetricExtremes?) {
        self.latest = latest
        self.pointCount = pointCount
        self.isInOrder = isInOrder
        self.extremes = extremes
    }

    /// The summary of a single point.
    fileprivate init(_ first: MetricPoint) {
        self.init(latest: first, pointCount: 1, isInOrder: true, extremes: MetricExtremes(first))
    }

    /// Updates the summary for a new point.
    ///
    /// - Returns: whether the new point is now the latest.
    fileprivate mutating func add(_ point: MetricPoint) -> Bool {
        pointCount += 1
        isInOrder = isInOrder && point.follows(latest)
        if extremes == nil { extremes = MetricExtremes(point) } else { extremes?.add(point) }
        guard point.supersedes(latest) else { return false }
        latest = point
        return true
    }
}

/// The summary of one metric of one run during a request, and what the request has changed in it.
package struct MetricSummaryChange: Sendable {
    /// The current summary; nil before the first point.
    package private(set) var summary: MetricSummary?
    /// Whether the metric had no stored summary before.
    package let isFirst: Bool
    /// Whether the latest point has changed.
    package private(set) var hasNewLatest = false
    /// Whether the summary differs from the stored one.
    package private(set) var isChanged = false

    /// - Parameter stored: the stored summary; nil if the run has no point of the metric.
    package init(_ stored: MetricSummary?) {
        summary = stored
        isFirst = stored == nil
    }

    /// Updates the summary for a point that was not stored before.
    package mutating func add(_ point: MetricPoint) {
        isChanged = true
        guard summary != nil else {
            summary = MetricSummary(point)
            hasNewLatest = true
            return
        }
        if summary?.add(point) == true { hasNewLatest = true }
    }
}
