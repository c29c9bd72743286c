internal import SQLite
internal import Tracking

// A metric of millions of points is not read for every picture of it. Points that lie evenly in time are looked up, a part
// of what lies between them is read, and the extremes of the whole metric are known.

extension ReadSession {
    func sampledCurve(of place: CurvePlace, _ request: CurveRequest) throws -> MetricCurve {
        guard let first = try neighbor(.next, of: (.min, .min), in: place.series),
            let last = try neighbor(.previous, of: (.max, .max), in: place.series)
        else { throw StoreCorruption("a metric that has points has none") }
        var points = try sample(of: place, request, from: first, to: last)
        Self.add(place.summary.extremes.map { [$0.minimum, $0.maximum] } ?? [], to: &points)
        return place.curve(.whole, points, isThinned: true, isSampled: true, last: last)
    }

    /// Points of a history between two of them, these included, in the order of the axis.
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

    /// Reads some of the points behind one anchor, for the range of the next.
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
            anchor.cover(point)
        }
    }

    /// An extreme belongs to the point at or behind its step.
    static func add(_ extremes: [MetricExtreme], to anchors: inout [CurvePoint]) {
        for extreme in extremes {
            let index = anchors.firstIndex { $0.point.step >= extreme.step } ?? anchors.count - 1
            anchors[index].widen(to: extreme.value)
        }
    }

    /// The point next to a place in a history, by time and then by step; the place itself comes next.
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

/// Finds points of a history that lie as evenly in time as its points do, by halving the widest of the gaps between those
/// that are known: two look-ups for each half, and times without points cost one halving.
struct CurveAnchors {
    typealias Place = (timestamp: Int64, step: Int64)

    /// Of a place, on which side a point is looked for.
    enum Side {
        case next
        case previous
    }

    /// Two points between which there may be more.
    private struct Gap {
        var start: MetricPoint
        var end: MetricPoint

        /// Wider gaps are halved first; those of one time by their steps.
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

    /// - Parameter neighbor: the point of the history next to a place, the place included.
    init(first: MetricPoint, last: MetricPoint, neighbor: @escaping (Side, Place) throws -> MetricPoint?) {
        self.first = first
        self.last = last
        self.neighbor = neighbor
    }

    /// At most so many points in the order of the history, the first and the last among them.
    func points(_ limit: Int) throws -> [CurvePoint] {
        guard first != last else { return [CurvePoint(first)] }
        var found = [first, last]
        var gaps = [Gap(start: first, end: last)]
        while !gaps.isEmpty, found.count < limit {
            var halves: [Gap] = []
            for gap in gaps.sorted(by: { $0.width > $1.width }) {
                // A half may bring two points.
                guard found.count + 2 <= limit else { return Self.sorted(found) }
                halves += try halved(gap, &found)
            }
            gaps = halves
        }
        return Self.sorted(found)
    }

    /// The halves of a gap in which there may be more points; what bounds them is added to those that are found.
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
