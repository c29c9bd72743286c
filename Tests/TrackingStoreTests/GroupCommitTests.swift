import Budgets
import Dispatch
import SQLite
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct GroupCommitTests {
    @Test func `a failing request leaves the others of its commit alone`() throws {
        let fixture = try StoreFixture()
        let runIDs = try (0..<9).map { try fixture.createRun(name: "run \($0)") }
        let outcomes = try fixture.inCommits(
            4,
            runIDs.enumerated().map { index, runID in
                { session in
                    let metrics = [Metric(key: "m\(index)", value: 1, timestamp: 1, step: 1)]
                    try session.log(LogBatch(metrics: metrics, tags: [Tag(key: "t", value: "v")]), runID: runID)
                    if index % 3 == 1 { throw TrackingError(.badRequest, "request \(index)") }
                }
            }
        )
        for (index, outcome) in outcomes.enumerated() {
            let error = trackingError { try outcome.get() }
            #expect(error == (index % 3 == 1 ? TrackingError(.badRequest, "request \(index)") : nil))
            let run = try fixture.read { try $0.run(id: runIDs[index]) }
            #expect(run.metrics.map(\.key) == (index % 3 == 1 ? [] : ["m\(index)"]))
            #expect(run.tags.contains { $0.key == "t" } == (index % 3 != 1))
        }
        #expect(try fixture.rows("SELECT name FROM keys WHERE name IN ('m1', 'm4', 'm7')").isEmpty)
    }

    /// The argument tells whether the good request shares its commit with the failed one.
    @Test(arguments: [true, false])
    func `a key that a failed request made is not believed`(together: Bool) throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun()
        try fixture.write { try $0.logParam(Param(key: "fixed", value: "1"), runID: runID) }
        let conflict = LogBatch(
            metrics: [Metric(key: "fresh metric", value: 1, timestamp: 1, step: 1)],
            params: [Param(key: "fresh param", value: "a"), Param(key: "fixed", value: "2")]
        )
        let good = LogBatch(
            metrics: [Metric(key: "fresh metric", value: 2, timestamp: 0, step: 0)],
            params: [Param(key: "between", value: "b"), Param(key: "fresh param", value: "c")],
            tags: [Tag(key: "fresh metric", value: "d")]
        )
        let works: [@Sendable (WriteSession) throws -> Void] = [
            { try $0.log(conflict, runID: runID) }, { try $0.log(good, runID: runID) },
        ]
        let outcomes =
            together ? try fixture.inCommits(1, works) : try works.map { try fixture.submit($0).wait() }
        #expect(trackingError { try outcomes[0].get() }?.code == .invalidParameterValue)
        try outcomes[1].get()
        let run = try fixture.read { try $0.run(id: runID) }
        #expect(run.metrics == [Metric(key: "fresh metric", value: 2, timestamp: 0, step: 0)])
        #expect(Set(run.params.map { "\($0.key)=\($0.value)" }) == ["fixed=1", "between=b", "fresh param=c"])
        #expect(run.tags.contains(Tag(key: "fresh metric", value: "d")))
    }

    @Test(arguments: [true, false])
    func `a later point of a failed request does not hide an earlier one`(together: Bool) throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun()
        let point: @Sendable (Int64) -> Metric = { Metric(key: "m", value: Double($0), timestamp: $0, step: $0) }
        let works: [@Sendable (WriteSession) throws -> Void] = [
            { try $0.logMetrics([point(1)], runID: runID) },
            { session in
                try session.logMetrics([point(9), point(8)], runID: runID)
                throw TrackingError(.badRequest, "after the points")
            },
            { try $0.logMetrics([point(2)], runID: runID) },
        ]
        let outcomes =
            together ? try fixture.inCommits(2, works) : try works.map { try fixture.submit($0).wait() }
        #expect(trackingError { try outcomes[1].get() }?.code == .badRequest)
        #expect(try fixture.read { try $0.run(id: runID).metrics } == [point(2)])
        #expect(try fixture.rows("SELECT point_count, in_order FROM latest_metrics") == [["2", "1"]])
    }

    @Test(arguments: [true, false])
    func `a deletion that failed has not happened`(together: Bool) throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun()
        let works: [@Sendable (WriteSession) throws -> Void] = [
            { try $0.setTag(Tag(key: "before", value: ""), runID: runID) },
            { session in
                try session.deleteExperiment(0)
                #expect(trackingError { try session.setTag(Tag(key: "t", value: ""), runID: runID) } != nil)
                throw TrackingError(.badRequest, "after the deletion")
            },
            { try $0.setTag(Tag(key: "after", value: ""), runID: runID) },
        ]
        let outcomes =
            together ? try fixture.inCommits(2, works) : try works.map { try fixture.submit($0).wait() }
        #expect(trackingError { try outcomes[1].get() }?.code == .badRequest)
        let run = try fixture.read { try $0.run(id: runID) }
        #expect(run.info.lifecycleStage == .active)
        #expect(Set(run.tags.map(\.key)) == ["before", "after", Tag.runNameKey])
    }

    @Test func `a run that a failed request created is unknown`() throws {
        let fixture = try StoreFixture()
        let made = Outcome<String>()
        let new = NewRun(experimentID: 0, userID: "", name: "lost", startTime: 0, tags: [])
        let works: [@Sendable (WriteSession) throws -> Void] = [
            { session in
                let runID = try session.createRun(new).info.runID
                try session.setTag(Tag(key: "t", value: "v"), runID: runID)
                made.give(runID)
                throw TrackingError(.badRequest, "after the run")
            },
            { try $0.setTag(Tag(key: "t", value: "v"), runID: try made.wait()) },
        ]
        let outcomes = try fixture.inCommits(1, works)
        #expect(
            outcomes.map { outcome in trackingError { try outcome.get() }?.code } == [
                .badRequest, .resourceDoesNotExist,
            ]
        )
        #expect(try fixture.read { try $0.runCount() } == 0)
    }

    @Test func `a failure that no client can cause stays what it is`() throws {
        struct Unexpected: Error {}
        let fixture = try StoreFixture()
        #expect(throws: Unexpected.self) { try fixture.write { _ in throw Unexpected() } }
        #expect(throws: Unexpected.self) { try fixture.read { _ in throw Unexpected() } }
        #expect(try fixture.createRun().count == 32)
    }
}

extension StoreFixture {
    /// Queues the requests while the writer is blocked, so that it then takes all of them at once.
    ///
    /// - Parameter expected: the number of commits: one, and one for each failure between others after a change.
    func inCommits(
        _ expected: Int,
        _ works: [@Sendable (WriteSession) throws -> Void]
    ) throws -> [Result<Void, any Error>] {
        let gate = DispatchSemaphore(value: 0)
        let started = DispatchSemaphore(value: 0)
        let first = submit { _ in
            started.signal()
            gate.wait()
        }
        // Otherwise the blocking request could share a transaction with the others, and be replayed with them.
        started.wait()
        let outcomes = works.map { submit($0) }
        let commits = store.writerStatistics.commits
        gate.signal()
        try first.wait().get()
        let results = try outcomes.map { try $0.wait() }
        // The writer updates its counts after it has answered, so a later request sees them complete.
        let after = try write { [store] _ in store.writerStatistics.commits }
        #expect(after == commits + 1 + expected)
        return results
    }
}
