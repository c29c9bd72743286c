import TestSupport
import Tracking

/// Makes random records of a few things, so that many of them meet what is stored, of the same source or of another one.
struct RandomRecords {
    private var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    mutating func number(_ range: ClosedRange<Int64>) -> Int64 { .random(in: range, using: &generator) }

    private mutating func one<Value>(of values: [Value]) -> Value { values[Int(number(0...Int64(values.count - 1)))] }

    private mutating func pairs() -> [Tag] {
        (0..<number(0...3)).map { _ in
            Tag(key: one(of: ["a", "b", "é", "mlflow.note.content"]), value: one(of: ["", "1", "🦩", "x'\"\\{}"]))
        }
    }

    private mutating func experimentName() -> String { one(of: ["Default", "a", "b", "c'", "größe"]) }

    /// The experiments of runs and models, of which some exist.
    private mutating func sourceExperiment() -> SourceExperiment {
        SourceExperiment(id: number(0...5), name: experimentName(), creationTime: one(of: [nil, 0, 100, 200]))
    }

    private mutating func runID() -> String { "run-\(number(0...9))" }

    private mutating func modelID() -> String { "m-\(number(0...5))" }

    private mutating func stage() -> LifecycleStage { one(of: [.active, .active, .active, .deleted]) }

    private mutating func runIdentity() -> RunIdentity {
        RunIdentity(
            experiment: sourceExperiment(),
            startTime: one(of: [1, 1, 1, 2]),
            userID: one(of: ["ana", "ana", "", "bob"])
        )
    }

    mutating func next() -> TransferRecord {
        switch number(0...11) {
        case 0...1: .experiment(experiment())
        case 2...4: .run(run())
        case 5...6: .points(points())
        case 7: .loggedModel(loggedModel())
        case 8: .modelPoints(modelPoints())
        case 9: .registeredModel(registeredModel())
        default: .modelVersion(modelVersion())
        }
    }

    mutating func experiment() -> Experiment {
        let id = number(0...5)
        return Experiment(
            id: one(of: [id, id, id, Experiment.noID]),
            name: experimentName(),
            artifactLocation: one(of: ["", "mlflow-artifacts:/\(id)", "s3://bucket/\(id)"]),
            lifecycleStage: stage(),
            creationTime: one(of: [0, 100, 200]),
            lastUpdateTime: 300,
            tags: pairs()
        )
    }

    private mutating func run() -> TransferredRun {
        let identity = runIdentity()
        let id = runID()
        var run = Run(
            info: RunInfo(
                runID: id,
                name: one(of: ["", "first"]),
                experimentID: identity.experiment.id,
                userID: identity.userID,
                status: one(of: [.running, .finished, .failed]),
                startTime: identity.startTime,
                endTime: one(of: [nil, 10, 20]),
                artifactURI: one(of: ["", "mlflow-artifacts:/0/\(id)/artifacts", "s3://bucket/\(id)"]),
                lifecycleStage: stage()
            )
        )
        run.params = pairs().lastOfEachKey.map { Param(key: $0.key, value: $0.value) }
        run.tags = pairs()
        run.datasetInputs = (0..<number(0...2)).map { _ in
            let dataset = Dataset(
                name: one(of: ["iris", "mnist"]),
                digest: one(of: ["1", "2"]),
                sourceType: "local",
                source: "{}",
                schema: one(of: [nil, "{}"])
            )
            return DatasetInput(dataset: dataset, tags: [Tag(key: Tag.datasetContextKey, value: "train")])
        }
        run.modelInputs = (0..<number(0...1)).map { _ in ModelInput(modelID: modelID()) }
        run.modelOutputs = (0..<number(0...1)).map { _ in ModelOutput(modelID: modelID(), step: number(0...2)) }
        return TransferredRun(run: run, experiment: identity.experiment, deletedTime: one(of: [nil, 9]))
    }

    private mutating func points() -> TransferredPoints {
        let points = (0...number(0...8)).map { _ in
            let isNaN = number(0...9) == 0
            return MetricPoint(
                value: isNaN ? 0 : one(of: [0.5, -1, .greatestFiniteMagnitude]),
                isNaN: isNaN,
                timestamp: number(0...5),
                step: number(-1...5)
            )
        }
        let identity = runIdentity()
        return TransferredPoints(
            runID: runID(),
            key: one(of: ["loss", "acc", "größe"]),
            points: points,
            identity: one(of: [nil, identity])
        )
    }

    private mutating func loggedModel() -> TransferredLoggedModel {
        let sourceExperiment = sourceExperiment()
        let id = modelID()
        var model = LoggedModel(
            info: LoggedModelInfo(
                modelID: id,
                experimentID: sourceExperiment.id,
                name: "forest",
                artifactURI: "mlflow-artifacts:/0/models/\(id)/artifacts",
                status: one(of: [.pending, .ready, .failed]),
                statusMessage: one(of: [nil, "why"]),
                modelType: "",
                sourceRunID: runID(),
                creationTime: one(of: [1, 1, 2]),
                lastUpdatedTime: 5,
                lifecycleStage: stage()
            )
        )
        model.params = pairs().lastOfEachKey.map { Param(key: $0.key, value: $0.value) }
        model.tags = pairs()
        return TransferredLoggedModel(model: model, experiment: sourceExperiment)
    }

    /// The value follows from the place, because MLflow's table has one value for each.
    private mutating func modelPoints() -> TransferredModelPoints {
        let id = modelID()
        let points = (0...number(0...3)).map { _ in
            let (time, step) = (number(0...2), number(0...2))
            return ModelMetric(
                metric: Metric(key: "auc", value: Double(time * 10 + step), timestamp: time, step: step),
                modelID: id,
                runID: runID(),
                dataset: step == 0 ? nil : MetricDataset(name: "iris", digest: "1")
            )
        }
        let identity = LoggedModelIdentity(experiment: sourceExperiment(), creationTime: 1)
        return TransferredModelPoints(modelID: id, points: points, identity: one(of: [nil, identity]))
    }

    private mutating func registeredModel() -> TransferredRegisteredModel {
        var model = RegisteredModel(
            name: one(of: ["prod", "größe"]),
            creationTime: one(of: [1, 1, 1, 2]),
            lastUpdatedTime: 3,
            description: one(of: ["", "the one"])
        )
        model.tags = pairs() + one(of: [[], [Tag.promptMark]])
        model.aliases = (0..<number(0...1)).map { _ in
            ModelAlias(alias: one(of: ["champion", "best"]), version: number(1...3))
        }
        return TransferredRegisteredModel(model: model, lastVersion: number(0...6))
    }

    private mutating func modelVersion() -> TransferredModelVersion {
        var version = ModelVersion(
            name: one(of: ["prod", "größe"]),
            version: number(1...8),
            creationTime: one(of: [1, 1, 2]),
            lastUpdatedTime: 3,
            stage: one(of: [.none, .staging, .production]),
            description: one(of: [nil, "", "good"]),
            source: "models:/\(modelID())",
            runID: runID(),
            runLink: ""
        )
        version.tags = pairs()
        return TransferredModelVersion(
            version: version,
            storageLocation: one(of: [nil, "s3://bucket/x"]),
            modelCreationTime: one(of: [1, 1, 1, 2])
        )
    }
}
