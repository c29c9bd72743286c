package import Budgets

/// A local folder (`ArtifactRoot`) or a prefix in an object store, and all operations on the artifacts beneath it.
///
/// An `ArtifactPath` cannot name a file outside of the folder or the prefix. A file is either complete or absent. All
/// functions block, and any thread may call them.
package protocol ArtifactStorage: AnyObject, Sendable {
    /// The path of the folder, or the URI of the bucket and the prefix.
    var location: String { get }
    /// Keeps a part of the disk free; nil if files may fill the disk, and for an object store.
    var freeSpace: FreeSpace? { get }
    /// The transfers between clients and the storage that bypass this server; nil if there are none.
    var directTransfers: (any DirectTransfers)? { get }

    /// Returns the files and folders in a folder, sorted by the bytes of their names; returns none for a file, and for a folder
    /// that does not exist.
    ///
    /// - Parameter base: the folder to which the paths of the entries are relative, such as a run's folder.
    func list(_ path: ArtifactPath, relativeTo base: ArtifactPath) throws(ArtifactError) -> [ArtifactEntry]

    /// Opens a file for reading; throws `.notFound` or `.isDirectory` if there is no file at the path.
    func open(_ path: ArtifactPath) throws(ArtifactError) -> OpenArtifact

    /// Begins to write a file, which readers cannot see before `PendingArtifact.commit()`.
    ///
    /// - Parameters:
    ///   - length: the number of bytes that the client announces; nil if it announces none.
    ///   - claim: counts the bytes while they are being written; nil if they are not counted.
    ///   - peer: the client, whose share of the memory for uploads is used.
    /// - Throws: `.overloaded`, after which nothing has changed; errors of the storage.
    func beginUpload(
        _ path: ArtifactPath,
        length: Int64?,
        claim: (any StorageClaim)?,
        for peer: Peer
    ) throws(ArtifactError) -> any PendingArtifact

    /// Deletes a file, or a folder with everything beneath it; a path with a slash at its end names a folder.
    ///
    /// - Parameter removed: called with the size of each file after its removal, even if a later step fails.
    /// - Returns: whether a file or a folder was deleted.
    func delete(_ path: ArtifactPath, removed: (_ bytes: Int64) -> Void) throws(ArtifactError) -> Bool

    /// Removes a folder if it exists and is empty.
    ///
    /// - Returns: whether the folder was removed.
    @discardableResult
    func removeIfEmpty(_ path: ArtifactPath) throws(ArtifactError) -> Bool

    /// Begins a walk through a folder and everything beneath it; has the parameters and errors of `ArtifactRoot.walk`.
    func walk(
        _ path: ArtifactPath,
        relativeTo base: ArtifactPath,
        after: String?,
        ifVanished: ArtifactWalk.VanishedPolicy
    ) throws(ArtifactError) -> ArtifactWalk

    /// Adds up the files of a folder and everything beneath it; returns zeros if the folder does not exist.
    func usage(of path: ArtifactPath) throws(ArtifactError) -> ArtifactUsage

    /// Checks that files can be stored and read; takes a few seconds at most.
    ///
    /// - Returns: a sentence that says why they cannot; nil if they can, and for a local folder, which is not checked.
    func findFault() -> String?
}

extension ArtifactStorage {
    package var freeSpace: FreeSpace? { nil }
    package var directTransfers: (any DirectTransfers)? { nil }

    package func findFault() -> String? { nil }
}

extension ArtifactRoot: ArtifactStorage {
    package func beginUpload(
        _ path: ArtifactPath,
        length: Int64?,
        claim: (any StorageClaim)?,
        for peer: Peer
    ) throws(ArtifactError) -> any PendingArtifact {
        try beginWrite(path, length: length, claim: claim)
    }
}

/// A file that is being uploaded, and that readers see only after `commit()`.
///
/// The upload ends with `commit()`, with `abort()`, or when its last reference is released. One connection writes at a
/// time; `abort()` may be called from any thread.
package protocol PendingArtifact: AnyObject, Sendable {
    /// Counts the bytes while they are being written; nil if they are not counted.
    var claim: (any StorageClaim)? { get }

    /// Appends bytes; if the function throws, the upload has been aborted.
    func write(_ bytes: UnsafeRawBufferPointer) throws(ArtifactError)

    /// Makes the file visible, in place of an older file; the new file is durable when this function returns.
    func commit() throws(ArtifactError) -> StoredArtifact

    /// Ends the upload and removes the bytes that were written; does nothing if the upload has ended.
    func abort()
}

extension ArtifactUpload: PendingArtifact {}

/// Transfers of files between clients and a storage, by presigned URLs that bypass this server.
package protocol DirectTransfers: Sendable {
    /// Begins an upload in parts; the file does not exist before the upload is completed.
    ///
    /// - Returns: the id of the upload, and a URL for each part, with which anybody may send that part.
    func createUpload(
        _ path: ArtifactPath,
        partCount: Int,
        lifetimeSeconds: Int64
    ) throws(ArtifactError) -> (id: String, parts: [String])

    /// Completes an upload; the file is durable when this function returns.
    ///
    /// - Parameter claim: counts the bytes of all parts; if it refuses them, the upload is aborted.
    /// - Throws: `MultipartError.unknownUpload`; `ArtifactError`.
    func completeUpload(
        _ id: String,
        _ path: ArtifactPath,
        _ parts: [ListedPart],
        claim: (any StorageClaim)?
    ) throws -> StoredArtifact

    /// Aborts an upload; an upload that does not exist is not an error.
    func abortUpload(_ id: String, _ path: ArtifactPath) throws(ArtifactError)

    /// Returns those of the uploads that the storage does not have any more, because somebody has completed or aborted them.
    func endedUploads(among ids: [String]) throws(ArtifactError) -> [String]

    /// Returns a URL with which anybody may download a file for some seconds, and the size of the file.
    func downloadAddress(_ path: ArtifactPath, for seconds: Int64) throws(ArtifactError) -> (url: String, size: Int64)

    /// Returns a URL with which anybody may store a file for some seconds, and the header fields that the request must have.
    func uploadAddress(
        _ path: ArtifactPath,
        for seconds: Int64
    ) throws(ArtifactError) -> (url: String, fields: [(name: String, value: String)])

    /// Aborts uploads that are so old that their URLs have expired.
    ///
    /// - Parameter isPreview: whether such uploads are only counted.
    /// - Returns: the number of such uploads.
    func removeExpiredUploads(isPreview: Bool) throws(ArtifactError) -> Int
}
