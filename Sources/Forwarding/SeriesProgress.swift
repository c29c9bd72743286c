package import Tracking
package import TrackingStore

extension ForwardedSeries {
    /// A metric with more points than this is not sent again from its beginning for every point that was logged late.
    package static let pointsOfLongSeries: Int64 = 5_000

    /// Records that the points after `last` in the history were sent.
    ///
    /// - Parameters:
    ///   - points: the sent points, in the order of the history.
    ///   - count: the number of points of the metric when the points were read.
    ///   - isAtEnd: whether the last of the points was the end of the history then.
    ///   - mayRestart: whether all points may be sent again if some were logged late.
    package mutating func advance(by points: [MetricPoint], count: Int64, isAtEnd: Bool, mayRestart: Bool) {
        sentCount += Int64(points.count)
        last = points.last ?? last
        self.count = count
        // Points that were logged late come before the last point, so the metric is sent again from its beginning.
        if isAtEnd, sentCount != count, mayRestart { (sentCount, last) = (0, nil) }
    }
}
