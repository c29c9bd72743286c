internal import ArtifactStore
internal import Files
internal import Tracking

/// The data folder, database or server that an import writes to.
protocol ImportTarget: AnyObject {
    /// The description of the target for messages.
    var title: String { get }

    /// Stores records.
    ///
    /// If the call returns before the records are stored, a later call throws the error of this one.
    func add(_ records: [TransferRecord]) throws

    /// Waits until the records of all earlier calls are stored.
    ///
    /// - Returns: the runs and logged models that were left out since the last call.
    func flush() throws -> [TransferOwner]

    /// The experiments, among the records that are stored, whose id at the target differs from their id at the source.
    var mappings: [ExperimentMapping] { get }

    /// The location of the artifacts of a run or logged model at the target; nil if the target does not have this id.
    func location(of owner: TransferOwner) throws -> String?

    /// The size of the file at a path relative to the root of artifacts; nil if there is none.
    func size(at path: ArtifactPath) throws -> Int64?

    /// Stores a file at a path relative to the root of artifacts, unless a file exists at this path.
    ///
    /// - Throws: `ArtifactError` or `FileRefusal` if this file is refused, any other error if the import must end.
    func storeFile(_ file: SourceFile, at path: ArtifactPath) throws -> Adoption

    /// Waits until all records are stored, and returns how many were added and what was left out.
    func finish() throws -> TransferReport

    /// Closes the target; it must not be used afterwards.
    func close()
}

/// A target whose store this process has open.
protocol StoreTarget: ImportTarget {
    var store: any TrackingBackend { get }
    var batches: RecordBatches { get }
}

extension StoreTarget {
    func flush() throws -> [TransferOwner] { try batches.flush() }

    var mappings: [ExperimentMapping] { batches.mappings }

    func location(of owner: TransferOwner) throws -> String? {
        try store.readNow { try $0.artifactOwners(among: [owner.id.text]) }
            .first { $0.isLoggedModel == (owner.kind == .loggedModel) }?.location
    }

    func finish() throws -> TransferReport {
        batches.wait()
        return try batches.report()
    }

    func close() {
        batches.wait()
        store.close()
    }
}

/// A file that is imported, opened for reading.
struct SourceFile {
    let path: String
    let descriptor: Descriptor
    let size: Int64
}

/// The reason, as one line, why a target refuses one file; it may accept others.
struct FileRefusal: Error, CustomStringConvertible {
    let description: String
}

/// The reason, as one line, why an import must end.
struct ImportFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
