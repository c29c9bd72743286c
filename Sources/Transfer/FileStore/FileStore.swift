internal import Tracking

/// A folder of MLflow's file store (`mlruns`), of MLflow 1.0 or later.
///
/// A damaged file is reported by its path and skipped; everything else is imported.
package struct FileStore: RecordSource {
    let root: StoreFolder
    let missingFiles = MissingFiles()
    /// The folder with the artifacts, if the user has named one.
    private let namedFolder: String?

    /// - Parameters:
    ///   - path: the absolute path of the folder.
    ///   - artifacts: the folder with the artifacts; nil to search for them in the store's own folder and at their stored
    ///     locations.
    package init(path: String, artifacts: String?) {
        root = StoreFolder(root: path)
        namedFolder = artifacts
    }

    /// Whether the folder is a file store: it has at least one experiment, perhaps in its trash.
    package static func recognizes(_ path: String) -> Bool {
        let root = StoreFolder(root: path)
        let parents = [root, root.folder(".trash")]
        return parents.contains { parent in parent.names(.folder).contains { parent.folder($0).has("meta.yaml") } }
    }

    package var title: String { "MLflow file store \(root.path)" }

    package func read(_ selection: TransferSelection, _ emit: (TransferItem) throws -> Void) throws {
        try readAll(selection) { item in
            try emit(item)
            try root.skippedParts.report(to: emit)
        }
        try root.skippedParts.report(to: emit)
    }

    private func readAll(_ selection: TransferSelection, _ emit: (TransferItem) throws -> Void) throws {
        var finder = ArtifactFinder(folder: root.parent, namedFolder: namedFolder ?? root.path)
        let experiments = try readExperiments(selection, &finder, emit)
        for experiment in experiments { try readRuns(of: experiment, finder, selection, emit) }
        for experiment in experiments { try readLoggedModels(of: experiment, finder, selection, emit) }
        if selection.includesRegistry { try readRegistry(finder, selection, emit) }
        try missingFiles.report(to: emit)
    }

    /// Runs `body`; if it throws a `SourceFailure`, reports the path as skipped.
    func reporting(_ path: String, _ emit: (TransferItem) throws -> Void, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let failure as SourceFailure {
            try emit(.skipped(path, failure.description))
        }
    }

    private func readExperiments(
        _ selection: TransferSelection,
        _ finder: inout ArtifactFinder,
        _ emit: (TransferItem) throws -> Void
    ) throws -> [StoredExperiment] {
        var found: [StoredExperiment] = []
        for parent in [root, root.folder(".trash")] {
            // These two folders, of the registry and of deleted experiments, are not experiments.
            for name in parent.names(.folder) where name != "models" && name != ".trash" {
                let folder = parent.folder(name)
                try reporting(folder.path, emit) {
                    found.append(StoredExperiment(folder: folder, experiment: try Experiment(stored: folder)))
                }
            }
        }
        for stored in found {
            finder.learnRoot(from: stored.experiment.artifactLocation, ofExperiment: String(stored.experiment.id))
        }
        found.removeAll { !selection.includes($0.experiment) }
        for stored in found {
            var experiment = stored.experiment
            experiment.tags = try pairs(in: "tags", stored.folder, emit)
            if !selection.skipsArtifacts {
                experiment.artifactLocation = finder.movedLocation(experiment.artifactLocation)
            }
            try emit(.record(.experiment(experiment)))
        }
        return found
    }

    /// The files in the subfolder `name`, as pairs of the file's path and content: tags, params or aliases.
    func pairs(in name: String, _ folder: StoreFolder, _ emit: (TransferItem) throws -> Void) throws -> [Tag] {
        var tags: [Tag] = []
        let files = folder.folder(name)
        for key in files.filePaths() {
            try reporting("\(files.path)/\(key)", emit) { tags.append(Tag(key: key, value: try files.text(key))) }
        }
        return tags
    }
}

/// An experiment and its folder.
struct StoredExperiment {
    let folder: StoreFolder
    let experiment: Experiment

    var sourceExperiment: SourceExperiment { SourceExperiment(id: experiment.id, name: experiment.name) }
}

extension StoreFolder {
    var parent: String { String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) }
}

extension MetaFile {
    /// A whole number; nil if the key is missing.
    ///
    /// - Throws: `SourceFailure` if the value is not a whole number.
    func integer(_ key: String) throws(SourceFailure) -> Int64? {
        guard let text = self[key] else { return nil }
        guard let number = Int64(text) else { throw SourceFailure("meta.yaml: \(key) is not a whole number") }
        return number
    }

    func requiredText(_ key: String) throws(SourceFailure) -> String {
        guard let text = self[key] else { throw SourceFailure("meta.yaml: \(key) is missing") }
        return text
    }

    var lifecycleStage: LifecycleStage { self["lifecycle_stage"] == "deleted" ? .deleted : .active }
}

extension Experiment {
    fileprivate init(stored folder: StoreFolder) throws(SourceFailure) {
        let meta = try folder.meta()
        guard let id = try meta.integer("experiment_id") ?? Int64(folder.name) else {
            throw SourceFailure("meta.yaml: experiment_id is missing")
        }
        // Experiments of MLflow before 2.0 have no times.
        let creationTime = try meta.integer("creation_time") ?? 0
        self.init(
            id: id,
            name: try meta.requiredText("name"),
            artifactLocation: meta["artifact_location"] ?? "",
            lifecycleStage: meta.lifecycleStage,
            creationTime: creationTime,
            lastUpdateTime: try meta.integer("last_update_time") ?? creationTime
        )
    }
}
