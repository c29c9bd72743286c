internal import Tracking

/// Collects the points of a run, which event files contain in mixed order, into records of one metric each.
struct PointBuffer {
    private static let pointsPerRecord = 5_000
    /// The maximum number of points of all metrics that are collected before they are emitted.
    private static let maximumPoints = 50_000

    private let runID: String
    /// The collected points, by the index of their key in the run.
    private var waiting: [(key: String, points: [MetricPoint])] = []
    private var count = 0

    init(runID: String) { self.runID = runID }

    /// Adds a point, and emits full records.
    ///
    /// - Parameter index: the index of the key; a new key has the next free index.
    mutating func add(_ point: MetricPoint, _ key: String, _ index: Int, _ emit: (TransferItem) throws -> Void) throws {
        if index == waiting.count { waiting.append((key, [])) }
        waiting[index].points.append(point)
        count += 1
        if waiting[index].points.count == Self.pointsPerRecord {
            try send(index, emit)
        } else if count == Self.maximumPoints {
            try send(emit)
        }
    }

    /// Emits all collected points.
    mutating func send(_ emit: (TransferItem) throws -> Void) throws {
        for index in waiting.indices where !waiting[index].points.isEmpty { try send(index, emit) }
    }

    private mutating func send(_ index: Int, _ emit: (TransferItem) throws -> Void) throws {
        let (key, points) = waiting[index]
        waiting[index].points = []
        count -= points.count
        try emit(.record(.points(TransferredPoints(runID: runID, key: key, points: points))))
    }
}
