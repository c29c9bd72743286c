/// A place that holds artifacts, with all operations beneath it: a local folder (`ArtifactRoot`), or an object storage.
///
/// What a path may be is decided by `ArtifactPath`, and nothing outside of the place can be reached. A file is either
/// complete or absent. All calls block, and may be made from any thread.
package protocol ArtifactStorage: AnyObject, Sendable {
    /// The path or the URI of the place.
    var location: String { get }
    /// Keeps a part of the disk free; nil where there is no disk, or files may fill it.
    var freeSpace: FreeSpace? { get }
    /// Lets clients send and fetch files without this server; nil where they cannot.
    var direct: (any DirectTransfers)? { get }

    /// The entries of one folder, sorted by the bytes of their names, folders and files mixed; none for a file, and for a
    /// folder that does not exist.
    ///
    /// - Parameter base: the folder to which the paths of the entries are relative, such as a run's folder.
    func list(_ path: ArtifactPath, relativeTo base: ArtifactPath) throws(ArtifactError) -> [ArtifactEntry]

    /// Opens a file for sending; throws `.notFound` and `.isDirectory`.
    func open(_ path: ArtifactPath) throws(ArtifactError) -> OpenArtifact

    /// Begins to write a file, of which readers see nothing until `PendingArtifact.commit()`.
    ///
    /// - Parameters:
    ///   - length: in bytes, as the client announces it; nil when it does not.
    ///   - claim: what the bytes count for while they are being written; nil where nothing is counted.
    func beginUpload(
        _ path: ArtifactPath,
        length: Int64?,
        claim: (any StorageClaim)?
    ) throws(ArtifactError) -> any PendingArtifact

    /// Deletes a file, or a folder with all that is beneath it.
    ///
    /// - Parameter removed: called with the size of each file after it was removed, even when a later step fails.
    /// - Returns: whether there was something to delete. With a slash at its end the path names a folder.
    func delete(_ path: ArtifactPath, removed: (_ bytes: Int64) -> Void) throws(ArtifactError) -> Bool

    /// Removes a folder that holds nothing; one that holds something, or does not exist, is left.
    @discardableResult
    func removeIfEmpty(_ path: ArtifactPath) throws(ArtifactError) -> Bool

    /// Begins a walk through a folder and everything beneath it; parameters and errors as those of `ArtifactRoot.walk`.
    func walk(
        _ path: ArtifactPath,
        relativeTo base: ArtifactPath,
        after: String?,
        vanished: ArtifactWalk.Vanished
    ) throws(ArtifactError) -> ArtifactWalk

    /// Adds up a folder and everything beneath it; one that does not exist gives zeros.
    func usage(of path: ArtifactPath) throws(ArtifactError) -> ArtifactUsage

    /// Why nothing can be stored or fetched at present, in words; nil where all is well or nothing is known.
    ///
    /// Takes a few seconds at most.
    func fault() -> String?
}

extension ArtifactStorage {
    package var freeSpace: FreeSpace? { nil }
    package var direct: (any DirectTransfers)? { nil }

    package func fault() -> String? { nil }
}

extension ArtifactRoot: ArtifactStorage {
    package func beginUpload(
        _ path: ArtifactPath,
        length: Int64?,
        claim: (any StorageClaim)?
    ) throws(ArtifactError) -> any PendingArtifact {
        try beginWrite(path, length: length, claim: claim)
    }
}

/// A file that is being uploaded, and that readers see only after `commit()`.
///
/// The upload ends with `commit()`, with `abort()`, or when its last reference is released. One connection writes at a
/// time; `abort()` may be called from any thread.
package protocol PendingArtifact: AnyObject, Sendable {
    /// What the bytes count for while they are being written; nil where nothing is counted.
    var claim: (any StorageClaim)? { get }

    /// Appends bytes; when it throws, the upload has been aborted.
    func write(_ bytes: UnsafeRawBufferPointer) throws(ArtifactError)

    /// Puts the file in its place, where it replaces an older one; it is durable when this returns.
    func commit() throws(ArtifactError) -> StoredArtifact

    /// Ends the upload and removes what was written; does nothing after its end.
    func abort()
}

extension ArtifactUpload: PendingArtifact {}

/// Lets clients send files to a storage, and fetch them from it, without this server.
package protocol DirectTransfers: Sendable {
    /// Begins a file that arrives in parts; nobody sees it before it is completed.
    ///
    /// - Returns: the id of the upload, and an address for each part, which permits its bearer to send that part.
    func createUpload(
        _ path: ArtifactPath,
        partCount: Int,
        lifetimeSeconds: Int64
    ) throws(ArtifactError) -> (id: String, parts: [String])

    /// Makes the file of its parts; it is durable when this returns.
    ///
    /// - Parameter claim: takes the bytes of the parts; where it refuses, the upload is given up.
    /// - Throws: `MultipartError.unknownUpload`; `ArtifactError`.
    func completeUpload(
        _ id: String,
        _ path: ArtifactPath,
        _ parts: [ListedPart],
        claim: (any StorageClaim)?
    ) throws -> StoredArtifact

    /// Gives an upload up; one that is not there is no error.
    func abortUpload(_ id: String, _ path: ArtifactPath) throws(ArtifactError)

    /// The address at which its bearer may fetch a file for some seconds, and the size of the file.
    func downloadAddress(_ path: ArtifactPath, for seconds: Int64) throws(ArtifactError) -> (url: String, size: Int64)

    /// The address at which its bearer may store a file for some seconds, and the fields that go with it.
    func uploadAddress(
        _ path: ArtifactPath,
        for seconds: Int64
    ) throws(ArtifactError) -> (url: String, fields: [(name: String, value: String)])

    /// Gives up uploads that were begun so long ago that no client goes on with them.
    ///
    /// - Parameter isPreview: only counts them.
    /// - Returns: how many there are.
    func removeExpiredUploads(isPreview: Bool) throws(ArtifactError) -> Int
}
