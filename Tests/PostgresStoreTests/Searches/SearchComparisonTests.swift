import Budgets
import Filter
import PostgresStore
import TestSupport
import Testing
import Tracking
import TrackingStore

/// Both stores have the same content: whatever is searched, and by whom, they must find the same in the same order.
@Suite(.enabled(if: postgresServer != nil, "APUS_TEST_POSTGRES names no server"))
struct SearchComparisonTests {
    private static let viewTypes = ViewType.allCases

    @Test func `runs are the same`() throws {
        let seed = testSeed()
        let stores = try TwoStores(seed: seed)
        var queries = RandomQueries(seed: seed)
        var callers = stores.callers(seed: seed)
        for _ in 0..<400 {
            let filter = queries.filter { $0.run(ids: stores.runIDs) }
            let order = queries.runOrder()
            let search = RunSearch(
                experimentIDs: queries.one(of: [[0], [0, 1], [1, 2, 3, 99], [0, 1, 2, 3], []]),
                viewType: queries.one(of: Self.viewTypes),
                filter: try parseFilter(filter, for: .runs),
                orderings: try parseOrderBy(order, for: .runs),
                maxResults: queries.one(of: [1, 3, 10, 1_000]),
                pageToken: nil
            )
            let (caller, rights) = callers.next()
            try expectSame("\(seed): \(filter) \(order) \(rights)", search, for: caller, in: stores, \.pageToken) {
                try $0.findRuns($1)
            } postgres: {
                try $0.findRuns($1)
            } shown: {
                sorted($0)
            }
        }
    }

    @Test func `run tables are the same, in the order of each of their columns`() throws {
        let seed = testSeed()
        let stores = try TwoStores(seed: seed)
        let columns: [RunTableColumn] = [
            .metric("acc", .last), .metric("acc", .minimum), .metric("loss", .maximum), .metric("loss", .step(1)),
            .metric("acc", .step(7)), .metric("never", .last), .param("lr"), .tag("t"), .param("never"),
        ]
        let fields: [(Entity, String, Ordering.SortValue)] = [
            (.metric, "acc", .minimum), (.metric, "loss", .maximum), (.metric, "acc", .step(1)),
            (.metric, "loss", .step(0)), (.metric, "acc", .step(7)), (.metric, "never", .minimum),
            (.parameter, "lr", .number), (.tag, "t", .number), (.metric, "acc", .value),
        ]
        var callers = stores.callers(seed: seed)
        for (entity, key, value) in fields {
            for isAscending in [true, false] {
                let ordering = Ordering(entity: entity, key: key, ascending: isAscending, sortValue: value)
                let search = RunSearch(
                    experimentIDs: [0, 1, 2, 3],
                    viewType: .all,
                    filter: [],
                    orderings: [ordering],
                    maxResults: 7,
                    pageToken: nil
                )
                let (caller, rights) = callers.next()
                try expectSame("\(seed): \(ordering) \(rights)", search, for: caller, in: stores, \.pageToken) {
                    try $0.findRunTable($1, columns: columns)
                } postgres: {
                    try $0.findRunTable($1, columns: columns)
                } shown: {
                    $0
                }
            }
        }
    }

    @Test func `the columns of runs and the extremes of their metrics are the same`() throws {
        let seed = testSeed()
        let stores = try TwoStores(seed: seed)
        let search = RunSearch(
            experimentIDs: [0, 1, 2, 3],
            viewType: .all,
            filter: [],
            orderings: [],
            maxResults: 60,
            pageToken: nil
        )
        func shown(_ columns: RunColumns) -> [String] {
            let metrics = columns.metrics.map { "\($0)" }.sorted()
            let texts = (columns.params + columns.tags).map {
                "\($0.key) \($0.runCount) \($0.distinctValueCount) \($0.isNumber) \($0.samples)"
            }
            return ["\(columns.runCount) \(columns.hasMoreRuns)"] + metrics + texts.sorted()
        }
        let expected = try stores.sqlite.read { try $0.describeRunColumns(search, valueLimit: 10_000) }
        let found = try stores.postgres.read { try $0.describeRunColumns(search, valueLimit: 10_000) }
        #expect(shown(found) == shown(expected))
        for id in stores.runIDs {
            let expected = try stores.sqlite.read { try $0.metricExtremes(runID: id) }.sorted { $0.key < $1.key }
            let found = try stores.postgres.read { try $0.metricExtremes(runID: id) }
            #expect("\(found.sorted { $0.key < $1.key })" == "\(expected)")
        }
    }

    @Test func `experiments are the same`() throws {
        let seed = testSeed()
        let stores = try TwoStores(seed: seed, runCount: 2)
        var queries = RandomQueries(seed: seed)
        var callers = stores.callers(seed: seed)
        for _ in 0..<200 {
            let filter = queries.filter { $0.experiment() }
            let order = queries.order(["name", "experiment_id", "creation_time", "last_update_time"])
            let search = ExperimentSearch(
                viewType: queries.one(of: Self.viewTypes),
                filter: try parseFilter(filter, for: .experiments),
                orderings: try parseOrderBy(order, for: .experiments),
                maxResults: queries.one(of: [1, 2, 100]),
                pageToken: nil
            )
            let (caller, rights) = callers.next()
            try expectSame("\(seed): \(filter) \(order) \(rights)", search, for: caller, in: stores, \.pageToken) {
                try $0.findExperiments($1)
            } postgres: {
                try $0.findExperiments($1)
            } shown: {
                $0
            }
        }
    }

    @Test func `registered models are the same`() throws {
        let seed = testSeed()
        let stores = try TwoStores(seed: seed, runCount: 5)
        var queries = RandomQueries(seed: seed)
        var callers = stores.callers(seed: seed)
        for _ in 0..<200 {
            let filter = queries.filter { $0.registeredModel() }
            let order = queries.order(["name", "last_updated_timestamp"])
            let search = RegistrySearch(
                filter: try parseFilter(filter, for: .registeredModels),
                orderings: try parseOrderBy(order, for: .registeredModels),
                maxResults: queries.one(of: [1, 3, 100]),
                pageToken: nil
            )
            let (caller, rights) = callers.next()
            try expectSame("\(seed): \(filter) \(order) \(rights)", search, for: caller, in: stores, \.pageToken) {
                try $0.findRegisteredModels($1)
            } postgres: {
                try $0.findRegisteredModels($1)
            } shown: { model in
                // Which stage comes first differs between the databases, also with MLflow's servers.
                var model = model
                model.latestVersions.sort { $0.version < $1.version }
                return model
            }
        }
    }

    @Test func `model versions are the same`() throws {
        let seed = testSeed()
        let stores = try TwoStores(seed: seed, runCount: 5)
        var queries = RandomQueries(seed: seed)
        var callers = stores.callers(seed: seed)
        for _ in 0..<200 {
            let filter = queries.filter { $0.modelVersion(ids: stores.runIDs) }
            let order = queries.order(["name", "version_number", "creation_timestamp", "last_updated_timestamp"])
            let search = RegistrySearch(
                filter: try parseFilter(filter, for: .modelVersions),
                orderings: try parseOrderBy(order, for: .modelVersions),
                maxResults: queries.one(of: [1, 3, 100]),
                pageToken: nil
            )
            let (caller, rights) = callers.next()
            try expectSame("\(seed): \(filter) \(order) \(rights)", search, for: caller, in: stores, \.pageToken) {
                try $0.findModelVersions($1)
            } postgres: {
                try $0.findModelVersions($1)
            } shown: {
                $0
            }
        }
    }

    @Test func `logged models are the same`() throws {
        let seed = testSeed()
        let stores = try TwoStores(seed: seed)
        var queries = RandomQueries(seed: seed)
        var callers = stores.callers(seed: seed)
        let scopes: [DatasetScope] = [
            DatasetScope(name: "train", digest: nil), DatasetScope(name: "train", digest: "2"),
            DatasetScope(name: "test", digest: "9"),
        ]
        let sortScopes = scopes + [DatasetScope(name: "", digest: "1"), DatasetScope(name: "", digest: nil)]
        for _ in 0..<300 {
            let filter = queries.filter { $0.loggedModel(ids: stores.runIDs) }
            let fields = queries.order(["name", "creation_time", "status", "metrics.acc", "metrics.loss", "model_type"])
            let orderings = try fields.map { field in
                let parts = field.split(separator: " ").map(String.init)
                let ordering = try SearchSubject.loggedModelOrdering(parts[0], ascending: parts[1] == "ASC")
                let hasScope = ordering.entity == .metric && queries.one(of: [true, false])
                return LoggedModelSearch.Clause(
                    ordering: ordering,
                    dataset: hasScope ? queries.one(of: sortScopes) : nil
                )
            }
            let search = LoggedModelSearch(
                experimentIDs: queries.one(of: [[0], [0, 1, 2, 3], [1, 99]]),
                filter: try parseFilter(filter, for: .loggedModels),
                datasets: queries.one(of: [[], [], [scopes[0]], [scopes[1], scopes[2]]]),
                orderings: orderings,
                maxResults: queries.one(of: [1, 4, 100]),
                pageToken: nil
            )
            let (caller, rights) = callers.next()
            try expectSame(
                "\(seed): \(filter) \(orderings) \(search.datasets) \(rights)",
                search,
                for: caller,
                in: stores,
                \.pageToken
            ) {
                try $0.findLoggedModels($1)
            } postgres: {
                try $0.findLoggedModels($1)
            } shown: {
                sorted($0)
            }
        }
    }

    /// Compares all pages of a search.
    private func expectSame<Search, Entity>(
        _ what: String,
        _ search: Search,
        for caller: Caller,
        in stores: TwoStores,
        _ token: WritableKeyPath<Search, String?>,
        sqlite: @escaping @Sendable (ReadSession, Search) throws -> SearchCursor<Entity>,
        postgres: @escaping @Sendable (PostgresReadSession, Search) throws -> SearchCursor<Entity>,
        shown: (Entity) -> Entity
    ) throws where Search: Sendable {
        var (ours, theirs) = (search, search)
        var pages = 0
        repeat {
            let expected = try stores.sqlite.store.readNow(for: caller) { [theirs] (session: ReadSession) in
                let page = try sqlite(session, theirs)
                return (try page.whole(in: session), page.nextPageToken)
            }
            let found = try stores.postgres.read(for: caller) { [ours] session in
                let page = try postgres(session, ours)
                return (try page.whole(in: session), page.nextPageToken)
            }
            #expect(found.0.map { "\(shown($0))" } == expected.0.map { "\(shown($0))" }, "\(what), page \(pages)")
            #expect((found.1 == nil) == (expected.1 == nil), "\(what), page \(pages)")
            guard found.0.count == expected.0.count else { return }
            ours[keyPath: token] = found.1
            theirs[keyPath: token] = expected.1
            pages += 1
        } while ours[keyPath: token] != nil && theirs[keyPath: token] != nil && pages < 100
    }

    /// The run with what belongs to it in the order of the keys: over SQLite it is the order in which keys were first used.
    private func sorted(_ run: Run) -> Run {
        var run = run
        run.metrics.sort { $0.key < $1.key }
        run.params.sort { $0.key < $1.key }
        run.tags.sort { $0.key < $1.key }
        return run
    }

    private func sorted(_ model: LoggedModel) -> LoggedModel {
        var model = model
        model.params.sort { $0.key < $1.key }
        model.tags.sort { $0.key < $1.key }
        model.metrics.sort { "\($0)" < "\($1)" }
        return model
    }
}
