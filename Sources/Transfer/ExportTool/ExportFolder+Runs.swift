internal import JSON
internal import Tracking

extension ExportFolder {
    func readRun(_ folder: StoreFolder, _ reading: inout ExportReading, _ emit: (TransferItem) throws -> Void) throws {
        let path = folder.path + "/run.json"
        try withDocument(folder, "run.json", emit) { value in
            var run = try Run(exported: RecordFields(value, "run"))
            let info = run.info
            guard reading.selection.includes(info),
                let experiment = try reading.experiment(info.experimentID, ofRun: info.runID, at: info.startTime, emit)
            else { return }
            let hasFiles = folder.names(.folder).contains("artifacts")
            let (location, target) = reading.chooseLocation(
                info.artifactURI,
                owner: info.runID,
                of: experiment,
                isModel: false,
                hasFiles: hasFiles
            )
            run.info.artifactURI = location
            try emit(.record(.run(TransferredRun(run: run, experiment: experiment))))
            let metrics = value["metrics"].map { Array($0.members) } ?? []
            if let kind = value["metrics"]?.kind, kind != .object, kind != .null {
                try emit(.skipped(path, "its metrics are not a JSON object"))
            }
            for (key, list) in metrics {
                let (points, broken) = RecordFields.points(of: list)
                try TransferItem.emit(points: points, of: key, runID: info.runID, emit)
                if broken > 0 || list.kind != .array {
                    let reason = "\(max(broken, 1)) points of the metric '\(shortened(key))' are not understood"
                    try emit(.skipped(path, reason))
                }
            }
            if hasFiles, let target {
                try emit(.artifacts(ArtifactFolder(root: folder.path, relativePath: "artifacts", target: target)))
            }
        }
    }

    func readLoggedModel(
        _ folder: StoreFolder,
        _ reading: inout ExportReading,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        try withDocument(folder, "logged_model.json", emit) { value in
            let fields = try RecordFields(value, "logged_model")
            var model = LoggedModel(info: try LoggedModelInfo(mlflow: fields))
            let info = model.info
            guard reading.selection.includes(info),
                let experiment = try reading.experiment(
                    info.experimentID,
                    ofRun: info.sourceRunID,
                    at: info.creationTime,
                    emit
                )
            else { return }
            model.params = try fields.pairs("params").map { Param(key: $0.key, value: $0.value) }
            model.tags = try fields.pairs("tags")
            var points: [ModelMetric] = []
            for point in try fields.objects("metrics") {
                points.append(try ModelMetric(mlflow: point, modelID: info.modelID))
            }
            let hasFiles = folder.names(.folder).contains("artifacts")
            let (location, target) = reading.chooseLocation(
                info.artifactURI,
                owner: info.modelID,
                of: experiment,
                isModel: true,
                hasFiles: hasFiles
            )
            model.info.artifactURI = location
            reading.modelIDs.insert(info.modelID)
            try emit(.record(.loggedModel(TransferredLoggedModel(model: model, experiment: experiment))))
            try TransferItem.emit(points: points, modelID: info.modelID, emit)
            if hasFiles, let target {
                try emit(.artifacts(ArtifactFolder(root: folder.path, relativePath: "artifacts", target: target)))
            }
        }
    }
}

extension Run {
    /// Reads a run from the members that the tool writes, without points.
    fileprivate init(exported fields: RecordFields) throws(TrackingError) {
        self.init(info: try RunInfo(mlflow: fields.object("info")))
        params = try fields.pairs("params").map { Param(key: $0.key, value: $0.value) }
        tags = try fields.pairs("tags")
        if info.name.isEmpty { info.name = tags.first { $0.key == Tag.runNameKey }?.value ?? "" }
        // Older versions of the tool write a list of datasets; newer ones an object with datasets and models.
        if fields.member("inputs")?.kind == .array {
            for input in try fields.objects("inputs") { datasetInputs.append(try DatasetInput(mlflow: input)) }
        } else if fields.member("inputs") != nil {
            let inputs = try fields.object("inputs")
            for input in try inputs.objects("dataset_inputs") { datasetInputs.append(try DatasetInput(mlflow: input)) }
            for input in try inputs.objects("model_inputs") {
                modelInputs.append(ModelInput(modelID: try input.string("model_id")))
            }
        }
        for output in try fields.objects("model_outputs") { modelOutputs.append(try ModelOutput(mlflow: output)) }
    }
}
