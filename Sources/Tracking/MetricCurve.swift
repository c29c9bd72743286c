/// One metric of one run as a line to be drawn.
package struct MetricCurve: Sendable {
    /// How a curve relates to what its reader holds of it.
    package enum Mode: Sendable {
        /// It replaces all of that.
        case whole
        /// It follows behind it.
        case append
    }

    /// By what the points ascend.
    package enum Axis: Sendable {
        case step
        case time
    }

    package var mode: Mode
    /// Points of the whole metric.
    package var pointCount: Int64
    package var points: [CurvePoint]
    /// Whether a point stands for more than one.
    package var isThinned: Bool
    /// Whether there are so many points that not all of them were read.
    package var isSampled: Bool
    /// Opaque: says to the next question what its reader holds; nil for a part of a curve.
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

/// What a page asks of the curves that it draws.
package struct CurveRequest: Sendable {
    /// By what the points of the curve ascend.
    package var axis: MetricCurve.Axis
    /// Points of one curve at the most, at least 2.
    package var maximumPoints: Int
    /// Points of one metric that are read at the most; of a longer one a sample is read.
    package var readPoints: Int64
    /// Of the axis, to look at a part of the curve more closely; nil for all of it.
    package var range: ClosedRange<Int64>?

    package init(axis: MetricCurve.Axis, maximumPoints: Int, readPoints: Int64) {
        self.axis = axis
        self.maximumPoints = maximumPoints
        self.readPoints = readPoints
    }
}

/// A point of a curve, and what the points say that it stands for: those behind the one before it, and itself.
package struct CurvePoint: Sendable, Equatable {
    package var point: MetricPoint
    /// Their least and greatest number; nil where all are NaN.
    package var range: ClosedRange<Double>?
    /// How many of them are NaN.
    package var nanCount: Int

    package init(_ point: MetricPoint) {
        self.point = point
        range = point.isNaN ? nil : point.value...point.value
        nanCount = point.isNaN ? 1 : 0
    }

    /// Stands for another point too.
    package mutating func cover(_ other: MetricPoint) {
        if other.isNaN { nanCount += 1 } else { widen(to: other.value) }
    }

    /// Takes a number into the range.
    package mutating func widen(to value: Double) {
        guard let known = range else {
            range = value...value
            return
        }
        if value < known.lowerBound { range = value...known.upperBound }
        if value > known.upperBound { range = known.lowerBound...value }
    }
}

/// Thins a curve while its points pass by: the first one stays, the others are cut into parts of equal length, and of each
/// part its last point stays, with the extremes of the part.
package struct CurveThinner {
    package private(set) var points: [CurvePoint] = []
    /// Whether it takes fewer points than there are.
    package let isThinning: Bool
    private let parts: BucketSample
    /// The part that is passing by, and where it ends.
    private var part: Int64 = 0
    private var end: Int64 = 0
    private var passed: Int64 = 0
    private var open: CurvePoint?

    /// - Parameters:
    ///   - pointCount: how many points will pass by.
    ///   - maximum: how many stay at the most, at least 2.
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
        // `end` counts from the second point on: the first one is a part by itself.
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
