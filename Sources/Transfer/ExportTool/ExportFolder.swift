internal import JSON
internal import Tracking

/// A folder that any version of mlflow-export-import has written: a run, experiments, registered models, or all of them.
///
/// The files are recognized by their names in any subfolder, because the tool's versions arrange them differently. A damaged
/// file is reported by its path and skipped; everything else is imported.
package struct ExportFolder: RecordSource {
    private static let runFile = "run.json"
    private static let experimentFile = "experiment.json"
    /// The name of an experiment's file before 2022; other programs write files with this name too.
    private static let manifestFile = "manifest.json"
    private static let modelFile = "model.json"
    private static let versionFile = "version.json"
    private static let loggedModelFile = "logged_model.json"
    private static let listFiles = ["experiments.json", "models.json"]
    /// The maximum depth of the subfolders that are searched; the tool creates at most five levels.
    private static let maximumDepth = 12

    let root: StoreFolder

    /// - Parameter path: the absolute path of the folder.
    package init(path: String) { root = StoreFolder(root: path) }

    /// Whether the folder, or a folder up to two levels below it, has a file with a name that the tool uses.
    package static func recognizes(_ path: String) -> Bool {
        let files = [runFile, experimentFile, modelFile, versionFile, loggedModelFile] + listFiles
        func recognizes(_ folder: StoreFolder, depth: Int) -> Bool {
            files.contains(where: folder.has)
                || depth < 2 && folder.names(.folder).contains { recognizes(folder.folder($0), depth: depth + 1) }
        }
        return recognizes(StoreFolder(root: path), depth: 0)
    }

    package var title: String { "folder of mlflow-export-import \(root.path)" }

    package func read(_ selection: TransferSelection, _ emit: (TransferItem) throws -> Void) throws {
        var found = FoundFiles()
        try find(root, depth: 0, &found, emit)
        let registry = try readModelFiles(found, emit)
        var reading = ExportReading(root: root.path, selection: selection, experimentNames: registry.experimentNames)
        let experiments = try readExperiments(found, emit)
        try reading.emitExperiments(experiments, emit)
        for folder in found.runs { try readRun(folder, &reading, emit) }
        for folder in found.loggedModels { try readLoggedModel(folder, &reading, emit) }
        if selection.includesRegistry { try readRegistry(registry, reading, emit) }
        try root.skippedParts.report(to: emit)
    }

    private func find(
        _ folder: StoreFolder,
        depth: Int,
        _ found: inout FoundFiles,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        guard depth <= Self.maximumDepth else {
            return try emit(.skipped(folder.path, "the folder is nested too deeply"))
        }
        let files = Set(folder.names(.file))
        if files.contains(Self.runFile) { found.runs.append(folder) }
        if files.contains(Self.loggedModelFile) { found.loggedModels.append(folder) }
        if files.contains(Self.modelFile) { found.models.append(folder) }
        if files.contains(Self.versionFile) { found.versions.append(folder) }
        if files.contains(Self.experimentFile) {
            found.experiments.append((folder, Self.experimentFile))
        } else if files.contains(Self.manifestFile) {
            found.experiments.append((folder, Self.manifestFile))
        }
        for (file, kind) in [("prompt.json", "a prompt"), ("evaluation_dataset.json", "an evaluation dataset")]
        where files.contains(file) {
            try emit(.skipped("\(folder.path)/\(file)", "\(kind), which is not imported from such a folder"))
        }
        let hasArtifacts = files.contains(Self.runFile) || files.contains(Self.loggedModelFile)
        for name in folder.names(.folder) where !(hasArtifacts && name == "artifacts") {
            if name == "traces", !folder.folder(name).names(.folder).isEmpty {
                try emit(.skipped(folder.folder(name).path, "traces, which Apus does not store"))
            } else {
                try find(folder.folder(name), depth: depth + 1, &found, emit)
            }
        }
    }

    private func readExperiments(_ found: FoundFiles, _ emit: (TransferItem) throws -> Void) throws -> [Experiment] {
        var experiments: [Experiment] = []
        for (folder, name) in found.experiments {
            try withDocument(folder, name, emit) { document in
                // Not every manifest.json is an experiment.
                guard let value = document["experiment"] else {
                    if name == Self.manifestFile { return }
                    throw SourceFailure("has no experiment")
                }
                let experiment = try Experiment(mlflow: RecordFields(value, "experiment"))
                if !experiments.contains(where: { $0.id == experiment.id }) { experiments.append(experiment) }
            }
            try reportFailures(of: "failed_runs", in: folder, name, emit)
        }
        return experiments
    }

    /// Reads a JSON file and passes it to `body`; reports a damaged file as skipped.
    ///
    /// - Parameter body: receives the member `mlflow`, or the whole object if it has no such member.
    func withDocument(
        _ folder: StoreFolder,
        _ name: String,
        _ emit: (TransferItem) throws -> Void,
        _ body: (JSONValue) throws -> Void
    ) throws {
        let path = "\(folder.path)/\(name)"
        do {
            let document = try document(folder, name)
            try body(document["mlflow"] ?? document)
        } catch let failure as SourceFailure {
            try emit(.skipped(path, failure.description))
        } catch let error as TrackingError {
            try emit(.skipped(path, error.message))
        }
    }

    private func document(_ folder: StoreFolder, _ name: String) throws(SourceFailure) -> JSONValue {
        let bytes = try folder.bytes(name, maximum: TransferFileLimits.jsonBytes)
        var limits = JSONLimits()
        limits.valueCount = TransferFileLimits.jsonValues
        do {
            let value = try JSONDocument(parsing: bytes, limits: limits).root
            guard value.kind == .object else { throw SourceFailure("is not a JSON object") }
            return value
        } catch let failure as SourceFailure {
            throw failure
        } catch {
            throw SourceFailure("is not JSON: \(error)")
        }
    }

    /// Reports the runs or versions that the tool could not read when it wrote the folder.
    func reportFailures(
        of member: String,
        in folder: StoreFolder,
        _ name: String,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        guard let document = try? document(folder, name), let failed = document["info"]?[member], failed.count > 0
        else { return }
        let names = failed.elements.prefix(5).map { $0.string ?? $0["version"]?.string ?? "?" }.joined(separator: ", ")
        let reason = "mlflow-export-import itself failed to write \(failed.count) entries: \(names)"
        try emit(.skipped("\(folder.path)/\(name)", reason))
    }
}

/// The folders in which files of the tool were found.
struct FoundFiles {
    var runs: [StoreFolder] = []
    var experiments: [(folder: StoreFolder, fileName: String)] = []
    var models: [StoreFolder] = []
    var versions: [StoreFolder] = []
    var loggedModels: [StoreFolder] = []
}

/// The experiments and the locations of artifacts, while a folder is being read.
struct ExportReading {
    let selection: TransferSelection
    private(set) var finder: ArtifactFinder
    /// The experiments by id; nil for those that are not selected.
    private var sourceExperiments: [Int64: SourceExperiment?] = [:]
    /// The names of experiments in the files of model versions, by the ids of the experiments' runs.
    private let experimentNames: [String: String]
    /// The old and new artifact locations of runs and models, by the id of the run or model.
    private(set) var moves: [String: (from: String, to: String)] = [:]
    /// The ids of the logged models that have been emitted.
    var modelIDs: Set<String> = []

    init(root: String, selection: TransferSelection, experimentNames: [String: String]) {
        self.selection = selection
        self.experimentNames = experimentNames
        finder = ArtifactFinder(folder: root, namedFolder: nil)
    }

    mutating func emitExperiments(_ experiments: [Experiment], _ emit: (TransferItem) throws -> Void) throws {
        for experiment in experiments {
            finder.learnRoot(from: experiment.artifactLocation, ofExperiment: String(experiment.id))
        }
        for var experiment in experiments {
            let isSelected = selection.includes(experiment)
            sourceExperiments[experiment.id] =
                .some(isSelected ? SourceExperiment(id: experiment.id, name: experiment.name) : nil)
            guard isSelected else { continue }
            if !selection.skipsArtifacts {
                experiment.artifactLocation = finder.movedLocation(experiment.artifactLocation)
            }
            try emit(.record(.experiment(experiment)))
        }
    }

    /// The experiment of a run or model; nil if the experiment is not selected.
    ///
    /// The export of a single run or model has no file of the experiment. For such an export, an experiment with this id is
    /// emitted first. Its name comes from the file of a version that the run made, or is made from the id.
    ///
    /// - Parameter time: the creation time of the experiment that is emitted.
    mutating func experiment(
        _ id: Int64,
        ofRun run: String,
        at time: Int64,
        _ emit: (TransferItem) throws -> Void
    ) throws -> SourceExperiment? {
        if let sourceExperiment = sourceExperiments[id] { return sourceExperiment }
        let experiment = Experiment(
            id: id,
            name: experimentNames[run] ?? "experiment \(id)",
            artifactLocation: "mlflow-artifacts:/\(id)",
            lifecycleStage: .active,
            creationTime: time,
            lastUpdateTime: time,
            tags: []
        )
        let sourceExperiment = selection.includes(experiment) ? SourceExperiment(id: id, name: experiment.name) : nil
        sourceExperiments[id] = .some(sourceExperiment)
        guard sourceExperiment != nil else { return nil }
        try emit(.record(.experiment(experiment)))
        try emit(.hint("The folder has no file of experiment \(id). It is imported as '\(experiment.name)'."))
        return sourceExperiment
    }

    /// Decides into which folder the artifacts of a run or model are imported, and adds this to `moves`.
    ///
    /// - Parameter hasFiles: whether the exported folder contains the artifacts.
    /// - Returns: the new artifact location, and the target folder of the files; the folder is nil for files that are not
    ///   imported.
    mutating func chooseLocation(
        _ location: String,
        owner id: String,
        of sourceExperiment: SourceExperiment,
        isModel: Bool,
        hasFiles: Bool
    ) -> (location: String, target: String?) {
        guard !selection.skipsArtifacts else { return (location, nil) }
        let newFolder =
            isModel ? "\(sourceExperiment.id)/models/\(id)/artifacts" : "\(sourceExperiment.id)/\(id)/artifacts"
        // The old folder is used only if it belongs to the owner, so that no files get into the folder of another run or model.
        let oldFolder = finder.relativePath(location).flatMap { ArtifactFinder.isFolder($0, ofOneOf: [id]) ? $0 : nil }
        guard let target = oldFolder ?? (hasFiles ? newFolder : nil) else { return (location, nil) }
        let moved = "mlflow-artifacts:/\(target)"
        moves[id] = (location, moved)
        var folder = target
        while folder.hasSuffix("/") { folder.removeLast() }
        return (moved, folder)
    }

    /// The source of a model version, changed to the new location of its run's artifacts.
    func moved(_ source: String, ofRun run: String) -> String {
        guard !selection.skipsArtifacts else { return source }
        if let move = moves[run], !move.from.isEmpty, source.hasPrefix(move.from) {
            return move.to + source.dropFirst(move.from.count)
        }
        return finder.movedLocation(source)
    }
}
