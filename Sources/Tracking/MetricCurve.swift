/// One metric of one run as a line to be drawn.
package struct MetricCurve: Sendable {
    /// How the points of a curve relate to those that the client already has.
    package enum Mode: Sendable {
        /// The points replace all of them.
        case whole
        /// The points follow them.
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
    /// Whether a point stands for more than one.
    package var isThinned: Bool
    /// Whether there are so many points that not all of them were read.
    package var isSampled: Bool
    /// An opaque text that says, in the next request, which points the client has; nil for a part of a curve.
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
    /// The maximum number of points that are read of one metric; of a longer one a sample is read.
    package var readPoints: Int64
    /// The part of the axis that is wanted; nil for all of it.
    package var range: ClosedRange<Int64>?

    package init(axis: MetricCurve.Axis, maximumPoints: Int, readPoints: Int64) {
        self.axis = axis
        self.maximumPoints = maximumPoints
        self.readPoints = readPoints
    }
}

/// A point of a curve, and a summary of the points that it stands for: those after the point before it, and itself.
package struct CurvePoint: Sendable, Equatable {
    package var point: MetricPoint
    /// The least and the greatest number of these points; nil if all are NaN.
    package var range: ClosedRange<Double>?
    /// How many of these points are NaN.
    package var nanCount: Int

    package init(_ point: MetricPoint) {
        self.point = point
        range = point.isNaN ? nil : point.value...point.value
        nanCount = point.isNaN ? 1 : 0
    }

    /// Makes this point stand for another point too.
    package mutating func cover(_ other: MetricPoint) {
        if other.isNaN { nanCount += 1 } else { widen(to: other.value) }
    }

    /// Widens the range so that it includes a number.
    package mutating func widen(to value: Double) {
        guard let known = range else {
            range = value...value
            return
        }
        if value < known.lowerBound { range = value...known.upperBound }
        if value > known.upperBound { range = known.lowerBound...value }
    }
}

/// Thins a curve whose points are added one after another.
///
/// The first point is kept, the others are divided into parts of equal length, and of each part the last point is kept,
/// with the extremes of the part.
package struct CurveThinner {
    package private(set) var points: [CurvePoint] = []
    /// Whether fewer points are kept than are added.
    package let isThinning: Bool
    private let parts: BucketSample
    /// The index of the current part, and the place where the part ends.
    private var part: Int64 = 0
    private var end: Int64 = 0
    private var passed: Int64 = 0
    private var open: CurvePoint?

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
        if var cover = open {
            cover.cover(point)
            cover.point = point
            open = cover
        } else {
            open = CurvePoint(point)
        }
        // `end` counts from the second point on, because the first point is a part by itself.
        guard passed == end, let whole = open else {
            passed += 1
            return
        }
        points.append(whole)
        open = nil
        part += 1
        end = parts.start(ofBucket: part)
        passed += 1
    }
}
