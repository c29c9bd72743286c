import Budgets
import Dispatch
import PostgreSQL
import PostgresStore
import Synchronization
import TestSupport
import Testing
import Tracking

@Suite(.enabled(if: postgresServer != nil, "APUS_TEST_POSTGRES names no server"))
struct GroupCommitTests {
    private func metric(_ key: String, _ value: Double, step: Int64 = 0, time: Int64 = 1) -> Metric {
        Metric(key: key, value: value, timestamp: time, step: step)
    }

    @Test func `requests that wait together share a transaction`() throws {
        let fixture = try PostgresStoreFixture()
        let runID = try fixture.makeRun()
        let before = fixture.store.writerStatistics.commits
        var outcomes: [Outcome<Result<Void, any Error>>] = []
        try fixture.whileWriterIsBusy {
            for step in 0..<200 {
                let metric = metric("loss", 1, step: Int64(step))
                outcomes.append(fixture.submit { try $0.logMetrics([metric], runID: runID) })
            }
        }
        for outcome in outcomes { try outcome.wait().get() }
        #expect(try fixture.number("SELECT count(*) FROM metrics") == 200)
        #expect(try fixture.read { try $0.run(id: runID) }.metrics.map(\.step) == [199])
        #expect(fixture.store.writerStatistics.commits == before + 2)
    }

    @Test func `a request that fails undoes only itself`() throws {
        let fixture = try PostgresStoreFixture()
        let runID = try fixture.makeRun()
        var outcomes: [Outcome<Result<Void, any Error>>] = []
        try fixture.whileWriterIsBusy {
            outcomes.append(fixture.submit { try $0.logParam(Param(key: "a", value: "1"), runID: runID) })
            outcomes.append(fixture.submit { try $0.logParam(Param(key: "a", value: "2"), runID: runID) })
            outcomes.append(
                fixture.submit { session in
                    _ = try session.createExperiment(name: "undone", artifactLocation: nil, tags: [])
                    throw TrackingError.invalidParameter("after a change")
                }
            )
            outcomes.append(fixture.submit { try $0.setTag(Tag(key: "nul", value: "a\0b"), runID: runID) })
            outcomes.append(fixture.submit { try $0.log(LogBatch(tags: [Tag(key: "x", value: "y")]), runID: "none") })
            outcomes.append(
                fixture.submit { session in
                    _ = try session.createExperiment(name: "kept", artifactLocation: nil, tags: [])
                }
            )
            outcomes.append(fixture.submit { try $0.setTag(Tag(key: "t", value: "v"), runID: runID) })
        }
        let codes = try outcomes.map { outcome -> TrackingError.Code? in
            do {
                try outcome.wait().get()
                return nil
            } catch let error as TrackingError {
                return error.code
            }
        }
        #expect(
            codes == [
                nil, .invalidParameterValue, .invalidParameterValue, .invalidParameterValue, .resourceDoesNotExist, nil,
                nil,
            ]
        )
        let run = try fixture.read { try $0.run(id: runID) }
        #expect(run.params == [Param(key: "a", value: "1")])
        #expect(run.tags.map(\.key) == ["mlflow.runName", "t"])
        #expect(try fixture.number("SELECT count(*) FROM experiments WHERE name IN ('undone', 'kept')") == 1)
    }

    @Test func `what a request logs and then reads is there`() throws {
        let fixture = try PostgresStoreFixture()
        let runID = try fixture.makeRun()
        let info = try fixture.write { session in
            try session.setTag(Tag(key: "mlflow.runName", value: "renamed"), runID: runID)
            return try session.updateRun(runID, status: .finished, endTime: 5, name: nil)
        }
        #expect(info.name == "renamed")
        #expect(info.status == .finished)
    }

    @Test func `a write goes on when its connection was cut`() throws {
        let fixture = try PostgresStoreFixture()
        let runID = try fixture.makeRun()
        for step in 0..<5 {
            try fixture.other().execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                    + "AND application_name LIKE 'apus-%'"
            )
            try fixture.write {
                try $0.logMetrics([Metric(key: "a", value: 1, timestamp: 1, step: Int64(step))], runID: runID)
            }
            #expect(try fixture.read { try $0.run(id: runID) }.metrics.first?.step == Int64(step))
        }
    }

    @Test func `a connection that is cut inside of a transaction is replaced, and the work runs again`() throws {
        let fixture = try PostgresStoreFixture()
        let id = try fixture.write { session -> Int64 in
            let id = try session.createExperiment(name: "once", artifactLocation: nil, tags: [])
            if id < 3 {
                try PostgresStoreFixture.connect(fixture.address).execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'apus-writer' "
                        + "AND datname = current_database()"
                )
            }
            try session.setExperimentTag(Tag(key: "a", value: "b"), experimentID: id)
            return id
        }
        #expect(id == 3)
        #expect(try fixture.number("SELECT count(*) FROM experiments WHERE name = 'once'") == 1)
    }

    @Test func `a dead-lock with another program is retried`() throws {
        let fixture = try PostgresStoreFixture(options: "-c deadlock_timeout=20ms")
        let (first, second) = (try fixture.makeRun(), try fixture.makeRun())
        let (secondIsLocked, firstIsLocked) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let otherProgram = Outcome<String>()
        DispatchQueue.global().async {
            do {
                let other = try fixture.other()
                try other.execute(
                    "SET deadlock_timeout = '60s'; BEGIN; UPDATE runs SET end_time = 7 WHERE run_uuid = '\(second)'"
                )
                secondIsLocked.signal()
                firstIsLocked.wait()
                try other.execute("UPDATE runs SET end_time = 8 WHERE run_uuid = '\(first)'; COMMIT")
                otherProgram.give("done")
            } catch {
                secondIsLocked.signal()
                otherProgram.give("\(error)")
            }
        }
        secondIsLocked.wait()
        let attempts = Atomic<Int>(0)
        try fixture.write { session in
            _ = try session.updateRun(first, status: .finished, endTime: nil, name: nil)
            if attempts.add(1, ordering: .relaxed).newValue == 1 {
                firstIsLocked.signal()
                try fixture.waitUntilOtherProgramWaits()
            }
            _ = try session.updateRun(second, status: .finished, endTime: nil, name: nil)
        }
        #expect(try otherProgram.wait() == "done")
        #expect(attempts.load(ordering: .relaxed) > 1)
        #expect(try fixture.read { try $0.runInfo(id: first) }.endTime == 8)
        #expect(try fixture.read { try $0.runInfo(id: second) }.status == .finished)
    }

    @Test func `numbers that are no numbers are stored as MLflow stores them`() throws {
        let fixture = try PostgresStoreFixture()
        let runID = try fixture.makeRun()
        let metrics = [
            metric("nan", .nan), metric("greatest", .infinity), metric("least", -.infinity), metric("zero", -0.0),
        ]
        try fixture.write { try $0.log(LogBatch(metrics: metrics), runID: runID) }
        let stored = try fixture.read { try $0.run(id: runID) }.metrics
        #expect(stored.map(\.key) == ["greatest", "least", "nan", "zero"])
        #expect(stored[0].value == Double.greatestFiniteMagnitude)
        #expect(stored[1].value == -Double.greatestFiniteMagnitude)
        #expect(stored[2].value.isNaN)
        #expect(try fixture.number("SELECT count(*) FROM metrics WHERE is_nan AND value = 0") == 1)
    }

    @Test func `two stores on one database agree with a model about the latest metrics`() throws {
        let fixture = try PostgresStoreFixture()
        let second = try PostgresStoreFixture.open(fixture.address)
        defer { second.close() }
        var random = SeededGenerator(seed: testSeed())
        let runIDs = try (0..<3).map { _ in try fixture.makeRun() }
        var latest: [String: MetricPoint] = [:]
        var all: Set<String> = []
        var outcomes: [Outcome<Result<Void, any Error>>] = []
        for number in 0..<600 {
            let runID = runIDs[Int.random(in: 0..<3, using: &random)]
            let batch = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                Metric(
                    key: "m\(Int.random(in: 0..<4, using: &random))",
                    value: Int.random(in: 0..<8, using: &random) == 0
                        ? .nan : Double(Int.random(in: 0..<3, using: &random)),
                    timestamp: Int64.random(in: 0..<4, using: &random),
                    step: Int64.random(in: 0..<6, using: &random)
                )
            }
            for metric in batch {
                let point = MetricPoint(metric)
                all.insert("\(runID) \(metric.key) \(point)")
                let key = "\(runID) \(metric.key)"
                if let known = latest[key], !point.supersedes(known) { continue }
                latest[key] = point
            }
            let outcome = Outcome<Result<Void, any Error>>()
            (number.isMultiple(of: 2) ? fixture.store : second).write({
                try $0.log(LogBatch(metrics: batch), runID: runID)
            }) {
                outcome.give($0)
            }
            outcomes.append(outcome)
        }
        for outcome in outcomes { try outcome.wait().get() }
        for runID in runIDs {
            for metric in try fixture.read({ try $0.run(id: runID) }).metrics {
                let expected = try #require(latest["\(runID) \(metric.key)"])
                // A value of 0 may have come as NaN too; either is the latest.
                #expect(metric.step == expected.step)
                #expect(metric.timestamp == expected.timestamp)
                #expect((metric.value.isNaN ? 0 : metric.value) == expected.value)
            }
        }
        #expect(try fixture.number("SELECT count(*) FROM metrics") == Int64(all.count))
    }

    @Test func `of two stores that create an experiment with one name, one is refused`() throws {
        let fixture = try PostgresStoreFixture()
        let second = try PostgresStoreFixture.open(fixture.address)
        defer { second.close() }
        var made = 0
        for number in 0..<30 {
            let outcomes = [fixture.store, second].map { store in
                let outcome = Outcome<Result<Int64, any Error>>()
                store.write({ (session: PostgresWriteSession) in
                    try session.createExperiment(name: "e\(number)", artifactLocation: nil, tags: [])
                }) {
                    outcome.give($0)
                }
                return outcome
            }
            for outcome in outcomes {
                do {
                    _ = try outcome.wait().get()
                    made += 1
                } catch let error as TrackingError {
                    #expect(error.code == .resourceAlreadyExists)
                }
            }
        }
        #expect(made == 30)
    }

    @Test func `a history has pages without gaps, and a curve keeps its extremes`() throws {
        let fixture = try PostgresStoreFixture()
        let runID = try fixture.makeRun()
        let metrics: [Metric] = (0..<500).map { (number: Int) -> Metric in
            let value = Double((number * 7_919) % 503)
            return metric("loss", value, step: Int64(number), time: Int64(number / 3))
        }
        try fixture.write { try $0.log(LogBatch(metrics: metrics), runID: runID) }
        let history = MetricHistory(runID: runID, key: "loss")
        var (token, steps): (String?, [Int64]) = (nil, [])
        repeat {
            let page = try fixture.read { [token] in try $0.metricHistory(history, pageToken: token, limit: 37) }
            steps += page.points.map(\.step)
            token = page.nextPageToken
        } while token != nil
        #expect(steps == Array(0..<500))
        let request = CurveRequest(axis: .step, maximumPoints: 20, maximumPointsRead: 1_000)
        let curve = try #require(try fixture.read { try $0.curve(of: history, request, after: nil) })
        #expect(curve.points.count == 20)
        #expect(curve.points.compactMap { $0.range?.upperBound }.max() == metrics.map(\.value).max())
        let again = try fixture.read { try $0.curve(of: history, request, after: curve.position) }
        #expect(again == nil)
        let further = metric("loss", 3, step: 500, time: 900)
        try fixture.write { try $0.logMetrics([further], runID: runID) }
        let added = try #require(try fixture.read { try $0.curve(of: history, request, after: curve.position) })
        #expect(added.mode == .append)
        #expect(added.points.map(\.point.step) == [500])
        let sample = try fixture.read { try $0.sampleMetric(history, steps: 10...19, maxResults: 5) }
        #expect(sample.map(\.step) == [10, 12, 14, 16, 19])
    }
}
