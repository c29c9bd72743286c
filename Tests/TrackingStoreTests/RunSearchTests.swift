import Filter
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct RunSearchTests {
    private static let orders: [[Ordering]] = {
        let fields: [(Entity, String)] = [
            (.attribute, "start_time"), (.attribute, "end_time"), (.attribute, "run_id"), (.attribute, "run_name"),
            (.attribute, "status"), (.attribute, "user_id"), (.attribute, "artifact_uri"), (.metric, "acc"),
            (.metric, "never logged"), (.parameter, "lr"), (.parameter, "never logged"), (.tag, "t"),
        ]
        let single = fields.flatMap { entity, key in
            [true, false].map { [Ordering(entity: entity, key: key, ascending: $0)] }
        }
        let sortValues: [(Entity, String, Ordering.SortValue)] = [
            (.metric, "acc", .minimum), (.metric, "loss", .maximum), (.metric, "acc", .step(1)),
            (.metric, "loss", .step(0)), (.metric, "acc", .step(7)), (.metric, "never logged", .minimum),
            (.parameter, "lr", .number), (.tag, "t", .number),
        ]
        let ofSortValues = sortValues.flatMap { entity, key, sortValue in
            [true, false].map { [Ordering(entity: entity, key: key, ascending: $0, sortValue: sortValue)] }
        }
        let several = zip(single.dropFirst(3), single.reversed()).map { $0 + $1 }.filter { $0[0].key != $0[1].key }
        return [[]] + single + ofSortValues + zip(ofSortValues, single.reversed()).map { $0 + $1 } + several
    }()

    @Test func `every comparison finds what the model finds`() throws {
        let seed = testSeed()
        let fixture = try StoreFixture()
        let world = try RunWorld(seed: seed, runCount: 60, in: fixture)
        let searches = Self.comparisons(world).map { search(filter: [$0]) }
        try check(searches, world, fixture, seed)
    }

    @Test func `filters and orders together find what the model finds`() throws {
        let seed = testSeed()
        let fixture = try StoreFixture()
        let world = try RunWorld(seed: seed, runCount: 60, in: fixture)
        var generator = SeededGenerator(seed: seed)
        let comparisons = Self.comparisons(world)
        let searches = (0..<300).map { _ in
            RunSearch(
                experimentIDs: [[0], [1, 2], [2, 2, 99], [0, 1, 2]].randomElement(using: &generator) ?? [],
                viewType: ViewType.allCases.randomElement(using: &generator) ?? .all,
                filter: (0..<Int.random(in: 0...2, using: &generator)).compactMap { _ in
                    comparisons.randomElement(using: &generator)
                },
                orderings: Self.orders.randomElement(using: &generator) ?? [],
                maxResults: 1_000,
                pageToken: nil
            )
        }
        try check(searches, world, fixture, seed)
    }

    @Test func `every order is total and missing values come last in both directions`() throws {
        let seed = testSeed()
        let fixture = try StoreFixture()
        let world = try RunWorld(seed: seed, runCount: 60, in: fixture)
        try check(Self.orders.map { search(orderings: $0) }, world, fixture, seed)
    }

    @Test(arguments: [1, 2, 3, 7, 1_000])
    func `pages joined are the whole answer`(size: Int) throws {
        let seed = testSeed()
        let fixture = try StoreFixture()
        let world = try RunWorld(seed: seed, runCount: 21, in: fixture)
        for orderings in Self.orders {
            let whole = world.found(by: search(orderings: orderings))
            let pages = try fixture.pages(of: size, search(orderings: orderings))
            #expect(pages.flatMap { $0 } == whole, "seed \(seed), \(orderings)")
            #expect(pages.dropLast().allSatisfy { $0.count == size } && pages.last?.isEmpty != true)
        }
    }

    @Test func `the page size may change between pages`() throws {
        let seed = testSeed()
        let fixture = try StoreFixture()
        let world = try RunWorld(seed: seed, runCount: 21, in: fixture)
        var search = search()
        var found: [String] = []
        for size in [2, 5, 1, 50] {
            search.maxResults = size
            let page = try fixture.read { [search] in try $0.searchRuns(search) }
            found += page.items.map(\.info.runID)
            search.pageToken = page.nextPageToken
        }
        #expect(found == world.found(by: self.search()) && search.pageToken == nil)
    }

    @Test func `runs added between pages repeat none of those before`() throws {
        let seed = testSeed()
        for orderings in Self.orders {
            // The plain values do not include the runs added below, so each ordering uses its own store.
            let fixture = try StoreFixture()
            let world = try RunWorld(seed: seed, runCount: 20, in: fixture)
            let whole = world.found(by: search(experimentIDs: [0], orderings: orderings))
            var generator = SeededGenerator(seed: seed)
            var seen: [String] = []
            var page = search(experimentIDs: [0], orderings: orderings)
            page.maxResults = 2
            repeat {
                let answer = try fixture.read { [page] in try $0.searchRuns(page) }
                seen += answer.items.map(\.info.runID)
                page.pageToken = answer.nextPageToken
                let start: Int64 = [0, 6, 9, .max].randomElement(using: &generator) ?? 0
                _ = try fixture.createRun(startTime: start)
            } while page.pageToken != nil && seen.count < 200
            #expect(Set(seen).count == seen.count, "seed \(seed), \(orderings)")
            let known = Set(whole)
            #expect(seen.filter(known.contains) == whole, "seed \(seed), \(orderings)")
        }
    }

    private func search(
        experimentIDs: [Int64] = [0, 1, 2],
        filter: [Comparison] = [],
        orderings: [Ordering] = []
    ) -> RunSearch {
        RunSearch(
            experimentIDs: experimentIDs,
            viewType: .all,
            filter: filter,
            orderings: orderings,
            maxResults: 1_000,
            pageToken: nil
        )
    }

    private func check(_ searches: [RunSearch], _ world: RunWorld, _ fixture: StoreFixture, _ seed: UInt64) throws {
        let found = try fixture.read { session in
            try searches.map { try session.searchRuns($0).items.map(\.info.runID) }
        }
        for (search, found) in zip(searches, found) {
            #expect(found == world.found(by: search), "seed \(seed), \(search.filter) \(search.orderings)")
        }
    }
}

extension RunSearchTests {
    private static let patterns = RunWorld.texts + ["%", "_", "a_c", "A_C", "a%", "%C", "ÉÉ", "__", "nothing", "損_"]

    /// Every operator with every kind of field, for values that occur and values that do not.
    fileprivate static func comparisons(_ world: RunWorld) -> [Comparison] {
        let textual: [(Entity, String, [String])] = [
            (.parameter, "lr", patterns), (.parameter, "never logged", ["", "%"]), (.tag, "t", patterns),
            (.attribute, "run_name", patterns), (.attribute, "user_id", ["", "ann", "ANN", "%n%"]),
            (.attribute, "status", ["FINISHED", "finished", "%ED", "_UNNING"]),
            (.attribute, "artifact_uri", ["mlflow-artifacts:/1/%", "%/ARTIFACTS", "x"]),
            (.attribute, "run_id", world.runs.prefix(2).map(\.runID) + ["%a%", "%A%"]),
            (.dataset, "name", ["d1", "D_", "x"]), (.dataset, "digest", ["1", "%"]),
            (.dataset, "context", ["train", "TRAIN", "%a%"]),
        ]
        let numeric: [(Entity, String, [ComparisonValue])] = [
            (.metric, "acc", (RunWorld.numbers.dropLast() + [.greatestFiniteMagnitude]).map { .number($0) }),
            (.metric, "never logged", [.number(0)]),
            (.attribute, "start_time", [.integer(5), .integer(.max), .number(5.5), .number(5), .number(.infinity)]),
            (.attribute, "end_time", [.integer(9), .integer(.min), .number(9.5), .number(-.infinity)]),
        ]
        return textual.flatMap { entity, key, texts in
            texts.flatMap { text in
                compare(entity, key, [.equal, .notEqual, .like, .ilike], .text(text))
            }
        }
            + numeric.flatMap { entity, key, values in
                values.flatMap {
                    compare(entity, key, [.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual], $0)
                }
            } + lists(world)
            + [(Entity.parameter, "lr"), (.parameter, "never logged"), (.tag, "t"), (.tag, "never logged")].flatMap {
                compare($0, $1, [.isNull, .isNotNull], .none)
            }
    }

    private static func lists(_ world: RunWorld) -> [Comparison] {
        let runIDs = world.runs.prefix(5).map(\.runID) + ["nothing"]
        return [
            (Entity.attribute, "run_id", runIDs), (.dataset, "name", ["d1", "x"]), (.dataset, "digest", ["2"]),
            (.dataset, "context", ["train", "eval"]),
        ].flatMap { compare($0, $1, [.isIn, .notIn], .list($2)) }
    }

    private static func compare(
        _ entity: Entity,
        _ key: String,
        _ operators: [ComparisonOperator],
        _ value: ComparisonValue
    ) -> [Comparison] {
        operators.map { Comparison(entity: entity, key: key, comparisonOperator: $0, value: value) }
    }
}

extension StoreFixture {
    /// The ids of the runs on each page.
    func pages(of size: Int, _ search: RunSearch) throws -> [[String]] {
        try read { session in
            var search = search
            search.maxResults = size
            var pages: [[String]] = []
            repeat {
                let page = try session.searchRuns(search)
                pages.append(page.items.map(\.info.runID))
                search.pageToken = page.nextPageToken
            } while search.pageToken != nil && pages.count < 1_000
            return pages
        }
    }
}
