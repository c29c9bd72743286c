internal import ArtifactStore
internal import Files
internal import Glibc
internal import Tracking
internal import Transfer

/// Copies everything that a source emits to a target, in batches.
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
    /// The experiments that the target accepts, by name, with their creation times.
    private var experiments: [ExactText: Int64] = [:]
    /// The experiments, by name, that are imported only together with one of their runs or models.
    private var postponedExperiments: [ExactText: TransferRecord] = [:]
    private var unfoundNames = UnfoundNames()
    /// The last run or model, to which the points and artifacts that follow belong.
    private var owner: Owner?
    /// The runs and models that are left out together with everything that belongs to them.
    private var leftOut: Set<TransferOwner> = []
    /// The remarks about records that are left out without asking the target.
    private var remarks = TransferReport()
    /// Folders of artifacts that are stored when the target has accepted the runs or models that own them.
    private var postponedFolders: [(owner: TransferOwner, folder: ArtifactFolder)] = []
    private var moved = MovedFolders()
    /// Whether experiments were sent whose ids at the target are not known yet.
    private var hasUnmappedExperiments = false
    private var skipsArtifacts = false

    /// A run or model of the source.
    private struct Owner {
        var id: TransferOwner
        /// The reason why every target leaves out the run or model; nil if the target decides.
        var refusal: String?
        var runIdentity: RunIdentity?
        var modelIdentity: LoggedModelIdentity?
        /// The move of the artifacts to another folder at the target; nil if the folder has the same name as at the source.
        var move: MovedFolders.Move?
        /// Whether the target has answered that it has stored the run or model, or has left it out.
        var isAnswered = false
    }

    /// - Parameter target: nil if the records and files are only counted.
    init(target: (any ImportTarget)?, progress: ImportProgress) {
        self.target = target
        self.progress = progress
    }

    /// Imports the selected part of a source, and returns when everything is stored.
    func run(_ source: any RecordSource, _ selection: TransferSelection) throws {
        defer { progress.end() }
        unfoundNames = UnfoundNames(selection)
        skipsArtifacts = selection.skipsArtifacts
        do {
            try source.read(selection) { try handle($0) }
        } catch let failure as SourceFailure {
            // The records before the failure are complete, so they are stored.
            try flush()
            throw failure
        }
        try flush()
        if selection.since != nil, summary.found.isEmpty {
            summary.hints.append("No chosen run started or ended at the time of --since or later, and none is running.")
        }
        for (item, reason) in unfoundNames.missing where !summary.hasSkipped(item) { summary.skip(item, reason) }
        guard let target else { return }
        summary.report = try target.finish()
        _ = summary.report.takeLeftOut()
        summary.report.add(remarks)
    }

    /// Whether the user has named runs or experiments and none of them was found.
    var hasFoundNothing: Bool { !unfoundNames.missing.isEmpty && summary.found.isEmpty }

    private func handle(_ item: TransferItem) throws {
        switch item {
        case .record(let record): try addSelected(record)
        case .artifacts(let folder): try storeLater(folder)
        case .archivedFile(let file): try storeUnlessLeftOut(file.path) { try store(file) }
        case .remoteFile(let file): try storeUnlessLeftOut(file.title) { try store(file) }
        case .skipped(let item, let reason): summary.skip(item, reason)
        case .hint(let text): summary.hints.append(text)
        }
        progress.show(summary)
    }

    /// Adds a record; if only a part of the runs is chosen, adds an experiment with the first of its chosen runs or models.
    private func addSelected(_ record: TransferRecord) throws {
        unfoundNames.remove(record)
        if case .experiment(let experiment) = record, unfoundNames.includesOnlySomeRuns {
            postponedExperiments[ExactText(experiment.name)] = record
            return
        }
        if let name = record.sourceExperiment?.name,
            let experiment = postponedExperiments.removeValue(forKey: ExactText(name))
        {
            try add(experiment)
        }
        try add(record)
    }

    private func add(_ record: TransferRecord) throws {
        summary.count(record)
        guard let target else { return }
        // This is done before `withIdentity` replaces the owner, because the target must still answer about the old owner.
        if record.sourceExperiment != nil, hasUnmappedExperiments { try updateMappings(of: target) }
        guard let record = withIdentity(record) else { return }
        if case .experiment = record { hasUnmappedExperiments = true }
        batch.append(skipsArtifacts ? record : try withTargetLocation(record, target))
        weight += record.weight
        if weight >= Self.batchWeight { try send() }
    }

    /// Adds to a record what identifies, besides the id, the run or model that the record belongs to.
    ///
    /// An id is not sufficient: a target does not remember which runs and models of earlier batches it has left out, and it may
    /// have a different run or model with the same id.
    ///
    /// - Returns: nil for a record that belongs to a run or model that is left out.
    private func withIdentity(_ record: TransferRecord) -> TransferRecord? {
        switch record {
        case .experiment(let experiment):
            if record.refusal == nil { experiments[ExactText(experiment.name)] = experiment.creationTime }
            return record
        case .run(var run):
            guard let created = creationTime(of: run.experiment, record) else { return nil }
            run.experiment.creationTime = created
            let id = TransferOwner(.run, run.run.info.runID)
            owner = Owner(id: id, refusal: record.refusal, runIdentity: run.identity)
            return .run(run)
        case .loggedModel(var model):
            guard let created = creationTime(of: model.experiment, record) else { return nil }
            model.experiment.creationTime = created
            let id = TransferOwner(.loggedModel, model.model.info.modelID)
            owner = Owner(id: id, refusal: record.refusal, modelIdentity: model.identity)
            return .loggedModel(model)
        case .points(var points):
            let id = TransferOwner(.run, points.runID)
            guard !isLeftOut(id) else { return nil }
            if owner?.id == id { points.identity = owner?.runIdentity }
            return .points(points)
        case .modelPoints(var points):
            let id = TransferOwner(.loggedModel, points.modelID)
            guard !isLeftOut(id) else { return nil }
            if owner?.id == id { points.identity = owner?.modelIdentity }
            let all = points.points
            points.points.removeAll { leftOut.contains(TransferOwner(.run, $0.runID)) }
            if points.points.count < all.count {
                let count = all.count - points.points.count
                remarks.remark(.modelPoints, points.modelID, "\(count) points left out with their runs")
            }
            return points.points.isEmpty && !all.isEmpty ? nil : .modelPoints(points)
        case .registeredModel, .modelVersion: return record
        }
    }

    private func isLeftOut(_ id: TransferOwner) -> Bool {
        leftOut.contains(id) || (owner?.id == id && owner?.refusal != nil)
    }

    /// The creation time of the experiment of a run or model; nil if the experiment is left out.
    private func creationTime(of sourceExperiment: SourceExperiment, _ record: TransferRecord) -> Int64? {
        if let time = experiments[ExactText(sourceExperiment.name)] { return time }
        let (kind, id) = record.subject
        let refusal = "its experiment is left out"
        owner = Owner(id: TransferOwner(kind, id), refusal: refusal)
        leftOut.insert(TransferOwner(kind, id))
        remarks.remark(kind, id, TransferRemark.leftOut + refusal)
        return nil
    }

    private func updateMappings(of target: any ImportTarget) throws {
        try flush()
        moved.add(target.mappings)
        hasUnmappedExperiments = false
    }

    /// Returns the record with the location of its artifacts at the target, where its experiment may have a different id.
    private func withTargetLocation(_ record: TransferRecord, _ target: any ImportTarget) throws -> TransferRecord {
        switch record {
        case .run(var run):
            run.run.info.artifactURI = try location(ofOwnerAt: run.run.info.artifactURI, target)
            return .run(run)
        case .loggedModel(var model):
            model.model.info.artifactURI = try location(ofOwnerAt: model.model.info.artifactURI, target)
            return .loggedModel(model)
        case .modelVersion(var version):
            version.version.source = moved.location(ofVersion: version.version.source)
            version.storageLocation = version.storageLocation.map { moved.location(ofVersion: $0) }
            return .modelVersion(version)
        case .experiment, .points, .modelPoints, .registeredModel: return record
        }
    }

    private func location(ofOwnerAt location: String, _ target: any ImportTarget) throws -> String {
        guard let id = owner?.id, let move = moved.move(of: location) else { return location }
        let new = move.location(location)
        // The target already has this run or model, at another location. Locations never change, so the files are not moved.
        if let stored = try target.location(of: id), !stored.isExactly(new) {
            moved.markUnmoved(id.id.text)
            return location
        }
        owner?.move = move
        return new
    }

    /// The path that an artifact of the last run or model gets at the target.
    private func target(of path: String) -> String { owner?.move?.path(path) ?? path }

    private func send() throws {
        guard let target, !batch.isEmpty else { return }
        try target.add(batch)
        hasStored = true
        batch.removeAll(keepingCapacity: true)
        weight = 0
        if !postponedFolders.isEmpty { try flush() }
    }

    /// Sends the collected records, gets from the target what it has left out, and stores the artifacts of the rest.
    private func flush() throws {
        guard let target else { return }
        let folders = postponedFolders
        postponedFolders = []
        try send()
        leftOut.formUnion(try target.flush())
        owner?.isAnswered = true
        for (owner, folder) in folders {
            if leftOut.contains(owner) { skip(folder.path, Self.refusalByTarget) } else { try store(folder) }
        }
    }

    private static let refusalByTarget = "the target does not accept it"

    private func skip(_ item: String, _ reason: String) {
        summary.skip(item, "its run or model is left out: \(reason)")
    }

    /// Stores a folder of artifacts when the target has accepted the run or model that it belongs to.
    private func storeLater(_ folder: ArtifactFolder) throws {
        guard let owner, target != nil else { return try store(folder) }
        if let refusal = owner.refusal { return skip(folder.path, refusal) }
        var folder = folder
        folder.target = target(of: folder.target)
        postponedFolders.append((owner.id, folder))
    }

    /// Calls `body`, which stores an artifact; lists the artifact as skipped if its run or model is left out.
    ///
    /// The bytes of the artifact can be read only now, so the target must answer first whether it accepts the run or model.
    private func storeUnlessLeftOut(_ item: String, _ body: () throws -> Void) throws {
        guard let current = owner, target != nil else { return try body() }
        if let refusal = current.refusal { return skip(item, refusal) }
        if !current.isAnswered { try flush() }
        guard !leftOut.contains(current.id) else { return skip(item, Self.refusalByTarget) }
        try body()
    }

    private func store(_ folder: ArtifactFolder) throws {
        try FileTree(folder).forEachFile { file, relativePath in
            // A file that an interrupted upload or import has left is not an artifact.
            guard relativePath.split(separator: "/").last?.hasPrefix(Backup.unfinishedUpload) != true else { return }
            try skippingIfRefused(file.path, folder.target + "/" + relativePath) { try store(file, $0) }
            progress.show(summary)
        } unreadable: { path, reason in
            summary.skip(path, reason)
        }
    }

    /// Fetches a file and stores it, unless the target has a file at its path.
    private func store(_ file: RemoteFile) throws {
        try skippingIfRefused(file.title, target(of: file.target)) { path in
            guard let target else { return countFile(file.size ?? 0) }
            if let size = file.size, let stored = try target.size(at: path) {
                return count(stored == size ? .same(bytes: size) : .different, file.title, path)
            }
            let descriptor = try file.fetch()
            var status = stat()
            guard fstat(descriptor.rawValue, &status) == 0 else { return }
            try store(SourceFile(path: file.title, descriptor: descriptor, size: Int64(status.st_size)), path)
        }
    }

    private func store(_ file: ArchivedFile) throws {
        try skippingIfRefused(file.path, target(of: file.path)) { path in
            guard target != nil else { return countFile(file.size) }
            try store(SourceFile(path: file.path, descriptor: try file.open(), size: file.size), path)
        }
    }

    /// Calls `body` with the path at the target; lists the file as skipped if `body` throws that it is refused.
    private func skippingIfRefused(_ file: String, _ target: String, _ body: (ArtifactPath) throws -> Void) throws {
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

    private func store(_ file: SourceFile, _ path: ArtifactPath) throws {
        guard let target else { return countFile(file.size) }
        count(try target.storeFile(file, at: path), file.path, path)
    }

    private func count(_ adoption: Adoption, _ file: String, _ path: ArtifactPath) {
        switch adoption {
        case .stored(let bytes): countFile(bytes)
        case .same: summary.files.unchanged += 1
        case .different: summary.skip(file, "a different file is at \(path), and was not changed")
        }
    }

    private func countFile(_ bytes: Int64) {
        summary.files.added += 1
        summary.bytes += bytes
    }
}

extension TransferRecord {
    /// The experiment of a run or logged model; nil for other records.
    fileprivate var sourceExperiment: SourceExperiment? {
        switch self {
        case .run(let run): run.experiment
        case .loggedModel(let model): model.experiment
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
