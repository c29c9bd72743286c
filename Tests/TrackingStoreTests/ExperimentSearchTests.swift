import Filter
import SQLite
import TestSupport
import Testing
import Tracking
import TrackingStore

@Suite struct ExperimentSearchTests {
    private static let names = ["Default", "a", "A", "ab", "a%", "É", "é", "x_1", "10", "9"]

    @Test func `every comparison and order finds what the model finds`() throws {
        let seed = testSeed()
        let fixture = try StoreFixture()
        let world = try experiments(seed: seed, in: fixture)
        let alone = comparisons().map { search(filter: [$0]) }
        let ordered = orders().flatMap { order in
            ViewType.allCases.map { search(viewType: $0, orderings: order) }
        }
        for search in alone + ordered {
            let found = try fixture.read { try $0.searchExperiments(search).items.map(\.id) }
            #expect(found == expected(search, world), "seed \(seed), \(search.filter) \(search.orderings)")
        }
    }

    @Test(arguments: [1, 2, 3, 7])
    func `pages joined are the whole answer`(size: Int) throws {
        let seed = testSeed()
        let fixture = try StoreFixture()
        let world = try experiments(seed: seed, in: fixture)
        for orderings in orders() {
            var page = search(orderings: orderings)
            page.maxResults = size
            var found: [Int64] = []
            repeat {
                let answer = try fixture.read { [page] in try $0.searchExperiments(page) }
                found += answer.items.map(\.id)
                page.pageToken = answer.nextPageToken
            } while page.pageToken != nil && found.count < 100
            #expect(found == expected(search(orderings: orderings), world), "seed \(seed), \(orderings)")
        }
    }

    @Test func `a page carries the tags of its experiments`() throws {
        let fixture = try StoreFixture()
        let tags = [Tag(key: "a", value: "1"), Tag(key: "b", value: "")]
        _ = try fixture.write { try $0.createExperiment(name: "tagged", artifactLocation: nil, tags: tags) }
        let found = try fixture.read { [search = search()] in try $0.searchExperiments(search).items }
        #expect(found.map(\.tags) == [tags, []] || found.map(\.tags) == [[], tags])
    }

    /// Creates experiments with only a few different times, and deletes some of them.
    private func experiments(seed: UInt64, in fixture: StoreFixture) throws -> [Experiment] {
        let ids: [Int64] = try fixture.write { session in
            var generator = SeededGenerator(seed: seed)
            for name in Self.names.dropFirst() {
                let value = ["", "v", "V"].randomElement(using: &generator) ?? ""
                let tags = Bool.random(using: &generator) ? [Tag(key: "t", value: value)] : []
                let id = try session.createExperiment(name: name, artifactLocation: nil, tags: tags)
                if id % 4 == 3 { try session.deleteExperiment(id) }
            }
            for id in 0..<Self.names.count {
                let created = Int.random(in: 0...2, using: &generator)
                let updated = Int.random(in: 3...5, using: &generator)
                try session.connection.execute(
                    "UPDATE experiments SET creation_time = \(created), last_update_time = \(updated) WHERE id = \(id)"
                )
            }
            return (0..<Self.names.count).map { Int64($0) }
        }
        return try fixture.read { session in try ids.map { try session.experiment(id: $0) } }
    }

    private func search(
        viewType: ViewType = .all,
        filter: [Comparison] = [],
        orderings: [Ordering] = []
    ) -> ExperimentSearch {
        ExperimentSearch(viewType: viewType, filter: filter, orderings: orderings, maxResults: 1_000, pageToken: nil)
    }

    private func orders() -> [[Ordering]] {
        let keys = ["name", "creation_time", "last_update_time", "experiment_id"]
        let single = keys.flatMap { key in
            [true, false].map { [Ordering(entity: .attribute, key: key, ascending: $0)] }
        }
        // An ordering may name a field twice; the second mention has no effect.
        return [[]] + single + zip(single.dropFirst(2), single).map { $0 + $1 } + zip(single, single).map { $0 + $1 }
    }

    private func comparisons() -> [Comparison] {
        let textual: [ComparisonOperator] = [.equal, .notEqual, .like, .ilike]
        let numeric: [ComparisonOperator] = [.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual]
        let table: [(Entity, String, [ComparisonOperator], [ComparisonValue])] = [
            (.attribute, "name", textual, (Self.names + ["A%", "_", "%"]).map { .text($0) }),
            (.attribute, "experiment_id", [.equal, .notEqual], [.integer(0), .integer(3), .integer(99)]),
            (.attribute, "experiment_id", [.isIn, .notIn], [.integers([1, 4, 99]), .integers([0])]),
            (.attribute, "creation_time", numeric, [.integer(1), .integer(.max)]),
            (.attribute, "last_update_time", numeric, [.integer(4), .integer(.min)]),
            (.tag, "t", textual, ["", "v", "V", "%", "x"].map { .text($0) }),
            (.tag, "t", [.isNull, .isNotNull], [.none]), (.tag, "never set", [.isNull, .isNotNull], [.none]),
        ]
        return table.flatMap { entity, key, operators, values in
            values.flatMap { value in
                operators.map { Comparison(entity: entity, key: key, comparisonOperator: $0, value: value) }
            }
        }
    }

    private func expected(_ search: ExperimentSearch, _ world: [Experiment]) -> [Int64] {
        let found = world.filter { experiment in
            search.viewType.shows(experiment.lifecycleStage) && search.filter.allSatisfy { matches(experiment, $0) }
        }
        let keyed = found.map { ($0.id, sortKeys($0, search.orderings)) }
        return keyed.sorted { SortKey.precedes($0.1, $1.1) }.map(\.0)
    }

    private func matches(_ experiment: Experiment, _ comparison: Comparison) -> Bool {
        let tag = experiment.tags.first { $0.key == comparison.key }?.value
        return switch (comparison.entity, comparison.key, comparison.comparisonOperator) {
        case (.tag, _, .isNull): tag == nil
        case (.tag, _, .isNotNull): tag != nil
        case (.tag, _, _): SearchModel.matches(tag, comparison)
        case (_, "name", _): SearchModel.matches(experiment.name, comparison)
        case (_, "creation_time", _): SearchModel.matches(Double(experiment.creationTime), comparison)
        case (_, "last_update_time", _): SearchModel.matches(Double(experiment.lastUpdateTime), comparison)
        default: SearchModel.matches(Double(experiment.id), comparison)
        }
    }

    private func sortKeys(_ experiment: Experiment, _ orderings: [Ordering]) -> [SortKey] {
        let id = SortKey.Value.number(Double(experiment.id))
        let created = SortKey.Value.number(Double(experiment.creationTime))
        guard !orderings.isEmpty else { return [SortKey(value: created, ascending: false), SortKey(value: id)] }
        let keys = orderings.map { ordering in
            switch ordering.key {
            case "name": SortKey(value: .text(experiment.name), ascending: ordering.ascending)
            case "creation_time": SortKey(value: created, ascending: ordering.ascending)
            case "last_update_time":
                SortKey(value: .number(Double(experiment.lastUpdateTime)), ascending: ordering.ascending)
            default: SortKey(value: id, ascending: ordering.ascending)
            }
        }
        return keys + [SortKey(value: id, ascending: false)]
    }
}
