import Filter
import SQLite
import TestSupport
import Testing
import Tracking
import TrackingStore

/// Tests the query plans of the statements that requests have just run, read from the same connection.
@Suite struct QueryPlanTests {
    @Test func `reading a run walks no table from end to end`() throws {
        try expectIndexed { session, runID in _ = try session.run(id: runID) }
    }

    @Test func `a page of runs walks no table from end to end`() throws {
        try expectIndexed { session, _ in _ = try session.searchRuns(Self.search(filter: [])) }
    }

    @Test func `histories and samples walk no table from end to end and sort nothing`() throws {
        let plans = try expectIndexed { session, runID in
            let history = MetricHistory(runID: runID, key: "m")
            let page = try session.metricHistory(history, pageToken: nil, limit: 2)
            _ = try session.metricHistory(history, pageToken: page.nextPageToken, limit: 2)
            _ = try session.sampleMetric(history, steps: nil, maxResults: 2)
            _ = try session.sampleMetric(history, steps: 1...3, maxResults: 2)
        }
        #expect(!plans.contains { $0.contains("TEMP B-TREE") }, "\(plans)")
    }

    @Test func `the default order reads the index on start times and sorts nothing on every page`() throws {
        for token in [nil, try Self.secondPage()] {
            let plans = try expectIndexed { session, _ in
                var search = Self.search(filter: [])
                search.pageToken = token
                _ = try session.searchRuns(search)
            }
            let plan = try #require(plans.first { $0.contains("runs_by_start_time") }, "\(plans)")
            #expect(!plan.contains("TEMP B-TREE"), "\(plan)")
        }
    }

    @Test func `a later page of the default order begins where the last one ended`() throws {
        let token = try Self.secondPage()
        let plans = try expectIndexed { session, _ in
            var search = Self.search(filter: [])
            search.pageToken = token
            _ = try session.searchRuns(search)
        }
        #expect(plans.contains { $0.contains("start_time<") }, "\(plans)")
    }

    @Test(
        arguments: [
            Comparison(entity: .parameter, key: "p", comparisonOperator: .equal, value: .text("v")),
            Comparison(entity: .tag, key: "t", comparisonOperator: .equal, value: .text("v")),
            Comparison(entity: .metric, key: "m", comparisonOperator: .greater, value: .number(0.5)),
            Comparison(entity: .parameter, key: "p", comparisonOperator: .isNull, value: .none),
            Comparison(entity: .dataset, key: "name", comparisonOperator: .equal, value: .text("d")),
            Comparison(entity: .attribute, key: "run_id", comparisonOperator: .isIn, value: .list(["a", "b"])),
        ]
    )
    func `a filter walks no table from end to end`(comparison: Comparison) throws {
        try expectIndexed { session, _ in _ = try session.searchRuns(Self.search(filter: [comparison])) }
    }

    @Test func `few candidates come from the indexes of values and are looked up by their numbers`() throws {
        let metric = Comparison(entity: .metric, key: "odd", comparisonOperator: .greater, value: .number(0.5))
        let param = Comparison(entity: .parameter, key: "odd", comparisonOperator: .equal, value: .text("v"))
        let tag = Comparison(entity: .tag, key: "odd", comparisonOperator: .equal, value: .text("v"))
        let byMetric = [Ordering(entity: .metric, key: "m", ascending: true)]
        let plans = try expectIndexed(in: Self.largeFixture()) { session, _ in
            for filter in [[metric, param], [tag]] {
                let page = try session.searchRuns(Self.search(filter: filter, orderings: byMetric))
                #expect(page.items.count == 2)
            }
        }
        for index in ["COVERING INDEX latest_metrics_by_value", "INDEX params_by_value", "INDEX run_tags_by_value"] {
            #expect(plans.contains { $0.hasPrefix("SEARCH") && $0.contains(index) }, "\(index): \(plans)")
        }
        let searches = plans.filter { $0.hasPrefix("SCAN first VIRTUAL TABLE") }
        #expect(searches.count == 2, "\(plans)")
        for search in searches {
            #expect(search.contains("SEARCH runs USING INTEGER PRIMARY KEY"), "\(search)")
            // If the index has answered a metric comparison, the metric is not looked up again.
            #expect(search.matches(of: /SEARCH pair_\d/).count == 1, "\(search)")
        }
    }

    @Test func `many candidates are met on a walk in the order of the search`() throws {
        let filter = [Comparison(entity: .parameter, key: "even", comparisonOperator: .equal, value: .text("v"))]
        let byMetric = [Ordering(entity: .metric, key: "m", ascending: false)]
        for (orderings, index) in [([], "runs_by_start_time"), (byMetric, "latest_metrics_by_value")] {
            let plans = try expectIndexed(in: Self.largeFixture()) { session, _ in
                let page = try session.searchRuns(Self.search(filter: filter, orderings: orderings))
                _ = try session.searchRuns(Self.search(filter: filter, orderings: orderings, token: page.nextPageToken))
            }
            let walks = plans.filter { $0.contains("SEARCH pair_1 USING INDEX") }
            #expect(!walks.isEmpty && walks.allSatisfy { $0.hasPrefix("SEARCH") && $0.contains(index) }, "\(plans)")
            // The plan sorts only runs with equal values of a metric.
            for walk in walks {
                let sorts = walk.split(separator: "\n").filter { $0.contains("TEMP B-TREE") }
                #expect(sorts.allSatisfy { $0 == "USE TEMP B-TREE FOR RIGHT PART OF ORDER BY" }, "\(walk)")
            }
        }
    }

    @Test func `a sample of points that came out of order sorts one history`() throws {
        let fixture = try Self.fixture()
        let runID = try fixture.createRun()
        let points = [(1, 9), (2, 3)].map { Metric(key: "m", value: 1, timestamp: $0.0, step: $0.1) }
        try fixture.write { try $0.logMetrics(points, runID: runID) }
        let plans = try expectIndexed(in: fixture) { session, _ in
            _ = try session.sampleMetric(MetricHistory(runID: runID, key: "m"), steps: nil, maxResults: 1)
        }
        let plan = try #require(plans.first { $0.contains("TEMP B-TREE") }, "\(plans)")
        #expect(plan.hasPrefix("SEARCH metrics USING PRIMARY KEY (run_id=? AND key_id=?)"), "\(plan)")
    }

    @Test(arguments: ["run", "path", "time"])
    func `the artifact journal is read by the index of the question`(question: String) throws {
        let plans = try expectIndexed { session, runID in
            var query = ArtifactJournalQuery(maxResults: 1)
            if question == "run" { query.runID = runID }
            if question == "path" { query.path = "a/b" }
            if question == "time" { query.since = 1 }
            _ = try session.searchArtifactJournal(query)
        }
        let plan = try #require(plans.first { $0.contains("artifact_journal_by_\(question)") }, "\(plans)")
        #expect(plan.contains("TEMP B-TREE") == (question == "path"), "\(plan)")
    }

    @Test func `writes look their rows up`() throws {
        let fixture = try Self.fixture()
        let runID = try fixture.createRun()
        let batch = LogBatch(
            metrics: [Metric(key: "new", value: 1, timestamp: 1, step: 1)],
            params: [Param(key: "new", value: "v")],
            tags: [Tag(key: Tag.runNameKey, value: "name")]
        )
        let plans = try fixture.write { session in
            try session.log(batch, runID: runID)
            _ = try session.updateRun(runID, status: .finished, endTime: 1, name: "n")
            return try queryPlans(of: session.connection)
        }
        #expect(tableWalks(plans).isEmpty, "\(plans)")
    }

    @discardableResult
    private func expectIndexed(
        in fixture: StoreFixture? = nil,
        _ work: @escaping @Sendable (ReadSession, String) throws -> Void
    ) throws -> [String] {
        let fixture = try fixture ?? Self.fixture()
        let runID = try fixture.rows("SELECT run_id FROM runs LIMIT 1")[0][0]
        let plans = try fixture.read { session in
            try work(session, runID)
            return try queryPlans(of: session.connection)
        }
        #expect(tableWalks(plans).isEmpty, "\(plans)")
        #expect(!plans.isEmpty)
        return plans
    }

    private static func search(
        filter: [Comparison],
        orderings: [Ordering] = [],
        token: String? = nil
    ) -> RunSearch {
        RunSearch(
            experimentIDs: [0],
            viewType: .activeOnly,
            filter: filter,
            orderings: orderings,
            maxResults: 2,
            pageToken: token
        )
    }

    private static func secondPage() throws -> String? {
        try fixture().read { try $0.searchRuns(search(filter: [])).nextPageToken }
    }

    private static func fixture() throws -> StoreFixture {
        let fixture = try StoreFixture()
        for start in 0..<4 {
            let runID = try fixture.createRun(startTime: Int64(start))
            try fixture.log([1, 2, 3], key: "m", runID: runID)
            try fixture.write { try $0.logParam(Param(key: "p", value: "v"), runID: runID) }
            try fixture.write { try $0.setTag(Tag(key: "t", value: "v"), runID: runID) }
        }
        return fixture
    }

    /// Creates enough runs for a walk; every second run has the keys named "even", every hundredth those named "odd".
    private static func largeFixture() throws -> StoreFixture {
        let fixture = try StoreFixture()
        try fixture.write { session in
            for number in 0..<600 {
                let new = NewRun(experimentID: 0, userID: "", name: "run", startTime: Int64(number), tags: [])
                let runID = try session.createRun(new).info.runID
                var batch = LogBatch(metrics: [Metric(key: "m", value: Double(number % 50), timestamp: 0, step: 0)])
                for (name, part) in [("even", 2), ("odd", 100)] where number % part == 0 {
                    batch.metrics.append(Metric(key: name, value: 1, timestamp: 0, step: 0))
                    batch.params.append(Param(key: name, value: "v"))
                    batch.tags.append(Tag(key: name, value: "v"))
                }
                try session.log(batch, runID: runID)
            }
        }
        return fixture
    }
}
