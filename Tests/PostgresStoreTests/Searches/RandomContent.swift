import TestSupport
import Tracking
import TrackingStore

/// Writes random things into a store, with many equal values, odd texts and missing parts.
struct RandomContent {
    static let texts = ["", "a", "A", "ab", "abc", "ABC", "a_c", "a%c", "é", "É", "損失", "~", "Z", "z", "b c"]
    static let numbers = [
        "1", "10", "9", "-3", "1e3", "0.5", ".5", "5.", " 7", "1e400", "-1e400", "1e-400", "0x1", "1e", "nan",
    ]
    static let registryNames = ["a", "B", "é", "m_1", "m%2", "prompt", "Prompt 2", "empty"]
    static let metricKeys = ["acc", "loss", "val/f1"]

    private var generator: SeededGenerator
    private let fixture: StoreFixture
    private var experiments: [Int64] = [0]
    private var runIDs: [String] = []

    init(seed: UInt64, in fixture: StoreFixture) {
        generator = SeededGenerator(seed: seed)
        self.fixture = fixture
    }

    private mutating func one<Element>(of elements: [Element]) -> Element {
        elements[Int.random(in: elements.indices, using: &generator)]
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }

    mutating func addExperiments() throws {
        for name in ["exp", "EXP", "é", "other_1", "other%2", "損"] {
            let tags = chance(70) ? [Tag(key: "t", value: one(of: Self.texts))] : []
            let id = try fixture.write { session in
                try session.createExperiment(name: name, artifactLocation: nil, tags: tags)
            }
            experiments.append(id)
            if chance(20) { try fixture.write { try $0.deleteExperiment(id) } }
        }
        experiments = Array(experiments.prefix(4))
        for id in experiments.dropFirst() where chance(100) { _ = try? fixture.write { try $0.restoreExperiment(id) } }
    }

    mutating func addRuns(_ count: Int) throws -> [String] {
        for _ in 0..<count {
            let (start, user) = (Int64.random(in: 0..<9, using: &generator), one(of: ["", "ann", "Bob"]))
            let (experiment, name) = (one(of: experiments), one(of: Array(Self.texts.dropFirst())))
            let tags = chance(60) ? [Tag(key: "t", value: one(of: Self.texts + Self.numbers))] : []
            let new = NewRun(experimentID: experiment, userID: user, name: name, startTime: start, tags: tags)
            let id = try fixture.write { try $0.createRun(new).info.runID }
            runIDs.append(id)
            try log(to: id)
            if chance(15) { try fixture.write { try $0.deleteRun(id) } }
        }
        return runIDs
    }

    private mutating func log(to id: String) throws {
        var metrics: [Metric] = []
        for key in Self.metricKeys where chance(70) {
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let value = one(of: [0, 0.5, 1, -1, .nan, .infinity, -.infinity, 1e-300, 0.1])
                let (time, step) = (
                    Int64.random(in: 1...3, using: &generator), Int64.random(in: 0...3, using: &generator)
                )
                metrics.append(Metric(key: key, value: value, timestamp: time, step: step))
            }
        }
        let params = chance(70) ? [Param(key: "lr", value: one(of: Self.texts + Self.numbers))] : []
        let more = chance(30) ? [Param(key: "a/b", value: one(of: Self.texts))] : []
        let status: RunStatus? = chance(60) ? one(of: RunStatus.allCases) : nil
        let end: Int64? = chance(50) ? Int64.random(in: 5..<12, using: &generator) : nil
        var inputs: [DatasetInput] = []
        if chance(50) {
            let (name, digest) = (one(of: ["d1", "D2", "é"]), one(of: ["1", "2"]))
            let dataset = Dataset(name: name, digest: digest, sourceType: "local", source: "{}")
            let tags = chance(70) ? [Tag(key: Tag.datasetContextKey, value: one(of: ["train", "test"]))] : []
            inputs.append(DatasetInput(dataset: dataset, tags: tags))
        }
        try fixture.write { [metrics, inputs] session in
            try session.logMetrics(metrics, modelMetrics: [], runID: id)
            for param in params + more { try session.logParam(param, runID: id) }
            try session.logInputs(datasets: inputs, models: [], runID: id)
            _ = try session.updateRun(id, status: status, endTime: end, name: nil)
        }
    }

    mutating func addLoggedModels(_ count: Int) throws {
        let datasets: [MetricDataset?] = [
            nil, MetricDataset(name: "train", digest: "1"), MetricDataset(name: "train", digest: "2"),
            MetricDataset(name: "test", digest: "1"),
        ]
        for _ in 0..<count {
            let new = NewLoggedModel(
                experimentID: one(of: experiments),
                name: one(of: ["m", "M", "n_1", "é"]),
                modelType: one(of: ["", "agent", "Agent"]),
                sourceRunID: one(of: ["", runIDs[0]]),
                params: chance(60) ? [Param(key: "lr", value: one(of: Self.texts))] : [],
                tags: chance(60) ? [Tag(key: "t", value: one(of: Self.texts))] : []
            )
            let model = try fixture.write { try $0.createLoggedModel(new) }.info.modelID
            for _ in 0..<Int.random(in: 0...6, using: &generator) {
                let metric = Metric(
                    key: one(of: Self.metricKeys),
                    value: one(of: [0, 0.5, 1, -1]),
                    timestamp: Int64.random(in: 1...3, using: &generator),
                    step: Int64.random(in: 0...2, using: &generator)
                )
                // MLflow holds one value for each time, step and run.
                let run = one(of: runIDs)
                let point = ModelMetric(metric: metric, modelID: model, runID: run, dataset: one(of: datasets))
                let isTaken = try fixture.read { try $0.loggedModel(id: model) }.metrics.contains {
                    $0.metric.key == metric.key && $0.metric.timestamp == metric.timestamp
                        && $0.metric.step == metric.step && $0.runID == run
                }
                guard !isTaken else { continue }
                let isActive = try fixture.read { try $0.runInfo(id: run) }.lifecycleStage == .active
                guard isActive else { continue }
                try fixture.write { try $0.logMetrics([metric], modelMetrics: [point], runID: run) }
            }
            let status = one(of: [LoggedModelStatus.pending, .ready, .failed])
            try fixture.write { _ = try $0.finalizeLoggedModel(model, status: status) }
            if chance(15) { try fixture.write { try $0.deleteLoggedModel(model) } }
        }
    }

    mutating func addRegistry() throws {
        let mark = Tag.promptMark
        for name in Self.registryNames {
            let isPrompt = name.lowercased().hasPrefix("prompt")
            let tags = (isPrompt ? [mark] : []) + (chance(60) ? [Tag(key: "t", value: one(of: Self.texts))] : [])
            let text = one(of: ["", "some words"])
            _ = try fixture.write { try $0.createRegisteredModel(name: name, description: text, tags: tags) }
            for _ in 0..<(name == "empty" ? 0 : Int.random(in: 1...5, using: &generator)) {
                try addVersion(of: name, tags: isPrompt ? [mark] : [])
            }
        }
    }

    private mutating func addVersion(of name: String, tags: [Tag]) throws {
        let tags = tags + (chance(60) ? [Tag(key: "t", value: one(of: Self.texts))] : [])
        let run = chance(50) ? one(of: runIDs) : nil
        let source = tags.contains(Tag.promptMark) ? "dummy-source" : one(of: ["s3://b/x", "s3://b/Y"])
        let new = NewModelVersion.sample(of: name, source: source, runID: run, tags: tags)
        let version = try fixture.write { try $0.createModelVersion(new, workingDirectory: "/") }
        let key = try ModelVersionKey(name: name, version: String(version.version))
        let (stage, isMoved, isNamed, isDeleted) = (one(of: ModelStage.allCases), chance(50), chance(40), chance(15))
        let alias = one(of: ["best", "Next", "old-1"])
        try fixture.write { session in
            if isMoved { _ = try session.moveModelVersion(key, to: stage, archivesOthers: false) }
            if isNamed { try session.setModelAlias(alias, version: key) }
            if isDeleted { try session.deleteModelVersion(key) }
        }
    }
}
