import Filter
import TestSupport
import Tracking
import TrackingStore

/// A run of the test data, as a search should return it.
struct ModelRun: Sendable {
    struct Input: Sendable {
        var name: String
        var digest: String
        var context: String?
    }

    var runID = ""
    var experimentID: Int64 = 0
    var name = ""
    var hasNameTag = true
    var userID = ""
    var status = RunStatus.running
    var startTime: Int64 = 0
    var endTime: Int64?
    var stage = LifecycleStage.active
    var metrics: [String: Double] = [:]
    var params: [String: String] = [:]
    var tags: [String: String] = [:]
    var inputs: [Input] = []

    func matches(_ comparison: Comparison) -> Bool {
        switch comparison.entity {
        case .attribute: matchesAttribute(comparison)
        case .metric: SearchModel.matchesMetric(metrics[comparison.key], comparison)
        case .parameter: Self.matches(params[comparison.key], comparison)
        case .tag: Self.matches(tags[comparison.key], comparison)
        case .dataset:
            inputs.contains { input in
                switch comparison.key {
                case "name": SearchModel.matches(input.name, comparison)
                case "digest": SearchModel.matches(input.digest, comparison)
                default: SearchModel.matches(input.context, comparison)
                }
            }
        }
    }

    private static func matches(_ value: String?, _ comparison: Comparison) -> Bool {
        switch comparison.comparisonOperator {
        case .isNull: value == nil
        case .isNotNull: value != nil
        default: SearchModel.matches(value, comparison)
        }
    }

    private func matchesAttribute(_ comparison: Comparison) -> Bool {
        switch comparison.key {
        case "start_time": SearchModel.matches(Double(startTime), comparison)
        case "end_time": SearchModel.matches(endTime.map { Double($0) }, comparison)
        case "run_name": SearchModel.matches(hasNameTag ? name : nil, comparison)
        default: SearchModel.matches(text(of: comparison.key), comparison)
        }
    }

    private func text(of attribute: String) -> String {
        switch attribute {
        case "status": status.wireName
        case "user_id": userID
        case "artifact_uri": "mlflow-artifacts:/\(experimentID)/\(runID)/artifacts"
        case "run_name": name
        default: runID
        }
    }

    /// The values that determine the run's position.
    func sortKeys(_ orderings: [Ordering]) -> [SortKey] {
        var keys = orderings.map { sortKey($0) }
        if !orderings.contains(where: { $0.entity == .attribute && $0.key == "start_time" }) {
            keys.append(SortKey(value: .number(Double(startTime)), ascending: false))
        }
        return keys + [SortKey(value: .text(runID))]
    }

    private func sortKey(_ ordering: Ordering) -> SortKey {
        var key = SortKey(ascending: ordering.ascending)
        if ordering.sortValue != .value { return otherSortKey(ordering) }
        switch (ordering.entity, ordering.key) {
        case (.metric, let name):
            guard let value = metrics[name] else { return SortKey(rank: 2) }
            key.rank = value.isNaN ? 1 : 0
            key.value = value.isNaN ? .none : .number(SearchModel.stored(value))
        case (.attribute, "start_time"): key.value = .number(Double(startTime))
        case (.attribute, "end_time"):
            guard let endTime else { return SortKey(rank: 1) }
            key.value = .number(Double(endTime))
        case (.attribute, let name): key.value = .text(text(of: name))
        case (_, let name):
            guard let value = ordering.entity == .parameter ? params[name] : tags[name] else { return SortKey(rank: 1) }
            key.value = .text(value)
        }
        return key
    }
}

extension ModelRun {
    /// As `sortKey`, where something else than the value decides.
    private func otherSortKey(_ ordering: Ordering) -> SortKey {
        func number(_ value: Double?) -> SortKey {
            guard let value, !value.isNaN else { return SortKey(rank: 1) }
            return SortKey(value: .number(value), ascending: ordering.ascending)
        }
        let value = metrics[ordering.key].map(SearchModel.stored)
        switch ordering.sortValue {
        case .value: return sortKey(ordering)
        // Numbers before and after which others were logged: see `RunWorld.store`.
        case .minimum: return number(value.map { $0.isNaN ? RunWorld.earlierNumber : min($0, RunWorld.earlierNumber) })
        case .maximum: return number(value.map { $0.isNaN ? RunWorld.earlierNumber : max($0, RunWorld.earlierNumber) })
        case .step(1): return number(value)
        case .step(let step): return number(step == 0 && value != nil ? RunWorld.earlierNumber : nil)
        case .number:
            guard let text = ordering.entity == .parameter ? params[ordering.key] : tags[ordering.key] else {
                return SortKey(rank: 2)
            }
            if let value = Double(text) { return number(value) }
            return SortKey(rank: 1, value: .text(text), ascending: ordering.ascending)
        }
    }
}

/// A small set of random runs, in a store and as plain values; few different values, so that there are ties.
struct RunWorld: Sendable {
    static let longPrefix = String(repeating: "p", count: 40)
    static let texts = [
        "", "0.1", "Abc", "abc", "a_c", "a%c", "10", "9", "É", "é", "損失", "a\\%", "it's", longPrefix, longPrefix + "x",
        longPrefix + "y",
    ]
    /// A point of every metric, at step 0; that of the model is at step 1.
    static let earlierNumber = 0.25
    static let numbers: [Double] = [-.infinity, -1.5, 0, -0.0, 0.5, 1, 1e300, .infinity, .nan]

    let runs: [ModelRun]

    init(seed: UInt64, runCount: Int, in fixture: StoreFixture) throws {
        var generator = SeededGenerator(seed: seed)
        let drawn = (0..<runCount).map { _ in Self.draw(&generator) }
        runs = try fixture.write { session in
            for name in ["one", "two"] {
                _ = try session.createExperiment(name: name, artifactLocation: nil, tags: [])
            }
            return try drawn.map { try Self.store($0, session) }
        }
    }

    /// The runs that a search should find, in order.
    func found(by search: RunSearch) -> [String] {
        let found = runs.filter { run in
            search.experimentIDs.contains(run.experimentID) && search.viewType.shows(run.stage)
                && search.filter.allSatisfy { run.matches($0) }
        }
        let keyed = found.map { ($0.runID, $0.sortKeys(search.orderings)) }
        return keyed.sorted { SortKey.precedes($0.1, $1.1) }.map(\.0)
    }

    private static func draw(_ generator: inout SeededGenerator) -> ModelRun {
        var run = ModelRun()
        run.experimentID = Int64.random(in: 0...2, using: &generator)
        run.name = texts.filter { !$0.isEmpty }.randomElement(using: &generator) ?? "x"
        run.hasNameTag = Int.random(in: 0..<6, using: &generator) > 0
        run.userID = ["", "ann", "Bob"].randomElement(using: &generator) ?? ""
        run.status = RunStatus.allCases.randomElement(using: &generator) ?? .running
        run.startTime = [0, 5, 5, 7, -3, .max].randomElement(using: &generator) ?? 0
        run.endTime = [nil, 9, 10, -1].randomElement(using: &generator) ?? nil
        run.stage = Int.random(in: 0..<5, using: &generator) > 0 ? .active : .deleted
        for key in ["acc", "loss"] where Int.random(in: 0..<5, using: &generator) > 0 {
            run.metrics[key] = numbers.randomElement(using: &generator) ?? 0
        }
        for key in ["lr", "a b"] where Int.random(in: 0..<4, using: &generator) > 0 {
            run.params[key] = texts.randomElement(using: &generator) ?? ""
        }
        for key in ["lr", "t"] where Int.random(in: 0..<4, using: &generator) > 0 {
            run.tags[key] = texts.randomElement(using: &generator) ?? ""
        }
        for name in ["d1", "d2"] where Bool.random(using: &generator) {
            let digest = ["1", "2"].randomElement(using: &generator) ?? "1"
            let context = [nil, "train", "eval"].randomElement(using: &generator) ?? nil
            run.inputs.append(ModelRun.Input(name: name, digest: digest, context: context))
        }
        return run
    }

    private static func store(_ drawn: ModelRun, _ session: WriteSession) throws -> ModelRun {
        var run = drawn
        let new = NewRun(
            experimentID: run.experimentID,
            userID: run.userID,
            name: run.name,
            startTime: run.startTime,
            tags: run.tags.map { Tag(key: $0.key, value: $0.value) }
        )
        run.runID = try session.createRun(new).info.runID
        _ = try session.updateRun(run.runID, status: run.status, endTime: run.endTime, name: nil)
        if !run.hasNameTag { try session.deleteTag(key: Tag.runNameKey, runID: run.runID) }
        let batch = LogBatch(
            // Adds an earlier point, which a search must not return.
            metrics: run.metrics.flatMap { key, value in
                [
                    Metric(key: key, value: value, timestamp: 1, step: 1),
                    Metric(key: key, value: earlierNumber, timestamp: 2, step: 0),
                ]
            },
            params: run.params.map { Param(key: $0.key, value: $0.value) }
        )
        try session.log(batch, runID: run.runID)
        let inputs = run.inputs.map { input in
            DatasetInput(
                dataset: Dataset(name: input.name, digest: input.digest, sourceType: "", source: ""),
                tags: input.context.map { [Tag(key: Tag.datasetContextKey, value: $0), Tag(key: "x", value: "train")] }
                    ?? []
            )
        }
        try session.logInputs(datasets: inputs, models: [], runID: run.runID)
        if run.stage == .deleted { try session.deleteRun(run.runID) }
        return run
    }
}

extension ViewType {
    /// Whether a search with this view finds entities in a stage.
    func shows(_ stage: LifecycleStage) -> Bool {
        switch self {
        case .activeOnly: stage == .active
        case .deletedOnly: stage == .deleted
        case .all: true
        }
    }
}
