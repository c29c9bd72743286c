internal import Tracking

extension FileStore {
    private static let versionPrefix = "version-"

    func readLoggedModels(
        of stored: StoredExperiment,
        _ finder: ArtifactFinder,
        _ selection: TransferSelection,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        let models = stored.folder.folder("models")
        for name in models.names(.folder) {
            let folder = models.folder(name)
            try reporting(folder.path, emit) { try readModel(folder, stored, finder, selection, emit) }
        }
    }

    private func readModel(
        _ folder: StoreFolder,
        _ stored: StoredExperiment,
        _ finder: ArtifactFinder,
        _ selection: TransferSelection,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        let meta = try folder.meta()
        var model = LoggedModel(info: try LoggedModelInfo(meta, folder: folder, experimentID: stored.experiment.id))
        guard selection.includes(model.info) else { return }
        let location = model.info.artifactURI
        if !selection.skipsArtifacts { model.info.artifactURI = finder.movedLocation(location) }
        model.params = try pairs(in: "params", folder, emit).map { Param(key: $0.key, value: $0.value) }
        model.tags = try pairs(in: "tags", folder, emit)
        try emit(.record(.loggedModel(TransferredLoggedModel(model: model, experiment: stored.sourceExperiment))))
        let id = model.info.modelID
        let metrics = folder.folder("metrics")
        for key in metrics.filePaths() {
            var points: [ModelMetric] = []
            var broken = 0
            try reporting("\(metrics.path)/\(key)", emit) {
                try metrics.forEachLine(key) { _, line in
                    guard let point = PointLine(line, hasRun: true) else {
                        broken += 1
                        return
                    }
                    points.append(
                        ModelMetric(metric: point.metric(key), modelID: id, runID: point.runID, dataset: point.dataset)
                    )
                }
                if broken > 0 { try emit(.skipped("\(metrics.path)/\(key)", "\(broken) lines are not points")) }
            }
            if !points.isEmpty { try emit(.record(.modelPoints(TransferredModelPoints(modelID: id, points: points)))) }
        }
        guard !selection.skipsArtifacts else { return }
        try finder.emitFolder(of: location, owner: id, emit) { missingFiles.add(model) }
    }

    func readRegistry(
        _ finder: ArtifactFinder,
        _ selection: TransferSelection,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        let models = root.folder("models")
        for name in models.names(.folder) {
            let folder = models.folder(name)
            try reporting(folder.path, emit) { try readRegisteredModel(folder, finder, selection, emit) }
        }
    }

    private func readRegisteredModel(
        _ folder: StoreFolder,
        _ finder: ArtifactFinder,
        _ selection: TransferSelection,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        let meta = try folder.meta()
        let creationTime = try meta.integer("creation_timestamp") ?? 0
        var model = RegisteredModel(
            name: meta["name"] ?? folder.name,
            creationTime: creationTime,
            lastUpdatedTime: try meta.integer("last_updated_timestamp") ?? creationTime,
            description: meta["description"] ?? ""
        )
        model.tags = try pairs(in: "tags", folder, emit)
        let aliases = try pairs(in: "aliases", folder, emit)
        model.aliases = aliases.compactMap { alias in
            Int64(alias.value.filter { $0 != "\n" }).map { ModelAlias(alias: alias.key, version: $0) }
        }
        let versions = folder.names(.folder).filter { $0.hasPrefix(Self.versionPrefix) }
        // MLflow keeps the folder of a deleted version, so that no new version gets its number.
        let last = versions.compactMap { Int64($0.dropFirst(Self.versionPrefix.count)) }.max() ?? 0
        try emit(.record(.registeredModel(TransferredRegisteredModel(model: model, lastVersion: last))))
        for name in versions {
            let version = folder.folder(name)
            try reporting(version.path, emit) { try readVersion(version, of: model, finder, selection, emit) }
        }
    }

    private func readVersion(
        _ folder: StoreFolder,
        of model: RegisteredModel,
        _ finder: ArtifactFinder,
        _ selection: TransferSelection,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        let meta = try folder.meta()
        let stage = meta["current_stage"] ?? ModelStage.none.wireName
        if stage == "Deleted_Internal" { return }
        guard let number = try meta.integer("version"), let parsedStage = try? ModelStage(parsing: stage) else {
            throw SourceFailure("meta.yaml: version or current_stage is not understood")
        }
        let creationTime = try meta.integer("creation_timestamp") ?? 0
        let moved = selection.skipsArtifacts ? { $0 } : finder.movedLocation
        var version = ModelVersion(
            name: model.name,
            version: number,
            creationTime: creationTime,
            lastUpdatedTime: try meta.integer("last_updated_timestamp") ?? creationTime,
            stage: parsedStage,
            description: meta["description"],
            source: moved(meta["source"] ?? ""),
            runID: meta["run_id"] ?? "",
            runLink: meta["run_link"] ?? ""
        )
        version.tags = try pairs(in: "tags", folder, emit)
        let transferred = TransferredModelVersion(
            version: version,
            storageLocation: meta["storage_location"].map(moved),
            modelCreationTime: model.creationTime
        )
        try emit(.record(.modelVersion(transferred)))
    }
}

extension LoggedModelInfo {
    fileprivate init(_ meta: MetaFile, folder: StoreFolder, experimentID: Int64) throws(SourceFailure) {
        let number = try meta.integer("status") ?? LoggedModelStatus.ready.wireNumber
        let creationTime = try meta.integer("creation_timestamp") ?? 0
        self.init(
            modelID: meta["model_id"] ?? folder.name,
            experimentID: experimentID,
            name: try meta.requiredText("name"),
            artifactURI: meta["artifact_location"] ?? folder.path + "/artifacts",
            status: LoggedModelStatus(wireNumber: number) ?? .unspecified,
            statusMessage: meta["status_message"],
            modelType: meta["model_type"] ?? "",
            sourceRunID: meta["source_run_id"] ?? "",
            creationTime: creationTime,
            lastUpdatedTime: try meta.integer("last_updated_timestamp") ?? creationTime,
            lifecycleStage: meta.lifecycleStage
        )
    }
}
