internal import Tracking

extension FileStore {
    /// The names of an experiment's subfolders that are not runs.
    private static let foldersOfOtherItems: Set<String> = ["tags", "datasets", "models", "traces", "artifacts"]

    func readRuns(
        of stored: StoredExperiment,
        _ finder: ArtifactFinder,
        _ selection: TransferSelection,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        for name in stored.folder.names(.folder) where !Self.foldersOfOtherItems.contains(name) {
            let folder = stored.folder.folder(name)
            try reporting(folder.path, emit) { try readRun(folder, stored, finder, selection, emit) }
        }
        let traces = stored.folder.folder("traces").names(.folder).count
        if traces > 0 {
            try emit(.skipped(stored.folder.path + "/traces", "\(traces) traces, which Apus does not store"))
        }
    }

    private func readRun(
        _ folder: StoreFolder,
        _ stored: StoredExperiment,
        _ finder: ArtifactFinder,
        _ selection: TransferSelection,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        let meta = try folder.meta()
        var run = Run(info: try RunInfo(meta, folder: folder, experimentID: stored.experiment.id))
        guard selection.includes(run.info) else { return }
        run.params = try pairs(in: "params", folder, emit).map { Param(key: $0.key, value: $0.value) }
        run.tags = try pairs(in: "tags", folder, emit)
        if run.info.name.isEmpty { run.info.name = run.tags.first { $0.key == Tag.runNameKey }?.value ?? "" }
        try readInputs(of: &run, folder, stored.folder.folder("datasets"), emit)
        let location = run.info.artifactURI.isEmpty ? folder.path + "/artifacts" : run.info.artifactURI
        run.info.artifactURI = selection.skipsArtifacts ? location : finder.movedLocation(location)
        let deletedTime = try meta.integer("deleted_time")
        try emit(.record(.run(TransferredRun(run: run, experiment: stored.sourceExperiment, deletedTime: deletedTime))))
        try readPoints(ofRun: run.info.runID, folder.folder("metrics"), emit)
        guard !selection.skipsArtifacts else { return }
        try finder.emitFolder(of: location, owner: run.info.runID, emit) { missingFiles.add(run) }
    }

    private func readInputs(
        of run: inout Run,
        _ folder: StoreFolder,
        _ datasets: StoreFolder,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        let (inputs, outputs) = (folder.folder("inputs"), folder.folder("outputs"))
        for name in inputs.names(.folder) {
            let input = inputs.folder(name)
            try reporting(input.path, emit) {
                let meta = try input.meta()
                let id = try meta.requiredText("source_id")
                switch meta["source_type"] {
                case "DATASET":
                    let tags = meta.pairs("tags").map { Tag(key: $0.key, value: $0.value) }
                    run.datasetInputs.append(
                        DatasetInput(dataset: try Dataset(stored: datasets.folder(id)), tags: tags)
                    )
                case "MODEL", "MODEL_INPUT", "RUN_INPUT":
                    run.modelInputs.append(
                        ModelInput(modelID: try meta["destination_id"] ?? meta.requiredText("source_id"))
                    )
                default: throw SourceFailure("meta.yaml: source_type is not known")
                }
            }
        }
        for name in outputs.names(.folder) {
            let output = outputs.folder(name)
            try reporting(output.path, emit) {
                let meta = try output.meta()
                let id = try meta.requiredText("destination_id")
                run.modelOutputs.append(ModelOutput(modelID: id, step: try meta.integer("step") ?? 0))
            }
        }
    }

    private func readPoints(ofRun id: String, _ folder: StoreFolder, _ emit: (TransferItem) throws -> Void) throws {
        for key in folder.filePaths() {
            var current = TransferredPoints(runID: id, key: key, points: [])
            var broken: (first: Int, count: Int) = (0, 0)
            let path = "\(folder.path)/\(key)"
            try reporting(path, emit) {
                try folder.forEachLine(key) { number, line in
                    guard let point = PointLine(line) else {
                        broken = (broken.count == 0 ? number : broken.first, broken.count + 1)
                        return
                    }
                    current.points.append(MetricPoint(point.metric(key)))
                    guard current.points.count == TransferFileLimits.pointsPerRecord else { return }
                    try emit(.record(.points(current)))
                    current.points.removeAll(keepingCapacity: true)
                }
            }
            if !current.points.isEmpty { try emit(.record(.points(current))) }
            if broken.count > 0 {
                try emit(.skipped(path, "\(broken.count) lines are not points, the first is line \(broken.first)"))
            }
        }
    }
}

extension RunInfo {
    fileprivate init(_ meta: MetaFile, folder: StoreFolder, experimentID: Int64) throws(SourceFailure) {
        // Every version of MLflow writes status and start_time, so a file without them was cut off.
        guard let number = try meta.integer("status"), let startTime = try meta.integer("start_time") else {
            throw SourceFailure("meta.yaml: status or start_time is missing")
        }
        guard let status = RunStatus(wireNumber: number) else {
            throw SourceFailure("meta.yaml: status \(number) is not known")
        }
        self.init(
            runID: meta["run_id"] ?? meta["run_uuid"] ?? folder.name,
            name: meta["run_name"] ?? meta["name"] ?? "",
            experimentID: experimentID,
            userID: meta["user_id"] ?? "",
            status: status,
            startTime: startTime,
            endTime: try meta.integer("end_time"),
            artifactURI: meta["artifact_uri"] ?? "",
            lifecycleStage: meta.lifecycleStage
        )
    }
}

extension Dataset {
    fileprivate init(stored folder: StoreFolder) throws(SourceFailure) {
        let meta = try folder.meta()
        self.init(
            name: try meta.requiredText("name"),
            digest: try meta.requiredText("digest"),
            sourceType: meta["source_type"] ?? "",
            source: meta["source"] ?? "",
            schema: meta["schema"],
            profile: meta["profile"]
        )
    }
}
