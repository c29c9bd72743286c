internal import Tracking

/// Collects the points of a run, which event files mix, into records of one metric each.
struct PointBuffer {
    private static let pointsPerRecord = 5_000
    /// The most points of all metrics that wait.
    private static let maximumPoints = 50_000

    private let runID: String
    /// By the place of the key among those of the run.
    private var waiting: [(key: String, points: [MetricPoint])] = []
    private var count = 0

    init(runID: String) {
        self.runID = runID
    }

    /// - Parameter index: the place of the key; new ones follow each other.
    mutating func add(
        _ point: MetricPoint,
        _ key: String,
        _ index: Int,
        _ take: (TransferItem) throws -> Void
    ) throws {
        if index == waiting.count { waiting.append((key, [])) }
        waiting[index].points.append(point)
        count += 1
        if waiting[index].points.count == Self.pointsPerRecord {
            try send(index, take)
        } else if count == Self.maximumPoints {
            try send(take)
        }
    }

    /// Passes on everything that waits.
    mutating func send(_ take: (TransferItem) throws -> Void) throws {
        for index in waiting.indices where !waiting[index].points.isEmpty { try send(index, take) }
    }

    private mutating func send(_ index: Int, _ take: (TransferItem) throws -> Void) throws {
        let (key, points) = waiting[index]
        waiting[index].points = []
        count -= points.count
        try take(.record(.points(TransferredPoints(runID: runID, key: key, points: points))))
    }
}
