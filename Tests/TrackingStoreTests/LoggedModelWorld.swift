import Filter
import TestSupport
import Tracking
import TrackingStore

/// Logged models with metrics on datasets, in a store and as plain values, to compare searches on both.
struct LoggedModelWorld {
    static let datasets: [MetricDataset?] = [
        nil, MetricDataset(name: "train", digest: "1"), MetricDataset(name: "train", digest: "2"),
        MetricDataset(name: "test", digest: "1"),
    ]
    static let metricKeys = ["acc", "loss", "rare"]
    static let values: [Double] = [-1, 0, 0.25, 0.5, 0.5, 1, 2]

    /// All models in order of creation, including deleted ones.
    let models: [LoggedModel]

    /// Creates the models in one write; each has about four points of two metrics.
    init(seed: UInt64, modelCount: Int, in fixture: StoreFixture) throws {
        var generator = SeededGenerator(seed: seed)
        let experiment = try fixture.write { try $0.createExperiment(name: "other", artifactLocation: nil, tags: []) }
        let runIDs = try (0..<3).map { _ in try fixture.createRun() }
        var plans: [(new: NewLoggedModel, points: [ModelMetric], isDeleted: Bool)] = []
        for number in 0..<modelCount {
            let hasParam = Int.random(in: 0..<10, using: &generator) < 8
            let hasTag = Int.random(in: 0..<10, using: &generator) < 8
            let lr = String(Int.random(in: 0..<5, using: &generator))
            let stage = ["dev", "prod", "Prod"].randomElement(using: &generator) ?? ""
            let new = NewLoggedModel(
                experimentID: number % 3 == 0 ? experiment : 0,
                name: "model \(number % 7)",
                modelType: number % 2 == 0 ? "classifier" : "",
                sourceRunID: "",
                params: hasParam ? [Param(key: "lr", value: lr)] : [],
                tags: hasTag ? [Tag(key: "stage", value: stage)] : []
            )
            let points = (0..<Int.random(in: 0...8, using: &generator)).map { _ in
                let key = Int.random(in: 0..<50, using: &generator) == 0 ? 2 : Int.random(in: 0...1, using: &generator)
                let metric = Metric(
                    key: Self.metricKeys[key],
                    value: Self.values.randomElement(using: &generator) ?? 0,
                    timestamp: Int64.random(in: 1...3, using: &generator),
                    step: Int64.random(in: 0...2, using: &generator)
                )
                return ModelMetric(
                    metric: metric,
                    modelID: "",
                    runID: runIDs.randomElement(using: &generator) ?? "",
                    dataset: Self.datasets.randomElement(using: &generator) ?? nil
                )
            }
            plans.append((new, points, Int.random(in: 0..<12, using: &generator) == 0))
        }
        models = try fixture.write { [plans] session in
            try plans.map { plan in
                var model = try session.createLoggedModel(plan.new)
                for var point in plan.points {
                    point.modelID = model.info.modelID
                    try session.logMetrics([point.metric], modelMetrics: [point], runID: point.runID)
                    if !model.metrics.contains(point) { model.metrics.append(point) }
                }
                if plan.isDeleted {
                    try session.deleteLoggedModel(model.info.modelID)
                    model.info.lifecycleStage = .deleted
                }
                return model
            }
        }
    }

    /// The ids that a search must find, in order, without pages.
    func found(_ search: LoggedModelSearch) -> [String] {
        models.filter { model in
            model.info.lifecycleStage == .active && search.experimentIDs.contains(model.info.experimentID)
                && search.filter.allSatisfy { meets(model, $0, search.datasets) }
                && (search.datasets.isEmpty || search.filter.contains { $0.entity == .metric }
                    || model.metrics.contains { isOn($0.dataset, search.datasets) })
        }
        .sorted { precedes($0, $1, search.orderings) }
        .map(\.info.modelID)
    }

    private func isOn(_ dataset: MetricDataset?, _ scopes: [DatasetScope]) -> Bool {
        scopes.contains { scope in
            guard let dataset else { return false }
            return (scope.name.isEmpty || scope.name == dataset.name)
                && (scope.digest ?? dataset.digest) == dataset.digest
        }
    }

    private func meets(_ model: LoggedModel, _ comparison: Comparison, _ scopes: [DatasetScope]) -> Bool {
        switch comparison.entity {
        case .metric:
            model.metrics.contains { point in
                point.metric.key == comparison.key && (scopes.isEmpty || isOn(point.dataset, scopes))
                    && holds(point.metric.value, comparison)
            }
        case .parameter: model.params.contains { $0.key == comparison.key && holds($0.value, comparison) }
        case .tag: model.tags.contains { $0.key == comparison.key && holds($0.value, comparison) }
        case .attribute: holds(comparison.key == "name" ? model.info.name : model.info.modelType, comparison)
        case .dataset: false
        }
    }

    private func holds(_ value: Double, _ comparison: Comparison) -> Bool {
        guard case .number(let wanted) = comparison.value else { return false }
        return switch comparison.comparisonOperator {
        case .equal: value == wanted
        case .notEqual: value != wanted
        case .greater: value > wanted
        case .greaterOrEqual: value >= wanted
        case .less: value < wanted
        default: value <= wanted
        }
    }

    private func holds(_ value: String, _ comparison: Comparison) -> Bool {
        switch (comparison.comparisonOperator, comparison.value) {
        case (.equal, .text(let wanted)): value == wanted
        case (.notEqual, .text(let wanted)): value != wanted
        case (.isIn, .list(let wanted)): wanted.contains(value)
        case (.notIn, .list(let wanted)): !wanted.contains(value)
        default: false
        }
    }

    /// The sort value of a model: that of the newest point; ties go to the lower run id, then to the higher value.
    private func latest(_ model: LoggedModel, _ clause: LoggedModelSearch.Clause) -> Double? {
        model.metrics
            .filter { $0.metric.key == clause.ordering.key }
            .filter { point in clause.dataset.map { isOn(point.dataset, [$0]) } ?? true }
            .max { left, right in
                let (old, new) = (left.metric, right.metric)
                if (old.timestamp, old.step) != (new.timestamp, new.step) {
                    return (old.timestamp, old.step) < (new.timestamp, new.step)
                }
                return left.runID == right.runID ? old.value < new.value : left.runID > right.runID
            }?
            .metric.value
    }

    private func precedes(_ left: LoggedModel, _ right: LoggedModel, _ clauses: [LoggedModelSearch.Clause]) -> Bool {
        for clause in clauses {
            if clause.ordering.entity == .metric {
                switch (latest(left, clause), latest(right, clause)) {
                case (nil, nil): continue
                case (_?, nil): return true
                case (nil, _?): return false
                case (let first?, let second?) where first != second:
                    return clause.ordering.ascending ? first < second : first > second
                default: continue
                }
            }
            let (first, second) = (left.info.name, right.info.name)
            if first != second { return clause.ordering.ascending ? first < second : first > second }
        }
        if left.info.creationTime != right.info.creationTime { return left.info.creationTime > right.info.creationTime }
        return left.info.modelID < right.info.modelID
    }
}

extension ReadSession {
    /// The ids on all pages of a search.
    func loggedModelIDs(_ search: LoggedModelSearch) throws -> [String] {
        var search = search
        var ids: [String] = []
        repeat {
            let page = try searchLoggedModels(search)
            ids += page.items.map(\.info.modelID)
            search.pageToken = page.nextPageToken
        } while search.pageToken != nil
        return ids
    }
}
