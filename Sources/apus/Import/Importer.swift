internal import ArtifactStore
internal import Files
internal import Glibc
internal import Tracking
internal import Transfer

/// Moves everything that a source emits to a target, in batches.
final class Importer {
    /// The size of a batch in points, and other records in what they cost compared to one.
    private static let batchWeight = 20_000

    private let target: (any ImportTarget)?
    private let progress: ImportProgress
    private(set) var summary = ImportSummary()
    /// Whether the target has taken something.
    private(set) var hasStored = false
    private var batch: [TransferRecord] = []
    private var weight = 0

    /// - Parameter target: nil to only count what comes.
    init(target: (any ImportTarget)?, progress: ImportProgress) {
        self.target = target
        self.progress = progress
    }

    /// Blocks until everything is stored.
    func run(_ source: any RecordSource, _ selection: TransferSelection) throws {
        defer { progress.end() }
        try source.read(selection) { item in
            switch item {
            case .record(let record): try add(record)
            case .artifacts(let folder): try place(folder)
            case .skipped(let place, let reason): summary.skip(place, reason)
            case .hint(let text): summary.hints.append(text)
            }
            progress.show(summary)
        }
        try send()
        if let target { summary.report = try target.finish() }
    }

    private func add(_ record: TransferRecord) throws {
        summary.count(record)
        guard target != nil else { return }
        batch.append(record)
        weight += record.weight
        if weight >= Self.batchWeight { try send() }
    }

    private func send() throws {
        guard let target, !batch.isEmpty else { return }
        try target.take(batch)
        hasStored = true
        batch.removeAll(keepingCapacity: true)
        weight = 0
    }

    private func place(_ folder: ArtifactFolder) throws {
        FileTree(folder.path).forEachFile { file, relativePath in
            do {
                try place(file, folder.target + "/" + relativePath)
            } catch let error as ArtifactError {
                summary.skip(file, error.message(for: relativePath))
            } catch {
                summary.skip(file, "\(error)")
            }
            progress.show(summary)
        } unreadable: { path, reason in
            summary.skip(path, reason)
        }
    }

    private func place(_ file: String, _ target: String) throws {
        let path = try ArtifactPath(target)
        let raw = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
        guard raw >= 0 else {
            summary.skip(file, String(cString: strerror(errno)))
            return
        }
        let descriptor = Descriptor(owning: raw)
        var status = stat()
        guard fstat(raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
        let source = SourceFile(path: file, descriptor: descriptor, size: Int64(status.st_size))
        guard let destination = self.target else {
            summary.files.added += 1
            summary.bytes += source.size
            return
        }
        switch try destination.place(source, at: path) {
        case .stored(let bytes):
            summary.files.added += 1
            summary.bytes += bytes
        case .same: summary.files.unchanged += 1
        case .different: summary.skip(file, "another file is at \(path), which stays")
        }
    }
}

extension TransferRecord {
    /// What the record costs compared to a point.
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
