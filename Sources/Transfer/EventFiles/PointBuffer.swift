internal import Tracking

/// Collects the points of a run, which event files contain in mixed order, into records of one metric each.
struct PointBuffer {
    /// The maximum number of points of all metrics that are collected before they are emitted.
    private static let maximumPoints = 50_000

    private let runID: String
    /// The metrics with their collected points, by the index of their key in `RunEvents.keys`.
    private var metrics: [(key: String, points: [MetricPoint])] = []
    private var pointCount = 0

    init(runID: String) { self.runID = runID }

    /// Adds a point, and emits full records.
    ///
    /// - Parameter index: the index of the key in `RunEvents.keys`; a new key has the next index.
    mutating func add(_ point: MetricPoint, _ key: String, _ index: Int, _ emit: (TransferItem) throws -> Void) throws {
        if index == metrics.count { metrics.append((key, [])) }
        metrics[index].points.append(point)
        pointCount += 1
        if metrics[index].points.count == TransferFileLimits.pointsPerRecord {
            try emitPoints(index, emit)
        } else if pointCount == Self.maximumPoints {
            try emitPoints(emit)
        }
    }

    /// Emits all collected points.
    mutating func emitPoints(_ emit: (TransferItem) throws -> Void) throws {
        for index in metrics.indices where !metrics[index].points.isEmpty { try emitPoints(index, emit) }
    }

    private mutating func emitPoints(_ index: Int, _ emit: (TransferItem) throws -> Void) throws {
        let (key, points) = metrics[index]
        metrics[index].points = []
        pointCount -= points.count
        try emit(.record(.points(TransferredPoints(runID: runID, key: key, points: points))))
    }
}
