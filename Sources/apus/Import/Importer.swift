internal import ArtifactStore
internal import Files
internal import Glibc
internal import Tracking
internal import Transfer

/// Moves everything that a source emits to a target, in batches.
final class Importer {
    /// The size of a batch, as the sum of its records' weights; a metric point weighs 1.
    private static let batchWeight = 20_000

    private let target: (any ImportTarget)?
    private let progress: ImportProgress
    private(set) var summary = ImportSummary()
    /// Whether at least one batch was passed to the target.
    private(set) var hasStored = false
    private var batch: [TransferRecord] = []
    private var weight = 0
    /// The names of the experiments that the target accepts.
    private var experiments: Set<ExactText> = []
    /// The experiments, by name, that are imported only if a run or model of theirs is.
    private var waiting: [ExactText: TransferRecord] = [:]
    private var chosen = ChosenNames()
    /// The reason why the last run or model is left out, and so its artifacts; nil if the target accepts it.
    private var ownerRefusal: String?

    /// - Parameter target: nil to count the records and files and store nothing.
    init(target: (any ImportTarget)?, progress: ImportProgress) {
        self.target = target
        self.progress = progress
    }

    /// Imports the selected part of a source, and returns when everything is stored.
    func run(_ source: any RecordSource, _ selection: TransferSelection) throws {
        defer { progress.end() }
        chosen = ChosenNames(selection)
        do {
            try source.read(selection) { try take($0) }
        } catch let failure as SourceFailure {
            // The records before the failure are complete, so they are stored.
            try send()
            throw failure
        }
        try send()
        for (place, reason) in chosen.missing where !summary.hasSkipped(place) { summary.skip(place, reason) }
        if let target { summary.report = try target.finish() }
    }

    /// Whether runs or experiments were asked for by name and none was found.
    var hasFoundNothing: Bool { !chosen.missing.isEmpty && summary.found.isEmpty }

    private func take(_ item: TransferItem) throws {
        switch item {
        case .record(let record): try choose(record)
        case .artifacts(let folder): try placing(folder.path) { try place(folder) }
        case .archivedFile(let file): try placing(file.path) { try place(file) }
        case .remoteFile(let file): try placing(file.place) { try place(file) }
        case .skipped(let place, let reason): summary.skip(place, reason)
        case .hint(let text): summary.hints.append(text)
        }
        progress.show(summary)
    }

    /// Adds a record.
    ///
    /// If only a part of the runs is chosen, an experiment is added with the first of its chosen runs or models.
    private func choose(_ record: TransferRecord) throws {
        chosen.note(record)
        if case .experiment(let experiment) = record, chosen.isPartOfRuns {
            waiting[ExactText(experiment.name)] = record
            return
        }
        if let home = record.home, let experiment = waiting.removeValue(forKey: ExactText(home.name)) {
            try add(experiment)
        }
        try add(record)
    }

    private func add(_ record: TransferRecord) throws {
        summary.count(record)
        guard target != nil else { return }
        batch.append(record)
        weight += record.weight
        note(record)
        if weight >= Self.batchWeight { try send() }
    }

    /// Notes whether the target will accept an experiment, run or model, to decide about the artifacts that follow.
    ///
    /// Batches are stored while the next ones are read, so the target's own answer would come too late.
    private func note(_ record: TransferRecord) {
        switch record {
        case .experiment(let experiment):
            if record.refusal == nil { experiments.insert(ExactText(experiment.name)) }
        case .run(let run): ownerRefusal = record.refusal ?? refusal(of: run.home)
        case .loggedModel(let model): ownerRefusal = record.refusal ?? refusal(of: model.home)
        case .points, .modelPoints, .registeredModel, .modelVersion: break
        }
    }

    private func refusal(of home: TransferredHome) -> String? {
        experiments.contains(ExactText(home.name)) ? nil : "its experiment is left out"
    }

    private func send() throws {
        guard let target, !batch.isEmpty else { return }
        try target.take(batch)
        hasStored = true
        batch.removeAll(keepingCapacity: true)
        weight = 0
    }

    /// Calls `body`, or lists the artifacts as skipped if the run or model that they belong to is left out.
    private func placing(_ place: String, _ body: () throws -> Void) throws {
        guard let ownerRefusal else { return try body() }
        summary.skip(place, "what it belongs to is left out: \(ownerRefusal)")
    }

    private func place(_ folder: ArtifactFolder) throws {
        try FileTree(folder).forEachFile { file, relativePath in
            try reporting(file.path, folder.target + "/" + relativePath) { try place(file, $0) }
            progress.show(summary)
        } unreadable: { path, reason in
            summary.skip(path, reason)
        }
    }

    /// Fetches a file and stores it, unless the target has a file at its path.
    private func place(_ file: RemoteFile) throws {
        try reporting(file.place, file.target) { path in
            guard let target else { return countFile(file.size ?? 0) }
            if let size = file.size, let stored = try target.size(at: path) {
                return count(stored == size ? .same(bytes: size) : .different, file.place, path)
            }
            let descriptor = try file.fetch()
            var status = stat()
            guard fstat(descriptor.rawValue, &status) == 0 else { return }
            try place(SourceFile(path: file.place, descriptor: descriptor, size: Int64(status.st_size)), path)
        }
    }

    private func place(_ file: ArchivedFile) throws {
        try reporting(file.path, file.path) { path in
            guard target != nil else { return countFile(file.size) }
            try place(SourceFile(path: file.path, descriptor: try file.open(), size: file.size), path)
        }
    }

    /// Calls `body` with the target path, and lists the file as skipped if it is refused.
    private func reporting(_ file: String, _ target: String, _ body: (ArtifactPath) throws -> Void) throws {
        do {
            try body(ArtifactPath(target))
        } catch let error as ArtifactError {
            summary.skip(file, error.message(for: target))
        } catch let refusal as FileRefusal {
            summary.skip(file, refusal.description)
        } catch let refusal as RefusedCall {
            summary.skip(file, refusal.description)
        }
    }

    private func place(_ file: SourceFile, _ path: ArtifactPath) throws {
        guard let target else { return countFile(file.size) }
        count(try target.place(file, at: path), file.path, path)
    }

    private func count(_ adoption: Adoption, _ file: String, _ path: ArtifactPath) {
        switch adoption {
        case .stored(let bytes): countFile(bytes)
        case .same: summary.files.unchanged += 1
        case .different: summary.skip(file, "another file is at \(path), which stays")
        }
    }

    private func countFile(_ bytes: Int64) {
        summary.files.added += 1
        summary.bytes += bytes
    }
}

/// The experiments and runs that are asked for by name and have not been found yet.
private struct ChosenNames {
    /// Whether only a part of the runs is chosen, so that experiments are imported only with runs or models of theirs.
    private(set) var isPartOfRuns = false
    private var experiments: [String] = []
    private var runs: [String] = []

    init() {}

    init(_ selection: TransferSelection) {
        (experiments, runs) = (selection.experiments, selection.runs)
        isPartOfRuns = !runs.isEmpty || selection.since != nil
    }

    mutating func note(_ record: TransferRecord) {
        switch record {
        case .experiment(let experiment):
            experiments.removeAll { $0.isExactly(experiment.name) || $0.isExactly(String(experiment.id)) }
        case .run(let run): runs.removeAll { $0.isExactly(run.run.info.runID) }
        case .points, .loggedModel, .modelPoints, .registeredModel, .modelVersion: break
        }
    }

    /// The experiments and runs that were not found, with the reason.
    var missing: [(place: String, reason: String)] {
        experiments.map { ("experiment \($0)", "the source has none of this name or id") }
            + runs.map { ("run \($0)", "the source has none of this id among what is chosen") }
    }
}

extension TransferRecord {
    /// The experiment of a run or logged model; nil for other records.
    fileprivate var home: TransferredHome? {
        switch self {
        case .run(let run): run.home
        case .loggedModel(let model): model.home
        case .experiment, .points, .modelPoints, .registeredModel, .modelVersion: nil
        }
    }

    /// The reason why every target refuses the record; nil if the record is valid.
    fileprivate var refusal: String? {
        do throws(TrackingError) {
            try validate()
            return nil
        } catch {
            return error.message
        }
    }

    /// The cost of storing the record, compared to that of a metric point.
    fileprivate var weight: Int {
        switch self {
        case .points(let points): 1 + points.points.count
        case .modelPoints(let points): 1 + 4 * points.points.count
        case .run(let run): 10 + 3 * (run.run.params.count + run.run.tags.count) + run.textBytes / 256
        case .experiment, .loggedModel, .registeredModel, .modelVersion: 20 + textBytes / 256
        }
    }

    private var textBytes: Int {
        switch self {
        case .experiment(let experiment): experiment.tags.textBytes
        case .loggedModel(let model): model.model.tags.textBytes
        case .registeredModel(let model): model.model.tags.textBytes
        case .modelVersion(let version): version.version.tags.textBytes
        case .run, .points, .modelPoints: 0
        }
    }
}

extension TransferredRun {
    fileprivate var textBytes: Int {
        let inputs = run.datasetInputs.reduce(0) { bytes, input in
            bytes + (input.dataset.schema?.utf8.count ?? 0) + (input.dataset.profile?.utf8.count ?? 0)
        }
        return run.tags.textBytes + run.params.reduce(inputs) { $0 + $1.value.utf8.count }
    }
}

extension [Tag] {
    fileprivate var textBytes: Int { reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count } }
}
