import SQLite
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct LatestMetricTests {
    /// The way the points of one run are logged.
    enum Delivery: CaseIterable {
        case onePerRequest
        case oneByOneInOneRequest
        case oneBatch
    }

    private static let places: [MetricPlace] = [
        MetricPlace(value: .nan, timestamp: 0, step: 0), MetricPlace(value: 0, timestamp: 0, step: 0),
        MetricPlace(value: -.infinity, timestamp: 0, step: 0), MetricPlace(value: .infinity, timestamp: 1, step: 0),
        MetricPlace(value: -0.0, timestamp: 0, step: 0), MetricPlace(value: 1, timestamp: 0, step: 1),
    ]

    @Test(arguments: Delivery.allCases)
    func `the latest point is the maximum whatever the order`(delivery: Delivery) throws {
        let fixture = try StoreFixture()
        // One commit per point is slow, so only some of the sequences are tested with it.
        let worlds = permutations(of: Self.places).enumerated()
            .filter { delivery != .onePerRequest || $0.offset % 9 == 0 }.map(\.element)
        var runIDs: [String] = []
        for _ in worlds { runIDs.append(try fixture.createRun()) }
        for (world, runID) in zip(worlds, runIDs) {
            try deliver(world.map { $0.metric(key: "loss") }, to: runID, in: fixture, delivery)
        }
        let found = try fixture.rows(Self.summaries)
        let expected = zip(worlds, runIDs).map { [$1] + MetricModel($0).row }
        #expect(found.sorted { $0[0] < $1[0] } == expected.sorted { $0[0] < $1[0] })
    }

    @Test func `steps and times beyond all bounds are compared as numbers`() throws {
        let fixture = try StoreFixture()
        let places = [
            MetricPlace(value: 1, timestamp: 0, step: .min), MetricPlace(value: 2, timestamp: .max, step: -1),
            MetricPlace(value: 3, timestamp: 5, step: .max), MetricPlace(value: 3, timestamp: 5, step: .max),
        ]
        for world in permutations(of: places) {
            let runID = try fixture.createRun()
            try fixture.write { try $0.logMetrics(world.map { $0.metric(key: "m") }, runID: runID) }
            let metrics = try fixture.read { try $0.run(id: runID).metrics }
            #expect(metrics == [Metric(key: "m", value: 3, timestamp: 5, step: .max)])
        }
    }

    private func deliver(
        _ metrics: [Metric],
        to runID: String,
        in fixture: StoreFixture,
        _ delivery: Delivery
    ) throws {
        switch delivery {
        case .onePerRequest:
            for metric in metrics { try fixture.write { try $0.logMetrics([metric], runID: runID) } }
        case .oneByOneInOneRequest:
            try fixture.write { session in
                for metric in metrics { try session.logMetrics([metric], runID: runID) }
            }
        case .oneBatch:
            let batch = LogBatch(metrics: metrics)
            try fixture.write { try $0.log(batch, runID: runID) }
        }
    }

    private static let summaries = """
        SELECT runs.run_id, latest.value, latest.is_nan, latest.timestamp, latest.step, latest.point_count,
            latest.in_order, latest.minimum, latest.minimum_step, latest.maximum, latest.maximum_step
        FROM latest_metrics AS latest
        JOIN runs ON runs.id = latest.run_id
        """
}

/// A point without its key.
struct MetricPlace: Sendable, Equatable {
    var value: Double
    var timestamp: Int64
    var step: Int64

    func metric(key: String) -> Metric {
        Metric(key: key, value: value, timestamp: timestamp, step: step)
    }

    /// The values in the database: NaN is 0 with a flag, the infinities are the largest finite numbers.
    var stored: (value: Double, isNaN: Int64) {
        if value.isNaN { return (0, 1) }
        if value.isInfinite { return (value > 0 ? .greatestFiniteMagnitude : -.greatestFiniteMagnitude, 0) }
        return (value, 0)
    }
}

/// What the store must cache for points in order of arrival, computed from all points at once.
struct MetricModel {
    let latest: MetricPlace
    let count: Int
    let isInOrder: Bool
    /// Those that are numbers, the least first.
    private let numbers: [MetricPlace]

    init(_ arrivals: [MetricPlace]) {
        var distinct: [MetricPlace] = []
        for place in arrivals where !distinct.contains(where: { Self.isSame($0, place) }) { distinct.append(place) }
        // Of equal points the first one stays, as in the reference.
        var latest = distinct[0]
        for place in distinct
        where (place.step, place.timestamp, place.stored.value) > (latest.step, latest.timestamp, latest.stored.value) {
            latest = place
        }
        self.latest = latest
        count = distinct.count
        numbers = distinct.filter { $0.stored.isNaN == 0 }.sorted { $0.stored.value < $1.stored.value }
        isInOrder = zip(distinct, distinct.dropFirst()).allSatisfy { left, right in
            (left.timestamp, left.step, left.stored.value, left.stored.isNaN)
                < (right.timestamp, right.step, right.stored.value, right.stored.isNaN)
                && (left.step, left.timestamp, left.stored.value, left.stored.isNaN)
                    < (right.step, right.timestamp, right.stored.value, right.stored.isNaN)
        }
    }

    /// The columns of `latest_metrics` as SQLite writes them.
    var row: [String] {
        let extremes = [numbers.first, numbers.last].flatMap { extreme in
            [extreme.map { Self.text($0.stored.value) } ?? "", extreme.map { "\($0.step)" } ?? ""]
        }
        return [
            Self.text(latest.stored.value), "\(latest.stored.isNaN)", "\(latest.timestamp)", "\(latest.step)",
            "\(count)",
            isInOrder ? "1" : "0",
        ] + extremes
    }

    private static func text(_ value: Double) -> String {
        switch value {
        case .greatestFiniteMagnitude: "1.79769313486232e+308"
        case -.greatestFiniteMagnitude: "-1.79769313486232e+308"
        case 0: "0.0"
        default: "\(value)"
        }
    }

    private static func isSame(_ left: MetricPlace, _ right: MetricPlace) -> Bool {
        left.stored == right.stored && left.timestamp == right.timestamp && left.step == right.step
    }
}

/// All permutations of the elements.
func permutations<Element>(of elements: [Element]) -> [[Element]] {
    guard let first = elements.first else { return [[]] }
    return permutations(of: Array(elements.dropFirst())).flatMap { rest in
        (0...rest.count).map { Array(rest[..<$0]) + [first] + Array(rest[$0...]) }
    }
}
