package import Tracking
package import TrackingStore

extension ForwardedSeries {
    /// A metric with more points is not sent again for each point that comes late.
    package static let pointsOfLongSeries: Int64 = 5_000

    /// Notes points that were sent after the last one.
    ///
    /// - Parameters:
    ///   - points: in the order of the history.
    ///   - count: how many points the metric had when they were read.
    ///   - isAtEnd: whether no point followed them then.
    ///   - mayRestart: whether all points may be sent again where some have come late.
    package mutating func advance(by points: [MetricPoint], count: Int64, isAtEnd: Bool, mayRestart: Bool) {
        sent += Int64(points.count)
        last = points.last ?? last
        self.count = count
        // Some have come late, so that they lie somewhere before the last one.
        if isAtEnd, sent != count, mayRestart { (sent, last) = (0, nil) }
    }
}
