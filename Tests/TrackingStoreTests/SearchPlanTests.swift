import Filter
import TestSupport
import Testing
import Tracking
import TrackingStore

/// The stores are large enough for every query strategy; the page size also influences the choice.
@Suite struct SearchPlanTests {
    private static let orders: [[Ordering]] = [
        [], [Ordering(entity: .metric, key: "acc", ascending: false)],
        [Ordering(entity: .metric, key: "acc", ascending: true), Ordering(entity: .tag, key: "t", ascending: false)],
        [Ordering(entity: .metric, key: "never logged", ascending: true)],
        [Ordering(entity: .parameter, key: "lr", ascending: true)],
        [Ordering(entity: .attribute, key: "start_time", ascending: true)],
    ]

    @Test func `pages that are reached in different ways are the answer of the model`() throws {
        let seed = testSeed()
        let fixture = try StoreFixture()
        // Two thirds of the runs are in the first two experiments, more than the walk by a metric requires.
        let world = try RunWorld(seed: seed, runCount: 900, in: fixture)
        var generator = SeededGenerator(seed: seed)
        for orderings in Self.orders {
            for _ in 0..<12 {
                let filter = (0..<Int.random(in: 0...3, using: &generator)).map { _ in Self.comparison(&generator) }
                let search = RunSearch(
                    experimentIDs: [[0], [0, 1], [0, 1, 2]].randomElement(using: &generator) ?? [],
                    viewType: .activeOnly,
                    filter: filter,
                    orderings: orderings,
                    maxResults: 1,
                    pageToken: nil
                )
                let found = try pages(search, sizes: [1, 7, 300, 2, 1_000], in: fixture)
                #expect(found == world.found(by: search), "seed \(seed), \(filter) \(orderings)")
            }
        }
    }

    @Test func `a text that is longer than the index holds is compared to its end`() throws {
        let fixture = try StoreFixture()
        let texts = ["", "x", "y"].map { String(repeating: "p", count: 40) + $0 } + ["p", "p\u{0}", "p\u{0}q"]
        var expected: [String: [String]] = [:]
        for text in texts + (0..<60).map({ "other \($0)" }) {
            let runID = try fixture.createRun(tags: [Tag(key: "t", value: text)])
            try fixture.write { try $0.logParam(Param(key: "p", value: text), runID: runID) }
            expected[text] = [runID]
        }
        for text in texts {
            for entity in [Entity.parameter, .tag] {
                let key = entity == .tag ? "t" : "p"
                let search = RunSearch(
                    experimentIDs: [0],
                    viewType: .all,
                    filter: [Comparison(entity: entity, key: key, comparisonOperator: .equal, value: .text(text))],
                    orderings: [],
                    maxResults: 5,
                    pageToken: nil
                )
                #expect(try fixture.pages(of: 5, search).flatMap { $0 } == expected[text])
            }
        }
    }

    /// The ids of the runs on all pages; the pages use the sizes in turn.
    private func pages(_ search: RunSearch, sizes: [Int], in fixture: StoreFixture) throws -> [String] {
        try fixture.read { session in
            var search = search
            var found: [String] = []
            var turn = 0
            repeat {
                search.maxResults = sizes[turn % sizes.count]
                turn += 1
                let page = try session.searchRuns(search)
                found += page.items.map(\.info.runID)
                search.pageToken = page.nextPageToken
            } while search.pageToken != nil && turn < 1_000
            return found
        }
    }

    /// A random comparison, with or without an index, that some, most or none of the runs match.
    private static func comparison(_ generator: inout SeededGenerator) -> Comparison {
        let text = ComparisonValue.text(RunWorld.texts.randomElement(using: &generator) ?? "")
        let number = ComparisonValue.number([-1.5, 0, 0.5, 1, 1e300, -1e301].randomElement(using: &generator) ?? 0)
        let kinds: [(Entity, String, [ComparisonOperator], ComparisonValue)] = [
            (.metric, "acc", [.equal, .less, .lessOrEqual, .greater, .greaterOrEqual, .notEqual], number),
            (.metric, "loss", [.greater, .lessOrEqual], number), (.parameter, "lr", [.equal, .notEqual, .like], text),
            (.tag, "t", [.equal, .ilike], text), (.attribute, "run_name", [.equal], text),
            (.tag, "lr", [.isNull, .isNotNull], .none),
        ]
        let kind = kinds.randomElement(using: &generator) ?? kinds[0]
        let comparisonOperator = kind.2.randomElement(using: &generator) ?? .equal
        return Comparison(entity: kind.0, key: kind.1, comparisonOperator: comparisonOperator, value: kind.3)
    }
}
