import SQLite
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct CurveTests {
    private func curve(
        _ fixture: StoreFixture,
        _ runID: String,
        axis: MetricCurve.Axis = .step,
        maximum: Int = 50,
        reading: Int64 = 100_000,
        range: ClosedRange<Int64>? = nil,
        after position: String? = nil
    ) throws -> MetricCurve? {
        var request = CurveRequest(axis: axis, maximumPoints: maximum, maximumPointsRead: reading)
        request.range = range
        return try fixture.read { [request] session in
            try session.curve(of: MetricHistory(runID: runID, key: "m"), request, after: position)
        }
    }

    private func log(
        _ fixture: StoreFixture,
        _ runID: String,
        _ points: [(value: Double, time: Int64, step: Int64)]
    ) throws {
        let metrics = points.map { Metric(key: "m", value: $0.value, timestamp: $0.time, step: $0.step) }
        try fixture.write { try $0.logMetrics(metrics, runID: runID) }
    }

    @Test func `a short curve is told point by point`() throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun()
        #expect(try curve(fixture, runID) == nil)
        try log(fixture, runID, (0..<50).map { (Double($0), $0, $0) })
        let found = try #require(try curve(fixture, runID))
        #expect(found.mode == .whole && !found.isThinned && !found.isSampled && found.pointCount == 50)
        #expect(found.points.map(\.point.value) == (0..<50).map { Double($0) })
        #expect(try curve(fixture, "nothing") == nil)
    }

    @Test func `only what is new follows a position, and nothing when nothing is`() throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun()
        try log(fixture, runID, (0..<30).map { (Double($0), $0, $0) })
        let first = try #require(try curve(fixture, runID))
        #expect(try curve(fixture, runID, after: first.position) == nil)
        // The same point again is no new point.
        try log(fixture, runID, [(29, 29, 29)])
        #expect(try curve(fixture, runID, after: first.position) == nil)
        try log(fixture, runID, [(30, 30, 30), (31, 30, 31)])
        let second = try #require(try curve(fixture, runID, after: first.position))
        #expect(second.mode == .append && second.pointCount == 32)
        #expect(second.points.map(\.point.step) == [30, 31])
        // Many new points are thinned as all are.
        try log(fixture, runID, (32..<500).map { (Double($0), $0, $0) })
        let third = try #require(try curve(fixture, runID, after: second.position))
        #expect(third.mode == .append && third.isThinned && third.points.count == 50)
        #expect(third.points.first?.point.step == 32 && third.points.last?.point.step == 499)
    }

    @Test func `points that come in between make the curve whole again`() throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun()
        try log(fixture, runID, [(1, 10, 1), (2, 20, 2)])
        let first = try #require(try curve(fixture, runID, axis: .time))
        try log(fixture, runID, [(3, 15, 3), (4, 30, 4)])
        let second = try #require(try curve(fixture, runID, axis: .time, after: first.position))
        #expect(second.mode == .whole)
        #expect(second.points.map(\.point.timestamp) == [10, 15, 20, 30])
        // By step they are sorted; since they came in another order, each answer holds all of them.
        #expect(try curve(fixture, runID)?.points.map(\.point.step) == [1, 2, 3, 4])
        try log(fixture, runID, [(5, 40, 0)])
        let third = try #require(try curve(fixture, runID, after: second.position))
        #expect(third.mode == .whole && third.points.map(\.point.step) == [0, 1, 2, 3, 4])
        let fourth = try #require(try curve(fixture, runID, axis: .time, after: second.position))
        #expect(fourth.mode == .append && fourth.points.map(\.point.step) == [0])
    }

    @Test(arguments: ["x", "AAAA", "eyJvZmZzZXQiOiAzfQ=="])
    func `a position that nobody gave is refused`(position: String) throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun()
        try log(fixture, runID, [(1, 1, 1)])
        let error = trackingError { _ = try curve(fixture, runID, after: position) }
        #expect(error?.code == .invalidParameterValue && error?.message.contains("'after'") == true)
        let other = try fixture.createRun()
        try log(fixture, other, [(1, 1, 1), (2, 2, 2)])
        let foreign = try #require(try curve(fixture, other)).position
        #expect(trackingError { _ = try curve(fixture, runID, after: foreign) }?.code == .invalidParameterValue)
    }

    /// Times of points, some with long pauses, some all alike.
    private static let times: [@Sendable (Int64) -> Int64] = [
        { $0 }, { $0 < 10_000 ? $0 : $0 + 1_000_000_000 }, { $0 == 0 ? 0 : 1_700_000_000_000 + $0 * 3 }, { _ in 7 },
        { $0 / 1_000 }, { $0 == 0 ? .min : $0 == 19_999 ? .max : $0 },
    ]

    @Test(arguments: times.indices) func `a long curve is sampled over all of its length`(clock: Int) throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun()
        let time = Self.times[clock]
        try log(
            fixture,
            runID,
            (0..<20_000).map { step in
                (step == 12_345 ? -99 : step == 777 ? 99 : Double(step % 10), time(step), step)
            }
        )
        let found = try #require(try curve(fixture, runID, maximum: 100, reading: 2_000))
        #expect(found.isSampled && found.isThinned && found.pointCount == 20_000)
        let steps = found.points.map(\.point.step)
        #expect(steps.count <= 100 && steps.count > 60)
        #expect(steps == steps.sorted() && Set(steps).count == steps.count)
        #expect(steps.first == 0 && steps.last == 19_999)
        let gaps = zip(steps, steps.dropFirst()).map { $1 - $0 }
        #expect(gaps.max() ?? .max <= 2_000, "no part of the curve is left out")
        #expect(found.points.compactMap(\.range?.lowerBound).min() == -99)
        #expect(found.points.compactMap(\.range?.upperBound).max() == 99)
        let least = try #require(found.points.first { $0.range?.lowerBound == -99 })
        #expect(least.point.step >= 12_345)
        #expect(try curve(fixture, runID, reading: 2_000, after: found.position) == nil)
        try log(fixture, runID, [(1, time(19_999), 20_000)])
        let more = try #require(try curve(fixture, runID, reading: 2_000, after: found.position))
        #expect(more.mode == .append && more.points.map(\.point.step) == [20_000])
    }

    @Test func `a long curve whose steps came in disorder is sampled in their order`() throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun()
        try log(fixture, runID, (0..<5_000).map { (1, $0, $0 * 7_919 % 5_000) })
        let steps = try #require(try curve(fixture, runID, reading: 500)).points.map(\.point.step)
        #expect(steps == steps.sorted() && steps.count > 30)
    }

    @Test func `a part of a curve is what lies between two steps or times`() throws {
        let fixture = try StoreFixture()
        let ordered = try fixture.createRun()
        let disordered = try fixture.createRun()
        // Ten points at one time, four at one step.
        try log(fixture, ordered, (0..<4_000).map { (Double($0), $0 / 10, $0 / 4) })
        try log(fixture, disordered, (0..<4_000).map { (Double($0), $0 / 10, 999 - $0 / 4) })
        let ranges: [ClosedRange<Int64>] = [
            0...0, 3...3, 399...399, 1_000...2_000, .min...2, 990...Int64.max, -5...(-1), 17...30, .min...Int64.max,
            5...300,
        ]
        for range in ranges {
            for (runID, axis) in [
                (ordered, MetricCurve.Axis.step), (ordered, .time), (disordered, .step), (disordered, .time),
            ] {
                let expected = (0..<4_000).filter { index in
                    let step = runID == ordered ? index / 4 : 999 - index / 4
                    return range.contains(axis == .step ? Int64(step) : Int64(index / 10))
                }
                let part = try curve(fixture, runID, axis: axis, maximum: 4_000, range: range)
                #expect(part?.position == nil && part?.isThinned != true)
                #expect((part?.points.map { Int($0.point.value) } ?? []).sorted() == expected)
                let few = try curve(fixture, runID, axis: axis, maximum: 40, reading: 500, range: range)
                #expect((few == nil) == expected.isEmpty)
                #expect((few?.points.count ?? 0) <= 40)
                if let few {
                    let places = few.points.map { axis == .step ? $0.point.step : $0.point.timestamp }
                    #expect(places == places.sorted() && places.allSatisfy(range.contains))
                    let last = few.points.last.map { Int($0.point.value) }
                    #expect(runID == disordered || last == expected.last)
                }
            }
        }
    }

    @Test func `the extremes that a migration finds are those that the writer keeps`() throws {
        let fixture = try StoreFixture()
        var generator = SeededGenerator(seed: testSeed())
        for _ in 0..<20 {
            let runID = try fixture.createRun()
            let metrics = (0..<Int.random(in: 1...20, using: &generator)).map { _ in
                Metric(
                    key: ["m", "n"].randomElement(using: &generator) ?? "m",
                    value: [.nan, .infinity, -1, 0, 1, 2].randomElement(using: &generator) ?? 0,
                    timestamp: Int64.random(in: 0...3, using: &generator),
                    step: Int64.random(in: -2...2, using: &generator)
                )
            }
            try fixture.write { try $0.logMetrics(metrics, runID: runID) }
        }
        let all = "SELECT * FROM latest_metrics ORDER BY run_id, key_id"
        let kept = try fixture.rows(all)
        let migration = try #require(try StoreFixture.migrations().first { $0.name.contains("metric_extremes") })
        let start = try #require(migration.sql.firstRange(of: "UPDATE")?.lowerBound)
        for column in ["minimum", "minimum_step", "maximum", "maximum_step"] {
            try fixture.execute("UPDATE latest_metrics SET \(column) = NULL")
        }
        try fixture.execute(String(migration.sql[start...]))
        #expect(try fixture.rows(all) == kept)
    }
}
