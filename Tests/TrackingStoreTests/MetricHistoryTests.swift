import SQLite
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct MetricHistoryTests {
    @Test(arguments: [1, 2, 3, 7, 200])
    func `pages joined are the history in its order`(size: Int) throws {
        let seed = testSeed()
        let fixture = try StoreFixture()
        let runID = try fixture.createRun()
        let places = try fixture.logRandomPoints(seed: seed, count: 60, inOrder: false, key: "m", runID: runID)
        let history = MetricHistory(runID: runID, key: "m")
        var found: [MetricPoint] = []
        var token: String?
        repeat {
            let page = try fixture.read { [token] in try $0.metricHistory(history, pageToken: token, limit: size) }
            #expect(page.points.count == size || page.nextPageToken == nil)
            found += page.points
            token = page.nextPageToken
        } while token != nil
        #expect(found == places, "seed \(seed)")
    }

    @Test func `points logged between pages behind the place show and nothing repeats`() throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun()
        try fixture.log([0, 1, 2, 3], key: "m", runID: runID)
        let history = MetricHistory(runID: runID, key: "m")
        let first = try fixture.read { try $0.metricHistory(history, pageToken: nil, limit: 2) }
        let added = [
            Metric(key: "m", value: -1, timestamp: 0, step: 0), Metric(key: "m", value: 9, timestamp: 9, step: 0),
        ]
        try fixture.write { try $0.logMetrics(added, runID: runID) }
        let rest = try fixture.read { try $0.metricHistory(history, pageToken: first.nextPageToken, limit: 9) }
        #expect((first.points + rest.points).map(\.value) == [0, 1, 2, 3, 9])
    }

    @Test func `an unknown run or key has no history and a deleted run keeps its own`() throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun()
        try fixture.log([1], key: "m", runID: runID)
        try fixture.write { try $0.deleteRun(runID) }
        for (run, key, count) in [(runID, "m", 1), (runID, "n", 0), ("nothing", "m", 0)] {
            let history = MetricHistory(runID: run, key: key)
            let page = try fixture.read { try $0.metricHistory(history, pageToken: nil, limit: 5) }
            #expect(page.points.count == count && page.nextPageToken == nil)
            #expect(try fixture.read { try $0.sampleMetric(history, steps: nil, maxResults: 5) }.count == count)
        }
    }

    @Test func `several histories come by run and their limit counts all points`() throws {
        let fixture = try StoreFixture()
        let runIDs = try (0..<3).map { _ in try fixture.createRun() }
        for runID in runIDs { try fixture.log([3, 1, 2], key: "m", runID: runID) }
        let sorted = runIDs.sorted()
        let asked = [runIDs[2], runIDs[0], runIDs[2], "nothing", runIDs[1]]
        for limit in [0, 1, 4, 9, 100] {
            let found = try fixture.read { try $0.metricHistories(key: "m", runIDs: asked, limit: limit) }
            let expected = sorted.flatMap { runID in ["3.0", "1.0", "2.0"].map { "\(runID) \($0)" } as [String] }
            #expect(found.map { "\($0.runID) \($0.point.value)" } == Array(expected.prefix(limit)))
        }
    }
}

@Suite struct MetricSampleTests {
    @Test(arguments: [true, false])
    func `a sample is what NTILE over all rows gives`(inOrder: Bool) throws {
        let seed = testSeed()
        let fixture = try StoreFixture()
        var generator = SeededGenerator(seed: seed)
        for world in 0..<6 {
            let runID = try fixture.createRun()
            let count = [1, 2, 9, 40, 41, 150][world]
            _ = try fixture.logRandomPoints(
                seed: generator.next(),
                count: count,
                inOrder: inOrder,
                key: "m",
                runID: runID
            )
            let summary = try fixture.rows(
                """
                SELECT latest.in_order FROM latest_metrics AS latest JOIN runs ON runs.id = latest.run_id
                WHERE runs.run_id = '\(runID)'
                """
            )
            if inOrder { #expect(summary == [["1"]]) }
            for steps in [nil, -2...4, 0...0, 3...1_000, Int64.min...Int64.max, 5_000...6_000] as [ClosedRange<Int64>?]
            {
                for size in [1, 2, 3, 5, 7, 39, 40, 41, 2_500] {
                    let history = MetricHistory(runID: runID, key: "m")
                    let found = try fixture.read { try $0.sampleMetric(history, steps: steps, maxResults: size) }
                    let expected = try fixture.read { try $0.tiledSample(runID, steps: steps, size: size) }
                    #expect(found == expected, "seed \(seed), world \(world), \(String(describing: steps)), \(size)")
                    #expect(found.count <= size)
                }
            }
        }
    }

    @Test(arguments: [(5, [0, 2, 4, 6, 9]), (3, [0, 4, 9]), (1, [9]), (10, Array(0...9)), (2_500, Array(0...9))])
    func `ten steps are sampled as in the reference`(size: Int, steps: [Int64]) throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun()
        try fixture.log((0..<10).map { Double($0) }, key: "m", runID: runID)
        let history = MetricHistory(runID: runID, key: "m")
        #expect(try fixture.read { try $0.sampleMetric(history, steps: nil, maxResults: size).map(\.step) } == steps)
    }
}

extension ReadSession {
    /// The sample computed with SQLite's NTILE: the first row of each bucket, and the last row of all.
    fileprivate func tiledSample(_ runID: String, steps: ClosedRange<Int64>?, size: Int) throws -> [MetricPoint] {
        let query = try connection.prepare(
            """
            WITH tiled AS (
                SELECT value, is_nan, timestamp, step,
                    row_number() OVER (ORDER BY step, timestamp, value, is_nan) AS place,
                    ntile(?1) OVER (ORDER BY step, timestamp, value, is_nan) AS bucket,
                    count(*) OVER () AS total
                FROM metrics
                WHERE run_id = (SELECT id FROM runs WHERE run_id = ?2) AND step BETWEEN ?3 AND ?4
            )
            SELECT value, is_nan, timestamp, step, place = total
            FROM tiled
            WHERE place = total OR place IN (SELECT min(place) FROM tiled GROUP BY bucket)
            ORDER BY place
            """
        )
        try query.bind(size, at: 1)
        try query.bind(runID, at: 2)
        try query.bind(steps?.lowerBound ?? .min, at: 3)
        try query.bind(steps?.upperBound ?? .max, at: 4)
        var sample = try query.map { row in
            MetricPoint(value: row.double(0), isNaN: row.bool(1), timestamp: row.int64(2), step: row.int64(3))
        }
        if sample.count > size { sample.remove(at: sample.count - 2) }
        return sample
    }
}

extension StoreFixture {
    /// Logs random points with ties and repetitions; returns the distinct points in history order.
    fileprivate func logRandomPoints(
        seed: UInt64,
        count: Int,
        inOrder: Bool,
        key: String,
        runID: String
    ) throws -> [MetricPoint] {
        var generator = SeededGenerator(seed: seed)
        var step: Int64 = -3
        let metrics = (0..<count).map { index in
            step =
                inOrder
                ? step + Int64.random(in: 0...2, using: &generator) : Int64.random(in: -3...9, using: &generator)
            let value = inOrder ? Double(index) : [0, .nan, 1, -.infinity, 0.5].randomElement(using: &generator) ?? 0
            let timestamp = inOrder ? step + 3 : Int64.random(in: 0...5, using: &generator)
            return Metric(key: key, value: value, timestamp: timestamp, step: step)
        }
        try write { try $0.logMetrics(metrics, runID: runID) }
        var distinct: [MetricPoint] = []
        for point in metrics.map({ MetricPoint($0) }) where !distinct.contains(point) { distinct.append(point) }
        return distinct.sorted {
            ($0.timestamp, $0.step, $0.value, $0.isNaN ? 1 : 0) < ($1.timestamp, $1.step, $1.value, $1.isNaN ? 1 : 0)
        }
    }
}
