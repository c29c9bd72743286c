internal import ArtifactStore
internal import Budgets
internal import HTTPWire
internal import Identities
internal import Synchronization
internal import Tracking
internal import Transfer

/// An archive with records of this store and their artifacts, which is made while it is being sent.
///
/// The artifacts of a run or logged model follow its record.
final class ArchiveBody: HTTPBodyProducer {
    private struct OpenFile {
        let file: OpenArtifact
        var position: Int64 = 0
    }

    private struct State {
        var records: RecordStream
        var writer = ArchiveWriter()
        var hasBegun = false
        var folder: (path: String, walk: ArtifactWalk)?
        var file: OpenFile?
    }

    private static let pieceBytes = 128 * 1_024

    private let api: MLflowAPI
    private let caller: Caller
    private let state: Mutex<State>

    let memoryBytes = RecordStream.memoryBytes

    /// - Throws: `.resourceDoesNotExist` for an experiment or run that the subset names and that does not exist.
    init(_ subset: TransferSubset, of api: MLflowAPI, for caller: Caller) throws {
        self.api = api
        self.caller = caller
        state = Mutex(State(records: try RecordStream(subset, of: api.store, for: caller)))
    }

    func next(into buffer: inout [UInt8]) throws -> Bool {
        try state.withLock { state in
            if !state.hasBegun {
                state.writer.begin(&buffer)
                state.hasBegun = true
            }
            while buffer.count < Self.pieceBytes {
                if state.file != nil {
                    try continueFile(&state, to: &buffer)
                } else if state.folder != nil {
                    try beginNextFile(&state, to: &buffer)
                } else if let record = try state.records.next() {
                    add(record, &state, to: &buffer)
                } else {
                    state.writer.end(&buffer)
                    return false
                }
            }
            return true
        }
    }

    /// Adds a record whose locations are replaced by those in the archive, and begins to add its folder of artifacts.
    private func add(_ record: TransferRecord, _ state: inout State, to buffer: inout [UInt8]) {
        var record = record
        switch record {
        case .experiment(var experiment):
            experiment.artifactLocation = archived(experiment.artifactLocation).location
            record = .experiment(experiment)
        case .run(var run):
            let archived = archived(run.run.info.artifactURI)
            run.run.info.artifactURI = archived.location
            record = .run(run)
            beginFolder(archived, owner: run.run.info.runID, &state)
        case .loggedModel(var model):
            let archived = archived(model.model.info.artifactURI)
            model.model.info.artifactURI = archived.location
            record = .loggedModel(model)
            beginFolder(archived, owner: model.model.info.modelID, &state)
        case .modelVersion(var version):
            version.version.source = archived(version.version.source).location
            version.storageLocation = version.storageLocation.map { archived($0).location }
            record = .modelVersion(version)
        case .points, .modelPoints, .registeredModel: break
        }
        state.writer.add(record, to: &buffer)
    }
}

// MARK: Artifacts

extension ArchiveBody {
    /// A location in the archive, and the folder with its files; nil if this server does not open that folder.
    private typealias ArchivedLocation = (location: String, folder: ServedFolder?)

    /// Returns the location to write into the archive: an `mlflow-artifacts:` location for a folder that this server
    /// opens, and the unchanged location for any other folder.
    private func archived(_ location: String) -> ArchivedLocation {
        guard let folder = try? api.servedFolder(at: location, owner: "", for: caller, to: .read),
            !folder.base.components.isEmpty
        else { return (location, nil) }
        return ("mlflow-artifacts:/\(folder.base)", folder)
    }

    /// Begins to add the files of a run or model, if the folder's path ends with `ID/artifacts`.
    ///
    /// An import does not accept files of any other folder, because other runs might use that folder too.
    private func beginFolder(_ archived: ArchivedLocation, owner id: String, _ state: inout State) {
        guard let folder = archived.folder, folder.base.description.hasSuffix("\(id)/artifacts"),
            let walk = try? folder.walk()
        else { return }
        state.folder = (folder.base.description, walk)
    }

    private func beginNextFile(_ state: inout State, to buffer: inout [UInt8]) throws {
        guard var folder = state.folder else { return }
        guard let entry = try folder.walk.next() else {
            state.folder = nil
            return
        }
        state.folder = folder
        // A file that cannot be opened is left out; it may have been removed since its folder was read.
        guard !entry.isDirectory, let file = try? entry.open() else { return }
        let path = "\(folder.path)/\(entry.path)"
        state.writer.beginFile(path, size: file.size, modified: file.modificationSeconds, to: &buffer)
        if file.size > 0 { state.file = OpenFile(file: file) }
    }

    private func continueFile(_ state: inout State, to buffer: inout [UInt8]) throws {
        guard var open = state.file else { return }
        let bytes = try open.file.bytes(at: open.position, upTo: Self.pieceBytes)
        state.writer.addToFile(bytes, to: &buffer)
        open.position += Int64(bytes.count)
        state.file = open.position < open.file.size ? open : nil
    }
}
