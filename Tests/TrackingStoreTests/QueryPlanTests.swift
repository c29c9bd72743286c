import Filter
import SQLite
import TestSupport
import Testing
import Tracking
import TrackingStore

/// The plans of the statements that requests really run: they are read from the connection that has just run them.
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
            let plans = try expectIndexed(token: token) { session, _ in
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
        let plans = try expectIndexed(token: token) { session, _ in
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
            return try Self.plans(of: session.connection)
        }
        #expect(Self.walks(plans).isEmpty, "\(plans)")
    }

    @discardableResult
    private func expectIndexed(
        token: String? = nil,
        _ work: @escaping @Sendable (ReadSession, String) throws -> Void
    ) throws -> [String] {
        let fixture = try Self.fixture()
        let runID = try fixture.rows("SELECT run_id FROM runs LIMIT 1")[0][0]
        let plans = try fixture.read { session in
            try work(session, runID)
            return try Self.plans(of: session.connection)
        }
        #expect(Self.walks(plans).isEmpty, "\(plans)")
        #expect(!plans.isEmpty)
        return plans
    }

    /// A table that is read from end to end; `json_each` over a page's own ids is none, nor is a bounded count.
    private static func walks(_ plans: [String]) -> [String] {
        plans.flatMap { $0.split(separator: "\n").map(String.init) }
            .filter {
                $0.hasPrefix("SCAN") && !$0.contains("VIRTUAL TABLE") && !$0.contains("CONSTANT ROW")
                    && !$0.contains("(subquery")
            }
    }

    /// The plans of all statements that the connection keeps, one step a line.
    private static func plans(of connection: Connection) throws -> [String] {
        let statements = try connection.prepare("SELECT sql FROM sqlite_stmt WHERE sql NOT LIKE '%sqlite_stmt%'")
            .map { $0.string(0) }
            .filter { ["SELECT", "UPDATE", "DELETE", "INSERT", "WITH"].contains($0.prefix { !$0.isWhitespace }) }
        return try statements.filter { !$0.contains("run_id FROM runs LIMIT 1") && !$0.contains("'Default'") }.map {
            sql in
            try connection.prepare("EXPLAIN QUERY PLAN \(sql)").map { $0.string(3) }.joined(separator: "\n")
        }
    }

    private static func search(filter: [Comparison]) -> RunSearch {
        RunSearch(
            experimentIDs: [0],
            viewType: .activeOnly,
            filter: filter,
            orderings: [],
            maxResults: 2,
            pageToken: nil
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
}
