internal import SQLite
internal import Tracking

// To draw a metric of millions of points, only some of its points are read: points that lie evenly in time are looked
// up, and a few of the points after each of them are read. The extremes of the whole metric are known from its summary.

extension ReadSession {
    func sampledCurve(of place: CurvePlace, _ request: CurveRequest) throws -> MetricCurve {
        guard let first = try neighbor(.next, of: (.min, .min), in: place.series),
            let last = try neighbor(.previous, of: (.max, .max), in: place.series)
        else { throw StoreCorruption("no points were found of a metric whose summary counts some") }
        var points = try sample(of: place, request, from: first, to: last)
        // The summary knows the step of an extreme, which is its place only where time and step grow together.
        if place.summary.isInOrder, let extremes = place.summary.extremes {
            Self.add([extremes.minimum, extremes.maximum], to: &points)
        }
        return place.curve(.whole, points, isThinned: true, isSampled: true, last: last)
    }

    /// Some points of a history from one point to another, both included, in the order of the axis.
    func sample(
        of place: CurvePlace,
        _ request: CurveRequest,
        from first: MetricPoint,
        to last: MetricPoint
    ) throws -> [CurvePoint] {
        let series = place.series
        var anchors = try CurveAnchors(first: first, last: last) { try self.neighbor($0, of: $1, in: series) }
            .points(request.maximumPoints)
        let readEach = max(request.readPoints / Int64(request.maximumPoints), 1)
        for index in anchors.indices.dropFirst() {
            try cover(&anchors[index], from: anchors[index - 1].point, upTo: readEach, in: series)
        }
        if request.axis == .step, !place.summary.isInOrder {
            anchors.sort { ($0.point.step, $0.point.timestamp) < ($1.point.step, $1.point.timestamp) }
        }
        return anchors
    }

    /// Reads points from `start` towards an anchor, at most `limit`, and widens the anchor's range to include them.
    private func cover(
        _ anchor: inout CurvePoint,
        from start: MetricPoint,
        upTo limit: Int64,
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

    /// Adds each extreme to the first anchor at or behind its step.
    static func add(_ extremes: [MetricExtreme], to anchors: inout [CurvePoint]) {
        for extreme in extremes {
            let index = anchors.firstIndex { $0.point.step >= extreme.step } ?? anchors.count - 1
            anchors[index].widen(to: extreme.value)
        }
    }

    /// The point nearest to a place of a history on one side, by time and then by step; a point at the place itself
    /// counts.
    func neighbor(
        _ side: CurveAnchors.Side,
        of place: CurveAnchors.Place,
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
        return try connection.query(sql, series.runRow, series.keyID, place.timestamp, place.step)
            .firstRow { MetricPoint(row: $0, column: 0) }
    }
}

/// Finds points of a history that lie evenly in time, by halving the widest of the gaps between the points found so
/// far.
///
/// Each halving takes two look-ups, and a time without points costs one halving.
struct CurveAnchors {
    typealias Place = (timestamp: Int64, step: Int64)

    /// The side of a place on which a point is looked for.
    enum Side {
        case next
        case previous
    }

    /// Two points between which there may be more.
    private struct Gap {
        var start: MetricPoint
        var end: MetricPoint

        /// Gaps are halved in descending order of their time, and then of their steps.
        var width: (Double, Double) {
            (Double(end.timestamp) - Double(start.timestamp), Double(end.step) - Double(start.step))
        }

        /// The last place before the middle, and the first one behind it; nil where nothing can lie between.
        var middle: (before: Place, behind: Place)? {
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
    private let neighbor: (Side, Place) throws -> MetricPoint?

    /// - Parameter neighbor: gives the point of the history next to a place; a point at the place itself counts.
    init(first: MetricPoint, last: MetricPoint, neighbor: @escaping (Side, Place) throws -> MetricPoint?) {
        self.first = first
        self.last = last
        self.neighbor = neighbor
    }

    /// At most `limit` points in the order of the history, including the first and the last.
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

    /// The halves of a gap in which there may be more points; the points that bound them are added to `found`.
    private func halved(_ gap: Gap, _ found: inout [MetricPoint]) throws -> [Gap] {
        guard let middle = gap.middle, let left = try neighbor(.previous, middle.before),
            let right = try neighbor(.next, middle.behind)
        else { return [] }
        var halves: [Gap] = []
        // Points at the very place of an end, with another value, are left out.
        if Self.isBehind(left, gap.start) {
            found.append(left)
            halves.append(Gap(start: gap.start, end: left))
        }
        if Self.isBehind(gap.end, right) {
            found.append(right)
            halves.append(Gap(start: right, end: gap.end))
        }
        return halves
    }

    private static func isBehind(_ point: MetricPoint, _ other: MetricPoint) -> Bool {
        (point.timestamp, point.step) > (other.timestamp, other.step)
    }

    private static func sorted(_ points: [MetricPoint]) -> [CurvePoint] {
        points.sorted { isBehind($1, $0) }.map { CurvePoint($0) }
    }
}
