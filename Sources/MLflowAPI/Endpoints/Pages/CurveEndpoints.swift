internal import HTTPWire
internal import JSON
internal import Tracking

extension MLflowAPI {
    /// Returns metrics of several runs as curves for drawing, or only the points that were added since an earlier answer.
    func getMetricCurves(_ message: RequestMessage) throws -> Operation {
        let selection = try CurveSelection(message)
        return inParts { _ in CurvesInParts(selection) }
    }
}

private struct CurveSelection: Sendable {
    private enum Axis: String, CaseIterable {
        case step
        case time
    }

    private(set) var curves: [(history: MetricHistory, position: String?)] = []
    let request: CurveRequest

    /// The maximum number of points in one answer, in all curves together.
    private static let maximumPoints = 1_000_000
    /// The number of points that may be read, divided among all curves of the request.
    private static let readPoints = 1_000_000
    /// The number of points that may be read for each curve even if there are many curves.
    private static let readPointsOfEach = 20_000

    init(_ message: RequestMessage) throws(TrackingError) {
        let runIDs = try Self.requiredTexts("run_ids", message)
        let keys = try Self.requiredTexts("keys", message)
        let points = try message.integer("max_points", in: 2...2_500, default: 320)
        let axis = try message.choice("x", of: Axis.self) ?? .step
        guard runIDs.count * keys.count * points <= Self.maximumPoints else {
            throw .invalidParameter(
                "\(runIDs.count) runs with \(keys.count) keys of \(points) points are more than \(Self.maximumPoints) "
                    + "points. Ask for fewer runs or keys, or a smaller 'max_points'."
            )
        }
        var request = CurveRequest(
            axis: axis == .step ? .step : .time,
            maximumPoints: points,
            maximumPointsRead: Int64(max(Self.readPoints / (runIDs.count * keys.count), Self.readPointsOfEach))
        )
        request.range = try Self.range(message)
        self.request = request
        let after = try message.message("after")
        guard after == nil || request.range == nil else {
            throw .invalidParameter("'after' is only for whole curves; leave out either 'after' or 'from' and 'to'.")
        }
        for key in keys {
            for runID in runIDs {
                let position = try after?.member(runID)?.message?.member(key)?.string("after")
                curves.append((MetricHistory(runID: runID, key: key), try position?.checked("after", limit: 200)))
            }
        }
    }

    /// Reads `from` and `to`, the part of the axis that the page shows; nil for the whole axis.
    private static func range(_ message: RequestMessage) throws(TrackingError) -> ClosedRange<Int64>? {
        let from = try message.integer("from")
        let to = try message.integer("to")
        guard from != nil || to != nil else { return nil }
        let (first, last) = (from ?? .min, to ?? .max)
        guard first <= last else {
            throw .invalidParameter("'to' must not be less than 'from'. Found from=\(first) and to=\(last).")
        }
        return first...last
    }

    private static func requiredTexts(_ name: String, _ message: RequestMessage) throws(TrackingError) -> [String] {
        guard let texts = try message.strings(name), !texts.isEmpty else { throw RequestMessage.missing(name) }
        guard texts.count <= 100 else {
            throw .invalidParameter("'\(name)' has \(texts.count) elements; at most 100 are allowed.")
        }
        for text in texts { _ = try text.checked(name, limit: OpenFieldLimits.textLength) }
        return texts
    }
}

/// The answer to `metrics/curves`.
private struct CurvesInParts: AnswerInParts {
    /// The number of points that an answer may read before it only samples the remaining curves.
    private static let readPoints: Int64 = 4_000_000
    /// The estimated length of text, in bytes, after which a part ends.
    private static let bytesAtOnce = 128 * 1_024

    private let selection: CurveSelection
    /// The index of the curve that is read next.
    private var next = 0
    /// The curves that have been read and not yet written.
    private var part: [(history: MetricHistory, curve: MetricCurve)] = []
    /// The number of points that the answer may still read before it only samples.
    private var readPoints = Self.readPoints
    private var list = ListInParts("curves", isWrittenEmpty: true)

    init(_ selection: CurveSelection) { self.selection = selection }

    /// The memory for one part, both as values and as text.
    ///
    /// A part may be longer than `bytesAtOnce` by one curve.
    var memoryBytes: Int { 640 * 1_024 }

    mutating func readPart(in session: any TrackingReading) throws {
        var bytes = 0
        while next < selection.curves.count, bytes < Self.bytesAtOnce {
            let (history, position) = selection.curves[next]
            var request = selection.request
            if readPoints <= 0 { request.maximumPointsRead = 4 * Int64(request.maximumPoints) }
            if let curve = try session.curve(of: history, request, after: position) {
                readPoints -= min(curve.pointCount, request.maximumPointsRead)
                bytes += 200 + (curve.isThinned ? 80 : 44) * curve.points.count
                part.append((history, curve))
            }
            next += 1
        }
    }

    mutating func writePart(to bytes: inout [UInt8]) -> Bool {
        list.append(capacity: Self.bytesAtOnce, to: &bytes) { writer in
            for (history, curve) in part { writer.write(curve, of: history) }
        }
        part = []
        guard next == selection.curves.count else { return true }
        list.end(to: &bytes) { _ in }
        return false
    }
}

extension JSONWriter {
    mutating func write(_ curve: MetricCurve, of history: MetricHistory) {
        beginObject()
        member("run_id", history.runID)
        member("key", history.key)
        member("count", curve.pointCount)
        member("mode", curve.mode == .whole ? "whole" : "append")
        if curve.isSampled { member("sampled", true) }
        member("position", ifPresent: curve.position)
        memberArray("steps") { writer in for point in curve.points { writer.int(point.point.step) } }
        memberArray("timestamps") { writer in
            for point in curve.points { writer.int(point.point.timestamp) }
        }
        memberArray("values") { writer in
            for point in curve.points { writer.metricNumber(point.point.shownValue) }
        }
        if curve.isThinned { writeRanges(of: curve.points) }
        endObject()
    }

    private mutating func writeRanges(of points: [CurvePoint]) {
        memberArray("min") { writer in
            for point in points { writer.metricNumber(orNull: point.range?.lowerBound) }
        }
        memberArray("max") { writer in
            for point in points { writer.metricNumber(orNull: point.range?.upperBound) }
        }
        guard points.contains(where: { $0.nanCount > 0 }) else { return }
        memberArray("nan") { writer in for point in points { writer.int(point.nanCount) } }
    }

    private mutating func metricNumber(orNull value: Double?) {
        if let value { metricNumber(value) } else { null() }
    }
}
