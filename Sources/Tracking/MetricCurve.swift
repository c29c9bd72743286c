/// One metric of one run, as a line in a chart.
package struct MetricCurve: Sendable {
    /// How the points of a curve relate to the points that the client already has.
    package enum Mode: Sendable {
        /// The points replace all points of the client.
        case whole
        /// The points come after the points of the client.
        case append
    }

    /// The axis by which the points are ordered.
    package enum Axis: Sendable {
        case step
        case time
    }

    package var mode: Mode
    /// The number of points of the whole metric.
    package var pointCount: Int64
    package var points: [CurvePoint]
    /// Whether a point of the curve represents more than one point of the metric.
    package var isThinned: Bool
    /// Whether only a sample of the metric's points was read, because there are too many.
    package var isSampled: Bool
    /// An opaque text that the client sends with its next request, to say which points it has; nil for a part of a curve.
    package var position: String?

    package init(
        mode: Mode,
        pointCount: Int64,
        points: [CurvePoint],
        isThinned: Bool,
        isSampled: Bool,
        position: String?
    ) {
        self.mode = mode
        self.pointCount = pointCount
        self.points = points
        self.isThinned = isThinned
        self.isSampled = isSampled
        self.position = position
    }
}

/// A request for the curves that a page draws.
package struct CurveRequest: Sendable {
    /// The axis by which the points of the curve are ordered.
    package var axis: MetricCurve.Axis
    /// The maximum number of points of one curve, at least 2.
    package var maximumPoints: Int
    /// The maximum number of points of one metric to read; if the metric has more points, a sample is read.
    package var maximumPointsRead: Int64
    /// The part of the axis to return; nil for all of it.
    package var range: ClosedRange<Int64>?

    package init(axis: MetricCurve.Axis, maximumPoints: Int, maximumPointsRead: Int64) {
        self.axis = axis
        self.maximumPoints = maximumPoints
        self.maximumPointsRead = maximumPointsRead
    }
}

/// A point of a curve, and a summary of the points that it represents: itself, and those between the previous point of
/// the curve and itself.
package struct CurvePoint: Sendable, Equatable {
    package var point: MetricPoint
    /// The least and the greatest value of the represented points; nil if all are NaN.
    package var range: ClosedRange<Double>?
    /// The number of represented points that are NaN.
    package var nanCount: Int

    package init(_ point: MetricPoint) {
        self.point = point
        range = point.isNumber ? point.value...point.value : nil
        nanCount = point.isNumber ? 0 : 1
    }

    /// Adds a point to those that this point represents.
    package mutating func include(_ other: MetricPoint) {
        if other.isNumber { widen(to: other.value) } else { nanCount += 1 }
    }

    /// Widens `range` so that it contains a value.
    package mutating func widen(to value: Double) {
        guard let current = range else { return range = value...value }
        if value < current.lowerBound { range = value...current.upperBound }
        if value > current.upperBound { range = current.lowerBound...value }
    }
}

/// Reduces the points of a curve, which are added one after another, to a maximum number.
///
/// The first point is kept. The other points are divided into parts of about equal length, and the last point of each
/// part is kept, together with the range of the part.
package struct CurveThinner {
    package private(set) var points: [CurvePoint] = []
    /// Whether fewer points are kept than are added.
    package let isThinning: Bool
    private let parts: BucketSample
    private var part: Int64 = 0
    /// The index of the last point of the current part; the first point of the curve is part 0 alone.
    private var lastIndexOfPart: Int64 = 0
    /// The index of the point that is added next.
    private var index: Int64 = 0
    /// The point to keep of the current part, if the part ended here; nil before the first point of the part.
    private var unfinished: CurvePoint?

    /// - Parameters:
    ///   - pointCount: the number of points that will be added.
    ///   - maximum: the maximum number of points that are kept, at least 2.
    package init(pointCount: Int64, maximum: Int) {
        isThinning = pointCount > Int64(maximum)
        parts = BucketSample(rowCount: max(pointCount - 1, 0), bucketCount: Int64(maximum - 1))
        points.reserveCapacity(Int(min(pointCount, Int64(maximum))))
    }

    package mutating func add(_ point: MetricPoint) {
        guard isThinning else { return points.append(CurvePoint(point)) }
        if var current = unfinished {
            current.include(point)
            current.point = point
            unfinished = current
        } else {
            unfinished = CurvePoint(point)
        }
        defer { index += 1 }
        guard index == lastIndexOfPart, let finished = unfinished else { return }
        points.append(finished)
        unfinished = nil
        part += 1
        // `parts` does not count the first point of the curve, so its indices are lower by 1. Counted from the first point of the
        // curve, the start of the next bucket is therefore the index of the last point of the bucket before it.
        lastIndexOfPart = parts.start(ofBucket: part)
    }
}
