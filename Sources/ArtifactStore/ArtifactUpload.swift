internal import Files
internal import Glibc
internal import Hashing
internal import Synchronization

/// A file that is written to a temporary file beside its target, and that readers see only after `commit()`.
///
/// The upload ends with `commit()`, with `abort()`, or when its last reference is released. One connection writes at a
/// time; `abort()` may be called from any thread.
package final class ArtifactUpload: Sendable {
    /// The beginning of the names of all unfinished uploads, which no `ArtifactPath` can hold.
    static let namePrefix = ".apus-upload-"
    /// The beginning of the names of this process's uploads.
    static let ownNamePrefix = namePrefix + String(UInt64.random(in: .min ... .max), radix: 16) + "-"
    private static let counter = Atomic<UInt64>(0)

    private struct Progress {
        var bytes: Int64 = 0
        /// The hash of the bytes so far; nil if the hash is not needed.
        var hash: SHA256?
    }

    let folder: Folder
    let name: String
    let temporaryName: String
    let sharing: Sharing?
    /// Counts the bytes for a quota while they are being written; nil if they are not counted.
    package let claim: (any StorageClaim)?
    private let freeSpace: FreeSpace?
    private let start = ContinuousClock.now
    /// Nil once the upload has ended.
    private let file: Mutex<Descriptor?>
    private let progress: Mutex<Progress>

    /// Creates the temporary file and locks it, so that `removeStaleUploads` of another process does not remove it.
    ///
    /// - Parameter sharing: nil for a file that always has space of its own.
    init(
        folder: Folder,
        name: String,
        sharing: Sharing? = nil,
        freeSpace: FreeSpace? = nil,
        claim: (any StorageClaim)? = nil
    ) throws(ArtifactError) {
        self.freeSpace = freeSpace
        self.claim = claim
        while true {
            let temporaryName = Self.nextTemporaryName()
            let file = try folder.open(temporaryName, flags: O_RDWR | O_CREAT | O_EXCL, mode: 0o666)
            // This waits only if `removeStaleUploads` of another process has locked the file since it was created. If
            // the file system has no locks, that function decides by the age of the file.
            _ = retryingInterrupts { flock(file.rawValue, LOCK_EX) }
            do throws(ArtifactError) {
                // If the other process has removed the file, the next name is used.
                if case nil = try folder.kind(of: temporaryName) { continue }
            } catch {
                _ = folder.unlink(temporaryName)
                throw error
            }
            self.folder = folder
            self.name = name
            self.temporaryName = temporaryName
            self.sharing = sharing
            self.file = Mutex(file)
            progress = Mutex(Progress(hash: sharing == nil ? nil : SHA256()))
            return
        }
    }

    deinit { abort() }

    /// Returns a name that no other upload of this process has.
    static func nextTemporaryName() -> String {
        ownNamePrefix + String(counter.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    /// Appends bytes; blocks until all of them are written.
    ///
    /// - Throws: `.spaceKept`, `.quotaSpent`, `.noSpace` and other errors of the file system; the upload has then been
    ///   aborted and the space freed. `.other` with EBADF after the end of the upload.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(ArtifactError) {
        guard let file = file.withLock({ $0 }) else { throw .other(errno: EBADF, call: "write") }
        do {
            try claim?.grow(by: Int64(bytes.count))
            try freeSpace?.count(Int64(bytes.count))
        } catch {
            abort()
            throw error
        }
        progress.withLock { progress in
            progress.bytes += Int64(bytes.count)
            progress.hash?.update(bytes)
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            let chunk = UnsafeRawBufferPointer(rebasing: rest)
            let count = Glibc.write(file.rawValue, chunk.baseAddress, chunk.count)
            let code = count < 0 ? errno : 0
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if code != EINTR {
                abort()
                throw ArtifactError(errno: code == 0 ? EIO : code, call: "write")
            }
        }
    }

    /// Moves the file to its target, which replaces an older file; the file is durable when this function returns.
    ///
    /// Blocks for two disk flushes and, if space is shared, for a comparison with the equal file. If several uploads to
    /// one path end at the same time, one of their files remains, and it is complete.
    /// - Throws: `.isDirectory` if the target has become a folder, `.notFound` if the folder above was deleted,
    ///   `.noSpace` and other errors of the file system. The target is then unchanged and the upload has ended, except
    ///   after a failed flush of the folder: the new file is then at the target, but may not survive a power failure.
    @discardableResult
    package func commit() throws(ArtifactError) -> StoredArtifact {
        guard let file = takeFile() else { throw .other(errno: EBADF, call: "rename") }
        let (bytes, sha256) = progress.withLock { ($0.bytes, $0.hash?.finalize()) }
        return try store(file, bytes: bytes, sha256: sha256) { () throws(ArtifactError) in
            try publish(file)
        } discard: {
            _ = folder.unlink(temporaryName)
        }
    }

    /// Moves a file to its target, or makes the target share the space of an equal file.
    ///
    /// - Parameters:
    ///   - publish: moves the file to its target.
    ///   - discard: removes the file if the target has become a hard link to an equal file.
    func store(
        _ file: Descriptor,
        bytes: Int64,
        sha256: [UInt8]?,
        publish: () throws(ArtifactError) -> Void,
        discard: () -> Void
    ) throws(ArtifactError) -> StoredArtifact {
        guard let sharing, let sha256 else {
            try publish()
            return StoredArtifact(bytes: bytes, duration: .now - start, isShared: false, sha256: nil)
        }
        let isShared = try sharing.contents.withLock(for: sha256) { () throws(ArtifactError) in
            let space = sharing.share(file, size: bytes, sha256: sha256, in: folder, as: name)
            if space == .inode {
                discard()
                try folder.synchronize()
            } else {
                try publish()
            }
            sharing.contents.remember(sha256, at: sharing.path)
            return space != nil
        }
        if isShared { sharing.contents.countSaved(bytes) }
        return StoredArtifact(bytes: bytes, duration: .now - start, isShared: isShared, sha256: sha256)
    }

    /// Ends the upload and removes the bytes that were written; does nothing if the upload has ended.
    package func abort() {
        guard takeFile() != nil else { return }
        // If the removal fails, `removeStaleUploads` removes the file at the next start.
        _ = folder.unlink(temporaryName)
        claim?.release()
    }

    /// Makes the bytes durable, renames the temporary file to its target, and makes the new name durable.
    func publish(_ file: Descriptor) throws(ArtifactError) {
        do throws(ArtifactError) {
            let (flushed, flushCode) = retryingInterrupts { fsync(file.rawValue) }
            guard flushed == 0 else { throw ArtifactError(errno: flushCode, call: "fsync") }
            let (renamed, renameCode) = retryingInterrupts {
                renameat(folder.descriptor.rawValue, temporaryName, folder.descriptor.rawValue, name)
            }
            guard renamed == 0 else { throw ArtifactError(errno: renameCode, call: "renameat") }
        } catch {
            _ = folder.unlink(temporaryName)
            throw error
        }
        try folder.synchronize()
    }

    /// Returns the file to the first caller, which ends the upload; returns nil to later callers.
    func takeFile() -> Descriptor? {
        file.withLock { file in
            defer { file = nil }
            return file
        }
    }
}

/// The result of a committed upload.
package struct StoredArtifact: Sendable {
    /// The size of the file.
    package let bytes: Int64
    /// The time from the beginning of the upload until the file was durable.
    package let duration: Duration
    /// Whether the file shares the space of an equal file.
    package let isShared: Bool
    /// The SHA-256 hash; nil unless the root shares equal contents.
    package let sha256: [UInt8]?

    package init(bytes: Int64, duration: Duration, isShared: Bool, sha256: [UInt8]?) {
        self.bytes = bytes
        self.duration = duration
        self.isShared = isShared
        self.sha256 = sha256
    }
}
