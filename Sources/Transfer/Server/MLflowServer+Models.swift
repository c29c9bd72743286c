internal import Coding
internal import JSON
internal import Tracking

extension MLflowServer {
    private static let modelsPerPage = 50
    private static let entriesPerPage = 100
    private static let promptFilter = "tags.`mlflow.prompt.is_prompt` = 'true'"

    func readLoggedModels(
        of experiment: SourceExperiment,
        _ files: ServedFiles,
        _ selection: TransferSelection,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        do {
            try forEachPage(of: "logged-models/search") { writer in
                writer.memberArray("experiment_ids") { $0.string(String(experiment.id)) }
                writer.member("max_results", Self.modelsPerPage)
                writer.memberArray("order_by") { writer in
                    writer.beginObject()
                    writer.member("field_name", "creation_timestamp")
                    writer.member("ascending", true)
                    writer.endObject()
                }
            } body: { page in
                guard let models = page["models"] else { return }
                for model in models.elements { try readLoggedModel(model, experiment, files, selection, emit) }
            }
        } catch let refusal as RefusedCall {
            // Servers before MLflow 3.0 have no logged models and no call for them.
            if refusal.status != 404 && refusal.status != 405 {
                try emit(.skipped("logged models of experiment \(experiment.id)", refusal.description))
            }
        }
    }

    private func readLoggedModel(
        _ value: JSONValue,
        _ experiment: SourceExperiment,
        _ files: ServedFiles,
        _ selection: TransferSelection,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        try reporting("model \(value["info"]?["model_id"]?.string ?? "?")", emit) {
            let fields = try RecordFields(value, "model")
            let info = try fields.object("info")
            var model = LoggedModel(info: try LoggedModelInfo(mlflow: info))
            guard selection.includes(model.info) else { return }
            let location = model.info.artifactURI
            model.info.artifactURI = files.movedLocation(location)
            model.tags = try info.pairs("tags")
            var points: [ModelMetric] = []
            if fields.member("data") != nil {
                let data = try fields.object("data")
                model.params = try data.pairs("params").map { Param(key: $0.key, value: $0.value) }
                for point in try data.objects("metrics") {
                    points.append(try ModelMetric(mlflow: point, modelID: model.info.modelID))
                }
            }
            let id = model.info.modelID
            try emit(.record(.loggedModel(TransferredLoggedModel(model: model, experiment: experiment))))
            try TransferItem.emit(points: points, modelID: id, emit)
            try files.read(.model(id), at: location, emit)
        }
    }

    func readRegistry(
        _ finder: ArtifactFinder,
        _ selection: TransferSelection,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        var creationTimes: [String: Int64] = [:]
        // A server that has prompts lists them only with the second filter. A model that is listed with both is emitted once.
        for filter in ["", Self.promptFilter] {
            try reporting(filter.isEmpty ? "registered models" : "prompts", emit) {
                try forEachPage(
                    of: "registered-models/search",
                    query: "filter=\(PercentCoding.encode(filter))&max_results=\(Self.entriesPerPage)"
                ) { page in
                    guard let models = page["registered_models"] else { return }
                    for value in models.elements {
                        try reporting("registered model \(value["name"]?.string ?? "?")", emit) {
                            let model = try RegisteredModel(mlflow: RecordFields(value, "registered_model"))
                            guard creationTimes.updateValue(model.creationTime, forKey: model.name) == nil else {
                                return
                            }
                            try emit(.record(.registeredModel(TransferredRegisteredModel(model: model))))
                        }
                    }
                }
            }
        }
        var seen: Set<String> = []
        for filter in ["", Self.promptFilter] {
            try reporting(filter.isEmpty ? "model versions" : "versions of prompts", emit) {
                try forEachPage(
                    of: "model-versions/search",
                    query: "filter=\(PercentCoding.encode(filter))&max_results=\(Self.entriesPerPage)"
                        + "&order_by=\(PercentCoding.encode("creation_timestamp ASC"))"
                ) { page in
                    guard let versions = page["model_versions"] else { return }
                    for value in versions.elements {
                        let title = "\(value["name"]?.string ?? "?")/\(value["version"]?.string ?? "?")"
                        guard seen.insert(title).inserted else { continue }
                        try reporting("model version \(title)", emit) {
                            try readVersion(value, modelCreationTimes: creationTimes, finder, selection, emit)
                        }
                    }
                }
            }
        }
    }

    private func readVersion(
        _ value: JSONValue,
        modelCreationTimes creationTimes: [String: Int64],
        _ finder: ArtifactFinder,
        _ selection: TransferSelection,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        var version = try ModelVersion(mlflow: RecordFields(value, "model_version"))
        // A model that was created after the models were listed is imported only by the next import.
        guard let creationTime = creationTimes[version.name] else { return }
        let query = "name=\(PercentCoding.encode(version.name))&version=\(version.version)"
        let downloadURI = try client.get("\(Self.route)model-versions/get-download-uri?\(query)").parsedObject()[
            "artifact_uri"
        ]?
        .string
        var location = downloadURI.flatMap { $0.isEmpty || $0.isExactly(version.source) ? nil : $0 }
        if !selection.skipsArtifacts {
            version.source = finder.movedLocation(version.source)
            location = location.map(finder.movedLocation)
        }
        let transferred = TransferredModelVersion(
            version: version,
            storageLocation: location,
            modelCreationTime: creationTime
        )
        try emit(.record(.modelVersion(transferred)))
    }
}
