import Filter
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct LoggedModelSearchTests {
    @Test(arguments: [60, 900], [2, 50_000])
    func `every search finds what plain values give, page by page`(modelCount: Int, pageSize: Int) throws {
        let seed = testSeed()
        let fixture = try StoreFixture()
        let world = try LoggedModelWorld(seed: seed, modelCount: modelCount, in: fixture)
        var generator = SeededGenerator(seed: seed)
        // With pages of two, a search over many models makes thousands of requests.
        for _ in 0..<(modelCount > 100 && pageSize < 10 ? 12 : 150) {
            let search = Self.search(using: &generator, pageSize: pageSize)
            let found = try fixture.read { try $0.loggedModelIDs(search) }
            #expect(found == world.found(search), "seed \(seed): \(search)")
        }
    }

    @Test func `a model is found once, however many of its points meet a comparison`() throws {
        let (fixture, model, runID) = try Self.fixtureWithModel()
        for step in 0..<5 {
            let metric = Metric(key: "m", value: 1, timestamp: 1, step: Int64(step))
            let point = ModelMetric(metric: metric, modelID: model, runID: runID, dataset: nil)
            try fixture.write { try $0.logMetrics([metric], modelMetrics: [point], runID: runID) }
        }
        let search = Self.search([Self.metric("m", .greater, 0)])
        #expect(try fixture.read { try $0.loggedModelIDs(search) } == [model])
    }

    @Test func `a token of another search names what differs`() throws {
        let fixture = try StoreFixture()
        _ = try LoggedModelWorld(seed: 1, modelCount: 20, in: fixture)
        let search = Self.search([], pageSize: 1)
        var others = [search, search, search]
        others[0].experimentIDs = [1]
        others[1].filter = [Self.metric("acc", .greater, 0)]
        others[2].orderings = [Self.byMetric("acc", ascending: true)]
        let token = try #require(try fixture.read { try $0.findLoggedModels(search).nextPageToken })
        let texts = [
            "Experiment IDs in the page token do", "Filter string in the page token does", "Order by in the page",
        ]
        for (var other, text) in zip(others, texts) {
            other.pageToken = token
            let error = trackingError { [other] in _ = try fixture.read { try $0.findLoggedModels(other) } }
            #expect(error?.message.hasPrefix(text) == true, "\(text): \(error?.message ?? "none")")
        }
        // The last is a page token of the reference's other searches, which does not fit this search.
        for wrong in ["x", "e30=", "eyJvZmZzZXQiOjJ9"] {
            var other = search
            other.pageToken = wrong
            let error = trackingError { [other] in _ = try fixture.read { try $0.findLoggedModels(other) } }
            #expect(error?.code == .invalidParameterValue)
        }
    }

    @Test(
        arguments: [
            (.equal, "READY", ["ready"]), (.equal, "2", ["ready"]), (.equal, "ready", []),
            (.notEqual, "READY", ["failed", "pending"]), (.notEqual, "2", ["failed", "pending"]),
            (.like, "%A%", ["failed", "ready"]), (.ilike, "pend%", ["pending"]),
        ] as [(ComparisonOperator, String, [String])]
    )
    func `a status is found by its name and by its number`(
        comparisonOperator: ComparisonOperator,
        text: String,
        expected: [String]
    ) throws {
        let fixture = try Self.fixtureWithStatuses()
        let search = Self.search([Self.comparison(.attribute, "status", comparisonOperator, .text(text))])
        #expect(try Self.names(search, in: fixture) == expected)
    }

    @Test func `statuses are found by lists of names and numbers`() throws {
        let fixture = try Self.fixtureWithStatuses()
        for (comparisonOperator, expected) in [(ComparisonOperator.isIn, ["failed", "ready"]), (.notIn, ["pending"])] {
            let search = Self.search([Self.comparison(.attribute, "status", comparisonOperator, .list(["READY", "3"]))])
            #expect(try Self.names(search, in: fixture) == expected)
        }
    }

    private static func fixtureWithStatuses() throws -> StoreFixture {
        let fixture = try StoreFixture()
        try fixture.write { session in
            _ = try session.createLoggedModel(newModel(name: "pending"))
            for (name, status) in [("ready", LoggedModelStatus.ready), ("failed", .failed)] {
                let id = try session.createLoggedModel(newModel(name: name)).info.modelID
                _ = try session.finalizeLoggedModel(id, status: status)
            }
        }
        return fixture
    }

    private static func names(_ search: LoggedModelSearch, in fixture: StoreFixture) throws -> [String] {
        try fixture.read { session in
            try session.searchLoggedModels(search).items.map(\.info.name).sorted()
        }
    }

    @Test func `a page token passes values that repeat`() throws {
        let fixture = try StoreFixture()
        let runID = try fixture.createRun()
        let metric = Metric(key: "m", value: 1, timestamp: 1, step: 1)
        try fixture.write { session in
            for _ in 0..<600 {
                let id = try session.createLoggedModel(Self.newModel()).info.modelID
                let point = ModelMetric(metric: metric, modelID: id, runID: runID, dataset: nil)
                try session.logMetrics([metric], modelMetrics: [point], runID: runID)
            }
        }
        var search = Self.search([], pageSize: 101)
        let whole = try fixture.read { [search] in try $0.loggedModelIDs(search) }
        search.orderings = [Self.byMetric("m", ascending: false)]
        let byMetric = try fixture.read { [search] in try $0.loggedModelIDs(search) }
        #expect(byMetric == whole)
        #expect(Set(whole).count == 600)
    }

    private static func search(using generator: inout SeededGenerator, pageSize: Int) -> LoggedModelSearch {
        let operators: [ComparisonOperator] = [.equal, .notEqual, .greater, .greaterOrEqual, .less, .lessOrEqual]
        let filter: [Comparison] = (0..<Int.random(in: 0...2, using: &generator)).map { _ in
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: comparison(.parameter, "lr", .equal, .text("3"))
            case 1: comparison(.tag, "stage", .notIn, .list(["prod", "x"]))
            case 2:
                comparison(.attribute, "name", Bool.random(using: &generator) ? .equal : .notEqual, .text("model 3"))
            default:
                metric(
                    LoggedModelWorld.metricKeys.randomElement(using: &generator) ?? "",
                    operators.randomElement(using: &generator) ?? .equal,
                    LoggedModelWorld.values.randomElement(using: &generator) ?? 0
                )
            }
        }
        let orderings: [LoggedModelSearch.Clause] = (0..<Int.random(in: 0...2, using: &generator)).map { _ in
            let ascending = Bool.random(using: &generator)
            let key = (LoggedModelWorld.metricKeys + ["never logged", "name"]).randomElement(using: &generator) ?? ""
            guard key != "name" else {
                let ordering = Ordering(entity: .attribute, key: key, ascending: ascending)
                return LoggedModelSearch.Clause(ordering: ordering, dataset: nil)
            }
            let scope = ([nil] + scopes).randomElement(using: &generator) ?? nil
            return byMetric(key, ascending: ascending, on: scope)
        }
        var search = search(filter, pageSize: pageSize)
        search.experimentIDs = [[0], [1], [0, 1], [99]].randomElement(using: &generator) ?? []
        search.orderings = orderings
        let named = scopes.filter { !$0.name.isEmpty }
        search.datasets = (0..<max(0, Int.random(in: -2...2, using: &generator))).compactMap { _ in
            named.randomElement(using: &generator)
        }
        return search
    }

    private static let scopes = [
        DatasetScope(name: "train", digest: nil), DatasetScope(name: "train", digest: "2"),
        DatasetScope(name: "", digest: "1"), DatasetScope(name: "test", digest: "1"),
        DatasetScope(name: "none", digest: nil),
    ]
}

extension LoggedModelSearchTests {
    static func comparison(
        _ entity: Entity,
        _ key: String,
        _ comparisonOperator: ComparisonOperator,
        _ value: ComparisonValue
    ) -> Comparison {
        Comparison(entity: entity, key: key, comparisonOperator: comparisonOperator, value: value)
    }

    static func metric(_ key: String, _ comparisonOperator: ComparisonOperator, _ value: Double) -> Comparison {
        comparison(.metric, key, comparisonOperator, .number(value))
    }

    static func byMetric(_ key: String, ascending: Bool, on scope: DatasetScope? = nil) -> LoggedModelSearch.Clause {
        LoggedModelSearch.Clause(ordering: Ordering(entity: .metric, key: key, ascending: ascending), dataset: scope)
    }

    static func search(_ filter: [Comparison], pageSize: Int = 100) -> LoggedModelSearch {
        LoggedModelSearch(
            experimentIDs: [0],
            filter: filter,
            datasets: [],
            orderings: [],
            maxResults: pageSize,
            pageToken: nil
        )
    }

    static func newModel(name: String = "model", in experimentID: Int64 = 0) -> NewLoggedModel {
        NewLoggedModel(experimentID: experimentID, name: name, modelType: "", sourceRunID: "", params: [], tags: [])
    }

    static func fixtureWithModel() throws -> (fixture: StoreFixture, model: String, runID: String) {
        let fixture = try StoreFixture()
        let model = try fixture.write { try $0.createLoggedModel(newModel()).info.modelID }
        return (fixture, model, try fixture.createRun())
    }
}
