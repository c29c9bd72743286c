/// What is kept of one metric of one run beside its points: the latest of them, their number, their order, and the least
/// and greatest number.
package struct MetricSummary: Sendable, Equatable {
    /// By `MetricPoint.supersedes`.
    package private(set) var latest: MetricPoint
    package private(set) var pointCount: Int64
    /// Whether every point came after the ones before it, both by time and by step.
    package private(set) var isInOrder: Bool
    /// nil while every point is NaN.
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

    /// Takes account of another point.
    ///
    /// - Returns: whether it is the latest now.
    fileprivate mutating func add(_ point: MetricPoint) -> Bool {
        pointCount += 1
        isInOrder = isInOrder && point.follows(latest)
        if extremes == nil { extremes = MetricExtremes(point) } else { extremes?.add(point) }
        guard point.supersedes(latest) else { return false }
        latest = point
        return true
    }
}

/// The summary of one metric of one run while points are being added to it.
package struct MetricSummaryChange: Sendable {
    /// nil before the first point.
    package private(set) var summary: MetricSummary?
    /// Whether nothing of the metric was stored before.
    package let isFirst: Bool
    /// Whether another point became the latest.
    package private(set) var hasNewLatest = false
    /// Whether the stored summary is out of date.
    package private(set) var isChanged = false

    /// - Parameter stored: nil when the run has no point of the metric.
    package init(_ stored: MetricSummary?) {
        summary = stored
        isFirst = stored == nil
    }

    /// Takes account of a point that was not stored before.
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
