internal import JSON
internal import Tracking

extension ExportFolder {
    /// Reads the files of registered models and versions, which may also name experiments that have no file of their own.
    func readModelFiles(_ found: FoundFiles, _ emit: (TransferItem) throws -> Void) throws -> ExportedRegistry {
        var registry = ExportedRegistry()
        for folder in found.models {
            try withDocument(folder, "model.json", emit) { value in
                guard let value = value["registered_model"] else { throw SourceFailure("has no registered_model") }
                let fields = try RecordFields(value, "registered_model")
                let model = try RegisteredModel(mlflow: fields)
                registry.add(model)
                // Before 2023 the tool gave the list the name that it has in MLflow's API.
                let list = fields.member("versions") == nil ? "latest_versions" : "versions"
                for version in try fields.objects(list) {
                    do {
                        try registry.add(version, of: model.name)
                    } catch let error as TrackingError {
                        let reason = "a version in the file is not understood: \(error.message)"
                        try emit(.skipped(folder.path + "/model.json", reason))
                    }
                }
            }
            try reportFailures(of: "failed_versions", in: folder, "model.json", emit)
        }
        for folder in found.versions {
            try withDocument(folder, "version.json", emit) { value in
                guard let value = value["model_version"] else { throw SourceFailure("has no model_version") }
                let fields = try RecordFields(value, "model_version")
                try registry.add(fields, of: fields.string("name"))
            }
        }
        return registry
    }

    func readRegistry(
        _ registry: ExportedRegistry,
        _ reading: ExportReading,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        for model in registry.models { try emit(.record(.registeredModel(TransferredRegisteredModel(model: model)))) }
        for var version in registry.versions {
            guard let model = registry.model(version.name) else {
                let reason = "its registered model is not in the folder"
                try emit(.skipped("model version \(version.name)/\(version.version)", reason))
                continue
            }
            version.source = reading.moved(version.source, ofRun: version.runID)
            let transferred = TransferredModelVersion(
                version: version,
                storageLocation: nil,
                modelCreationTime: model.creationTime
            )
            try emit(.record(.modelVersion(transferred)))
            let prefix = "models:/"
            let modelID = version.source.hasPrefix(prefix) ? String(version.source.dropFirst(prefix.count)) : ""
            if modelID.hasPrefix("m-"), !reading.modelIDs.contains(modelID) {
                let reason = "its files belong to the logged model \(modelID), which the folder does not contain"
                try emit(.skipped("model version \(version.name)/\(version.version)", reason))
            }
        }
    }
}

/// The registered models and versions that the files of a folder contain.
struct ExportedRegistry {
    private(set) var models: [RegisteredModel] = []
    /// The index of each model in `models`, by its name.
    private var indexes: [String: Int] = [:]
    private(set) var versions: [ModelVersion] = []
    /// The names of experiments, by the ids of their runs.
    private(set) var experimentNames: [String: String] = [:]
    private var versionKeys: Set<String> = []

    mutating func add(_ model: RegisteredModel) {
        guard indexes[model.name] == nil else { return }
        indexes[model.name] = models.count
        models.append(model)
    }

    func model(_ name: String) -> RegisteredModel? { indexes[name].map { models[$0] } }

    /// Adds a version, its aliases, and the name of its run's experiment.
    mutating func add(_ fields: RecordFields, of name: String) throws(TrackingError) {
        var version = try ModelVersion(mlflow: fields)
        version.name = name
        if let experiment = try fields.optionalString("_experiment_name"), !version.runID.isEmpty {
            experimentNames[version.runID] = experiment
        }
        let number = version.version
        guard versionKeys.insert("\(name)/\(number)").inserted else { return }
        versions.append(version)
        guard let index = indexes[name] else { return }
        for alias in fields.member("aliases")?.elements.compactMap(\.string) ?? []
        where !models[index].aliases.contains(where: { $0.alias.isExactly(alias) }) {
            models[index].aliases.append(ModelAlias(alias: alias, version: number))
        }
    }
}
