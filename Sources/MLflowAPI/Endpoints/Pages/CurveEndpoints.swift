internal import Budgets
internal import HTTPWire
internal import JSON
internal import Synchronization
internal import Tracking
internal import TrackingStore

extension MLflowAPI {
    /// Metrics of several runs as lines to be drawn, or what has been added to them.
    func getMetricCurves(_ message: RequestMessage) throws -> Operation {
        let question = try CurveQuestion(message)
        return .read { session in
            try CurvesBody(question, store: store, in: session)
        } encode: {
            try stream($0)
        }
    }
}

/// Which curves are asked for.
private struct CurveQuestion: Sendable {
    private enum Axis: String, CaseIterable {
        case step
        case time
    }

    private(set) var curves: [(history: MetricHistory, position: String?)] = []
    let request: CurveRequest

    /// Points of all curves of one answer at the most.
    private static let maximumPoints = 1_000_000
    /// Points of one metric that are read at the most, shared by the curves of an answer; a few of each are read in any case.
    private static let readPoints = 1_000_000
    private static let readPointsOfEach = 20_000

    init(_ message: RequestMessage) throws(TrackingError) {
        let runIDs = try Self.names("run_ids", message)
        let keys = try Self.names("keys", message)
        let points = try message.integer("max_points", in: 2...2_500, standard: 320)
        let axis = try message.choice("x", of: Axis.self) ?? .step
        guard runIDs.count * keys.count * points <= Self.maximumPoints else {
            throw .invalidParameter(
                "\(runIDs.count) runs with \(keys.count) keys of \(points) points are more than \(Self.maximumPoints) points. "
                    + "Ask for fewer runs or keys, or a smaller 'max_points'."
            )
        }
        var request = CurveRequest(
            axis: axis == .step ? .step : .time,
            maximumPoints: points,
            readPoints: Int64(max(Self.readPoints / (runIDs.count * keys.count), Self.readPointsOfEach))
        )
        request.range = try Self.range(message)
        self.request = request
        let after = try message.message("after")
        guard after == nil || request.range == nil else {
            throw .invalidParameter("'after' follows whole curves; leave out either it or 'from' and 'to'.")
        }
        for key in keys {
            for runID in runIDs {
                let position = try after?.member(runID)?.message?.member(key)?.string("after")
                curves.append((MetricHistory(runID: runID, key: key), try position?.checked("after", limit: 200)))
            }
        }
    }

    /// The part that is looked at more closely; nil for all.
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

    private static func names(_ name: String, _ message: RequestMessage) throws(TrackingError) -> [String] {
        guard let names = try message.strings(name), !names.isEmpty else { throw RequestMessage.missing(name) }
        guard names.count <= 100 else {
            throw .invalidParameter("'\(name)' has \(names.count) elements; at most 100 are taken.")
        }
        for text in names { _ = try text.checked(name, limit: OpenFieldLimits.textLength) }
        return names
    }
}

/// The answer to `metrics/curves`, part by part: each is read as values inside a read transaction, and written outside.
private final class CurvesBody: HTTPBodyProducer {
    private struct Progress {
        /// The curve of the question that is read next.
        var next = 0
        /// Curves that have been read and not yet written.
        var part: [(history: MetricHistory, curve: MetricCurve)]?
        var isFirst = true
        var hasCurves = false
        /// Points that may still be read of histories longer than a few thousand points.
        var readPoints = CurvesBody.readPoints
    }

    /// Points of histories that one answer reads, after which it only samples them.
    private static let readPoints: Int64 = 4_000_000
    /// Bytes of text, estimated, after which a part ends.
    private static let bytesAtOnce = 128 * 1_024

    private let question: CurveQuestion
    private let store: TrackingStore
    private let caller: Caller
    private let effort: ReadEffort
    private let progress: Mutex<Progress>

    /// A part may exceed its length by one curve, and is held as values and as text.
    let memoryBytes = 640 * 1_024

    /// Reads the first part.
    init(_ question: CurveQuestion, store: TrackingStore, in session: ReadSession) throws {
        self.question = question
        self.store = store
        caller = session.caller
        effort = session.sharedEffort()
        var progress = Progress()
        try Self.readPart(&progress, of: question, in: session)
        self.progress = Mutex(progress)
    }

    func next(into buffer: inout [UInt8]) throws -> Bool {
        var progress = progress.withLock { $0 }
        if progress.part == nil {
            progress = try store.readNow(.continued, for: caller, effort: effort) { [progress, question] session in
                var progress = progress
                try Self.readPart(&progress, of: question, in: session)
                return progress
            }
        }
        writePart(&progress, to: &buffer)
        self.progress.withLock { [progress] in $0 = progress }
        return progress.next < question.curves.count
    }

    private static func readPart(
        _ progress: inout Progress,
        of question: CurveQuestion,
        in session: ReadSession
    ) throws {
        var part: [(MetricHistory, MetricCurve)] = []
        var bytes = 0
        while progress.next < question.curves.count, bytes < bytesAtOnce {
            let (history, position) = question.curves[progress.next]
            var request = question.request
            if progress.readPoints <= 0 { request.readPoints = 4 * Int64(request.maximumPoints) }
            if let curve = try session.curve(of: history, request, after: position) {
                progress.readPoints -= min(curve.pointCount, request.readPoints)
                bytes += 200 + (curve.isThinned ? 80 : 44) * curve.points.count
                part.append((history, curve))
            }
            progress.next += 1
        }
        progress.part = part
    }

    /// Writes the curves that have been read, with the beginning and the end of the answer where they belong.
    private func writePart(_ progress: inout Progress, to bytes: inout [UInt8]) {
        let part = progress.part ?? []
        var writer = JSONWriter(capacity: Self.bytesAtOnce)
        writer.beginArray()
        for (history, curve) in part { writer.write(curve, of: history) }
        writer.endArray()
        if progress.isFirst { bytes.append(contentsOf: "{\"curves\":[".utf8) }
        if progress.hasCurves, !part.isEmpty { bytes.append(UInt8(ascii: ",")) }
        bytes.append(contentsOf: writer.takeBytes().dropFirst().dropLast())
        progress.part = nil
        progress.isFirst = false
        progress.hasCurves = progress.hasCurves || !part.isEmpty
        if progress.next == question.curves.count { bytes.append(contentsOf: "]}".utf8) }
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
        memberArray("steps") { writer in
            for point in curve.points { writer.int(point.point.step) }
        }
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
        memberArray("nan") { writer in
            for point in points { writer.int(point.nanCount) }
        }
    }

    private mutating func metricNumber(orNull value: Double?) {
        if let value { metricNumber(value) } else { null() }
    }
}
