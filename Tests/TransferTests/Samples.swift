import Tracking

/// Things of a store that is imported.
enum Sample {
    static let runID = "0123456789abcdef0123456789abcdef"
    static let modelID = "m-0123456789abcdef0123456789abcdef"
    static let sourceExperiment = SourceExperiment(id: 7, name: "training")

    static func experiment(id: Int64 = 7, name: String = "training", created: Int64 = 100) -> Experiment {
        Experiment(
            id: id,
            name: name,
            artifactLocation: "mlflow-artifacts:/\(id)",
            lifecycleStage: .active,
            creationTime: created,
            lastUpdateTime: created + 1,
            tags: [Tag(key: "team 🦩", value: "blue")]
        )
    }

    static func run(_ adjust: (inout TransferredRun) -> Void = { _ in }) -> TransferredRun {
        var run = Run(
            info: RunInfo(
                runID: runID,
                name: "first",
                experimentID: 7,
                userID: "ana",
                status: .finished,
                startTime: 1_000,
                endTime: 2_000,
                artifactURI: "mlflow-artifacts:/7/\(runID)/artifacts",
                lifecycleStage: .active
            )
        )
        run.params = [Param(key: "lr", value: "0.1"), Param(key: "long", value: String(repeating: "x", count: 8_000))]
        run.tags = [Tag(key: "mlflow.runName", value: "first"), Tag(key: "note", value: "")]
        let dataset = Dataset(name: "iris", digest: "d1", sourceType: "local", source: "{}", schema: "{\"a\": 1}")
        run.datasetInputs = [DatasetInput(dataset: dataset, tags: [Tag(key: Tag.datasetContextKey, value: "train")])]
        run.modelInputs = [ModelInput(modelID: modelID)]
        run.modelOutputs = [ModelOutput(modelID: modelID, step: 3)]
        var transferred = TransferredRun(run: run, experiment: sourceExperiment)
        adjust(&transferred)
        return transferred
    }

    static let points = TransferredPoints(
        runID: runID,
        key: "loss",
        points: [
            MetricPoint(value: 0.5, isNaN: false, timestamp: 1_000, step: 0),
            MetricPoint(value: 0, isNaN: true, timestamp: 1_001, step: 1),
            MetricPoint(value: -.greatestFiniteMagnitude, isNaN: false, timestamp: 1_002, step: 2),
            MetricPoint(value: 0.25, isNaN: false, timestamp: 1_003, step: 3),
        ]
    )

    static func loggedModel(status: LoggedModelStatus = .ready) -> TransferredLoggedModel {
        var model = LoggedModel(
            info: LoggedModelInfo(
                modelID: modelID,
                experimentID: 7,
                name: "forest",
                artifactURI: "mlflow-artifacts:/7/models/\(modelID)/artifacts",
                status: status,
                statusMessage: nil,
                modelType: "sklearn",
                sourceRunID: runID,
                creationTime: 1_500,
                lastUpdatedTime: 1_600,
                lifecycleStage: .active
            )
        )
        model.params = [Param(key: "depth", value: "3")]
        model.tags = [Tag(key: "stage", value: "beta")]
        return TransferredLoggedModel(model: model, experiment: sourceExperiment)
    }

    static let modelPoints = TransferredModelPoints(
        modelID: modelID,
        points: [
            ModelMetric(
                metric: Metric(key: "auc", value: 0.9, timestamp: 1_700, step: 3),
                modelID: modelID,
                runID: runID,
                dataset: MetricDataset(name: "iris", digest: "d1")
            )
        ]
    )

    static func registeredModel(created: Int64 = 3_000) -> TransferredRegisteredModel {
        var model = RegisteredModel(name: "prod", creationTime: created, lastUpdatedTime: 3_100, description: "the one")
        model.tags = [Tag(key: "owner", value: "ana")]
        model.aliases = [ModelAlias(alias: "champion", version: 2)]
        return TransferredRegisteredModel(model: model, lastVersion: 4)
    }

    static func version(_ number: Int64, created: Int64 = 3_000) -> TransferredModelVersion {
        var version = ModelVersion(
            name: "prod",
            version: number,
            creationTime: 3_000 + number,
            lastUpdatedTime: 3_200 + number,
            stage: .staging,
            description: nil,
            source: "models:/\(modelID)",
            runID: runID,
            runLink: ""
        )
        version.tags = [Tag(key: "quality", value: "high")]
        return TransferredModelVersion(
            version: version,
            storageLocation: "mlflow-artifacts:/7/models/\(modelID)/artifacts",
            modelCreationTime: created
        )
    }

    static let all: [TransferRecord] = [
        .experiment(experiment()), .run(run()), .points(points), .loggedModel(loggedModel()), .modelPoints(modelPoints),
        .registeredModel(registeredModel()), .modelVersion(version(2)), .modelVersion(version(3)),
    ]
}
