internal import Files
internal import Glibc
internal import Hashing
internal import Synchronization

/// A file that is written to a temporary file in the folder of its target, and that readers see only after `commit()`.
///
/// The upload ends with `commit()`, with `abort()`, or when its last reference is released. One connection writes at a
/// time; `abort()` may be called from any thread.
package final class ArtifactUpload: Sendable {
    /// The beginning of the names of all unfinished uploads, which no `ArtifactPath` can hold.
    static let namePrefix = ".apus-upload-"
    /// The beginning of the names of this process's uploads.
    static let ownNamePrefix = namePrefix + String(UInt64.random(in: .min ... .max), radix: 16) + "-"
    private static let uploadCounter = Atomic<UInt64>(0)

    private struct Progress {
        var bytes: Int64 = 0
        /// The hash of the bytes so far; nil if the hash is not needed.
        var hash: SHA256?
    }

    /// The folder of the target, which also contains the temporary file.
    let folder: Folder
    /// The name of the target.
    let name: String
    let temporaryName: String
    /// What the upload needs to share the disk space of a file with equal content; nil if it must not share space.
    let sharing: Sharing?
    /// Adds the bytes to the use of a quota before they are written; nil if no quota counts them.
    package let claim: (any StorageClaim)?
    /// Keeps a part of the disk free for the database; nil if nothing is kept free.
    private let freeSpace: FreeSpace?
    private let start = ContinuousClock.now
    /// Nil once the upload has ended.
    private let file: Mutex<Descriptor?>
    private let progress: Mutex<Progress>
    private let earlyFlush = EarlyFlush()

    /// Creates the temporary file and locks it, so that `removeStaleUploads` of another process does not remove it.
    ///
    /// - Parameter sharing: nil if the file must not share disk space with a file of equal content.
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
        ownNamePrefix + String(uploadCounter.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    /// Appends bytes; blocks until all of them are written.
    ///
    /// - Throws: `.spaceKept` if there is no room for the bytes besides the space that is kept free for the database,
    ///   `.quotaExceeded` if they exceed a quota, `.noSpace`, and other errors of the file system; the upload has then been
    ///   aborted and its space freed. `.other` with EBADF after the end of the upload.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(ArtifactError) {
        guard let file = file.withLock({ $0 }) else { throw .other(errno: EBADF, call: "write") }
        do {
            try claim?.grow(by: Int64(bytes.count))
            try freeSpace?.count(Int64(bytes.count))
        } catch {
            abort()
            throw error
        }
        let end = progress.withLock { progress in
            progress.bytes += Int64(bytes.count)
            progress.hash?.update(bytes)
            return progress.bytes
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
        do {
            try earlyFlush.didWrite(to: end, of: file)
        } catch {
            abort()
            throw error
        }
    }

    /// Moves the file to its target, in place of an older file; the new file is durable when this function returns.
    ///
    /// Blocks for two disk flushes and, with `sharing`, while the file is compared with stored files that have the same
    /// hash. If several uploads to one path end at the same time, the complete file of one of them remains.
    /// - Throws: `.isDirectory` if the target has become a folder, `.notFound` if the folder that contains the target was
    ///   deleted, `.noSpace` and other errors of the file system. The target is then unchanged and the upload has ended, except
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

    /// Moves a file to its target, or makes the target share the disk space of a file with equal content.
    ///
    /// - Parameters:
    ///   - moveToTarget: moves the file to its target.
    ///   - discard: removes the file; called if the target has become a hard link to another file.
    func store(
        _ file: Descriptor,
        bytes: Int64,
        sha256: [UInt8]?,
        moveToTarget: () throws(ArtifactError) -> Void,
        discard: () -> Void
    ) throws(ArtifactError) -> StoredArtifact {
        guard let sharing, let sha256 else {
            try moveToTarget()
            return StoredArtifact(bytes: bytes, duration: .now - start, isShared: false, sha256: nil)
        }
        let isShared = try sharing.contents.withLock(for: sha256) { () throws(ArtifactError) in
            let space = sharing.share(file, size: bytes, sha256: sha256, in: folder, as: name)
            if space == .inode {
                // The hard link has already replaced the target, so only the folder is flushed.
                discard()
                try folder.synchronize()
            } else {
                try moveToTarget()
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
            try systemCall("fsync") { fsync(file.rawValue) }
            try systemCall("renameat") {
                renameat(folder.descriptor.rawValue, temporaryName, folder.descriptor.rawValue, name)
            }
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
    /// Whether the file shares the disk space of a file with equal content.
    package let isShared: Bool
    /// The SHA-256 hash; nil if it was not computed, as for a root whose files share no space.
    package let sha256: [UInt8]?

    package init(bytes: Int64, duration: Duration, isShared: Bool, sha256: [UInt8]?) {
        self.bytes = bytes
        self.duration = duration
        self.isShared = isShared
        self.sha256 = sha256
    }
}
