internal import SQLite
internal import Tracking

// To draw a metric with millions of points, only some of the points are read: points at about equal distances in time, called
// anchors, and a few points after each anchor. The extremes of the whole metric are read from its summary.

extension ReadSession {
    func sampledCurve(of metric: CurveMetric, _ request: CurveRequest) throws -> MetricCurve {
        guard let first = try neighbor(.next, of: (.min, .min), in: metric.series),
            let last = try neighbor(.previous, of: (.max, .max), in: metric.series)
        else { throw StoreCorruption("no points were found of a metric whose summary counts some") }
        var points = try sample(of: metric, request, from: first, to: last)
        // The summary contains the step of an extreme and not its time. The step shows between which points the extreme belongs
        // only if time and step increase together.
        if metric.summary.isInOrder, let extremes = metric.summary.extremes {
            Self.add([extremes.minimum, extremes.maximum], to: &points)
        }
        return metric.curve(.whole, points, isThinned: true, isSampled: true, last: last)
    }

    /// Returns a sample of a history from one point to another, both included, in the order of the axis.
    func sample(
        of metric: CurveMetric,
        _ request: CurveRequest,
        from first: MetricPoint,
        to last: MetricPoint
    ) throws -> [CurvePoint] {
        let series = metric.series
        var anchors = try CurveAnchors(first: first, last: last) { try self.neighbor($0, of: $1, in: series) }
            .points(request.maximumPoints)
        let pointsPerAnchor = max(request.maximumPointsRead / Int64(request.maximumPoints), 1)
        for index in anchors.indices.dropFirst() {
            try widen(&anchors[index], byPointsAfter: anchors[index - 1].point, limit: pointsPerAnchor, in: series)
        }
        if request.axis == .step, !metric.summary.isInOrder {
            anchors.sort { ($0.point.step, $0.point.timestamp) < ($1.point.step, $1.point.timestamp) }
        }
        return anchors
    }

    /// Reads the first `limit` points between `start` and an anchor, and widens the anchor's range to include them.
    private func widen(
        _ anchor: inout CurvePoint,
        byPointsAfter start: MetricPoint,
        limit: Int64,
        in series: MetricSeries
    ) throws {
        let query = try historyQuery(series, .after(start.sortValues), limit: Int(limit))
        defer { query.reset() }
        while try query.step() {
            let point = MetricPoint(row: query, column: 0)
            if point == anchor.point { break }
            anchor.include(point)
        }
    }

    /// Widens the range of the first anchor whose step is at least the extreme's step, so that it includes the extreme.
    static func add(_ extremes: [MetricExtreme], to anchors: inout [CurvePoint]) {
        for extreme in extremes {
            let index = anchors.firstIndex { $0.point.step >= extreme.step } ?? anchors.count - 1
            anchors[index].widen(to: extreme.value)
        }
    }

    /// Returns the point of a history that is at a position, or else the nearest one on the given side; nil if there is none.
    func neighbor(
        _ side: CurveAnchors.Side,
        of position: CurveAnchors.Position,
        in series: MetricSeries
    ) throws -> MetricPoint? {
        let condition = side == .next ? ">= (?3, ?4)" : "<= (?3, ?4)"
        let direction = side == .next ? "" : " DESC"
        let sql = """
            SELECT value, is_nan, timestamp, step FROM metrics
            WHERE run_id = ?1 AND key_id = ?2 AND (timestamp, step) \(condition)
            ORDER BY timestamp\(direction), step\(direction), value\(direction), is_nan\(direction)
            LIMIT 1
            """
        return try connection.query(sql, series.runRow, series.keyID, position.timestamp, position.step)
            .firstRow { MetricPoint(row: $0, column: 0) }
    }
}

/// Finds points of a history at about equal distances in time, by halving the widest gaps between the points found so far.
///
/// Halving a gap takes two look-ups, however long the gap is.
struct CurveAnchors {
    /// A position in a history, which is ordered by time and then by step.
    typealias Position = (timestamp: Int64, step: Int64)

    /// The side of a position on which a point is looked up.
    enum Side {
        case next
        case previous
    }

    /// Two points between which there may be further points.
    private struct Gap {
        var start: MetricPoint
        var end: MetricPoint

        /// The length of the gap in time and in steps; the widest gaps are halved first.
        var width: (Double, Double) {
            (Double(end.timestamp) - Double(start.timestamp), Double(end.step) - Double(start.step))
        }

        /// The last position before the middle of the gap and the first one after it; nil if the gap has no middle.
        var middle: (before: Position, after: Position)? {
            if end.timestamp > start.timestamp {
                let time = (start.timestamp...end.timestamp).middle
                return ((time, .max), (time + 1, .min))
            }
            guard end.step > start.step else { return nil }
            let step = (start.step...end.step).middle
            return ((end.timestamp, step), (end.timestamp, step + 1))
        }
    }

    private let first: MetricPoint
    private let last: MetricPoint
    private let neighbor: (Side, Position) throws -> MetricPoint?

    /// - Parameter neighbor: returns the point at a position, or else the nearest one on the given side.
    init(first: MetricPoint, last: MetricPoint, neighbor: @escaping (Side, Position) throws -> MetricPoint?) {
        self.first = first
        self.last = last
        self.neighbor = neighbor
    }

    /// Returns at most `limit` points in the order of the history, including the first and the last point.
    func points(_ limit: Int) throws -> [CurvePoint] {
        guard first != last else { return [CurvePoint(first)] }
        var found = [first, last]
        var gaps = [Gap(start: first, end: last)]
        while !gaps.isEmpty, found.count < limit {
            var halves: [Gap] = []
            for gap in gaps.sorted(by: { $0.width > $1.width }) {
                // Halving a gap may add two points.
                guard found.count + 2 <= limit else { return Self.sorted(found) }
                halves += try halved(gap, &found)
            }
            gaps = halves
        }
        return Self.sorted(found)
    }

    /// Returns the halves of a gap that may contain further points, and adds the points next to the middle to `found`.
    private func halved(_ gap: Gap, _ found: inout [MetricPoint]) throws -> [Gap] {
        guard let middle = gap.middle, let left = try neighbor(.previous, middle.before),
            let right = try neighbor(.next, middle.after)
        else { return [] }
        var halves: [Gap] = []
        // A point with the time and step of an end of the gap, but with another value, is left out.
        if Self.isAfter(left, gap.start) {
            found.append(left)
            halves.append(Gap(start: gap.start, end: left))
        }
        if Self.isAfter(gap.end, right) {
            found.append(right)
            halves.append(Gap(start: right, end: gap.end))
        }
        return halves
    }

    private static func isAfter(_ point: MetricPoint, _ other: MetricPoint) -> Bool {
        (point.timestamp, point.step) > (other.timestamp, other.step)
    }

    private static func sorted(_ points: [MetricPoint]) -> [CurvePoint] {
        points.sorted { isAfter($1, $0) }.map { CurvePoint($0) }
    }
}
