internal import ArtifactStore
internal import Files
internal import Tracking

/// Where things are imported to.
protocol ImportTarget: AnyObject {
    /// What it is, for a person.
    var title: String { get }

    /// Stores records; may return before it is done, and then throws what went wrong at a later call.
    func take(_ records: [TransferRecord]) throws

    /// The size of the file at a path beneath the root of artifacts; nil where there is none.
    func size(at path: ArtifactPath) throws -> Int64?

    /// Puts a file at a path beneath the root of artifacts, unless there is one.
    ///
    /// - Throws: `ArtifactError` or `FileRefusal` if this file is not taken, anything else if the import cannot go on.
    func place(_ file: SourceFile, at path: ArtifactPath) throws -> Adoption

    /// Waits for all records, and returns what became of them.
    func finish() throws -> TransferReport

    /// Lets go of the target.
    func close()
}

/// A file that is imported, opened for reading.
struct SourceFile {
    let path: String
    let descriptor: Descriptor
    let size: Int64
}

/// Why a target does not take one file, in one line for a person; it may take others.
struct FileRefusal: Error, CustomStringConvertible {
    let description: String
}

/// Why an import cannot go on, in one line for a person.
struct ImportFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
