internal import Budgets
internal import JSON
internal import Synchronization
internal import Tracking
internal import TrackingStore

extension MLflowAPI {
    /// Metrics of several runs as lines to be drawn, or what has been added to them.
    func getMetricCurves(_ message: RequestMessage) throws -> Operation {
        let writer = CurveWriter(try CurveQuestion(message))
        return .read { session in
            var first: [UInt8] = []
            guard try writer.appendPart(to: &first, in: session) else { return .json(bytes: first) }
            let body = BegunBody(first, CurvesBody(writer, store: store, after: session), reportFailure: reportFailure)
            return APIResponse(headers: [("Content-Type", "application/json")], body: .stream(body))
        }
    }
}

/// Which curves are asked for.
private struct CurveQuestion {
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
        request = CurveRequest(
            axis: axis == .step ? .step : .time,
            maximumPoints: points,
            readPoints: Int64(max(Self.readPoints / (runIDs.count * keys.count), Self.readPointsOfEach))
        )
        let after = try message.message("after")
        for key in keys {
            for runID in runIDs {
                let position = try after?.member(runID)?.message?.member(key)?.string("after")
                curves.append((MetricHistory(runID: runID, key: key), try position?.checked("after", limit: 200)))
            }
        }
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

/// Writes the answer to `metrics/curves` part by part; each part is read by itself.
private final class CurveWriter: Sendable {
    private struct Progress {
        var next = 0
        var hasCurves = false
        /// Points that may still be read of histories longer than a few thousand points.
        var readPoints = CurveWriter.readPoints
    }

    /// Points of histories that one answer reads, after which it only samples them.
    private static let readPoints: Int64 = 4_000_000
    /// Bytes of text after which a part ends.
    private static let bytesAtOnce = 128 * 1_024

    private let question: CurveQuestion
    private let progress = Mutex(Progress())

    init(_ question: CurveQuestion) {
        self.question = question
    }

    /// - Returns: whether there is more.
    func appendPart(to bytes: inout [UInt8], in session: ReadSession) throws -> Bool {
        var progress = progress.withLock { $0 }
        let begins = progress.next == 0
        var writer = JSONWriter(capacity: Self.bytesAtOnce + 32 * 1_024)
        writer.beginArray()
        while progress.next < question.curves.count, writer.bytes.count < Self.bytesAtOnce {
            let (history, position) = question.curves[progress.next]
            var request = question.request
            if progress.readPoints <= 0 { request.readPoints = 4 * Int64(request.maximumPoints) }
            if let curve = try session.curve(of: history, request, after: position) {
                progress.readPoints -= min(curve.pointCount, request.readPoints)
                writer.write(curve, of: history)
            }
            progress.next += 1
        }
        writer.endArray()
        let part = writer.takeBytes().dropFirst().dropLast()
        if begins { bytes.append(contentsOf: "{\"curves\":[".utf8) }
        if progress.hasCurves, !part.isEmpty { bytes.append(UInt8(ascii: ",")) }
        bytes.append(contentsOf: part)
        progress.hasCurves = progress.hasCurves || !part.isEmpty
        self.progress.withLock { [progress] in $0 = progress }
        guard progress.next == question.curves.count else { return true }
        bytes.append(contentsOf: "]}".utf8)
        return false
    }
}

/// What follows the part that is there already.
private final class CurvesBody: APIBodyProducer {
    private let writer: CurveWriter
    private let store: TrackingStore
    private let caller: Caller
    private let effort: ReadEffort

    /// - Parameter session: has read the first part.
    init(_ writer: CurveWriter, store: TrackingStore, after session: ReadSession) {
        self.writer = writer
        self.store = store
        caller = session.caller
        effort = session.sharedEffort()
    }

    /// A part may exceed its length by one curve.
    var memoryBytes: Int { 448 * 1_024 }

    func next(into buffer: inout [UInt8]) throws -> Bool {
        let (part, hasMore) = try store.readNow(.continued, for: caller, effort: effort) { [writer] session in
            var part: [UInt8] = []
            let hasMore = try writer.appendPart(to: &part, in: session)
            return (part, hasMore)
        }
        buffer.append(contentsOf: part)
        return hasMore
    }
}

extension JSONWriter {
    fileprivate mutating func write(_ curve: MetricCurve, of history: MetricHistory) {
        beginObject()
        member("run_id", history.runID)
        member("key", history.key)
        member("count", curve.pointCount)
        member("mode", curve.mode == .whole ? "whole" : "append")
        if curve.isSampled { member("sampled", true) }
        member("position", curve.position)
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
