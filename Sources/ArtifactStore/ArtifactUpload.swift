internal import Files
internal import Glibc
internal import Hashing
internal import Synchronization

/// A file on its way in: written to a temporary file beside its target, visible only after `commit()`.
///
/// Ends with `commit()`, `abort()` or its last reference. One connection writes at a time; `abort()` may come from
/// any thread, say that of a time-out.
package final class ArtifactUpload: Sendable {
    /// What the names of all unfinished uploads begin with; no `ArtifactPath` can hold such a name.
    static let namePrefix = ".apus-upload-"
    /// What the names of this process's uploads begin with.
    static let ownNamePrefix = namePrefix + String(UInt64.random(in: .min ... .max), radix: 16) + "-"
    private static let counter = Atomic<UInt64>(0)

    private struct Progress {
        var bytes: Int64 = 0
        /// nil where nobody asks for the hash.
        var hash: SHA256?
    }

    let folder: Folder
    let name: String
    let temporaryName: String
    let sharing: Sharing?
    private let start = ContinuousClock.now
    /// Nil once the upload has ended.
    private let file: Mutex<Descriptor?>
    private let progress: Mutex<Progress>

    /// Makes the temporary file and locks it, so that the sweep of another server on the same directory spares it.
    ///
    /// - Parameter sharing: nil for a file that always takes space of its own.
    init(folder: Folder, name: String, sharing: Sharing? = nil) throws(ArtifactError) {
        while true {
            let temporaryName = Self.nextTemporaryName()
            let file = try folder.open(temporaryName, flags: O_RDWR | O_CREAT | O_EXCL, mode: 0o666)
            // Waits only for a sweep that came between the two steps. Where the file system knows no locks, a sweep
            // goes by age instead.
            _ = retryingInterrupts { flock(file.rawValue, LOCK_EX) }
            // That sweep has removed the file: take the next name.
            if case nil = try folder.kind(of: temporaryName) { continue }
            self.folder = folder
            self.name = name
            self.temporaryName = temporaryName
            self.sharing = sharing
            self.file = Mutex(file)
            progress = Mutex(Progress(hash: sharing == nil ? nil : SHA256()))
            return
        }
    }

    deinit {
        abort()
    }

    /// A name that no other upload of this process has.
    static func nextTemporaryName() -> String {
        ownNamePrefix + String(counter.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    /// Appends bytes; blocks until the kernel has taken all of them.
    ///
    /// - Throws: `.noSpace` and what else the file system refuses; the upload has been aborted then, the space freed.
    ///   `.other` with EBADF after the end of the upload.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(ArtifactError) {
        guard let file = file.withLock({ $0 }) else { throw .other(errno: EBADF, call: "write") }
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

    /// Puts the file in its place, over an older one; durable when this returns.
    ///
    /// Blocks for two disk flushes and, where space is shared, for a comparison with the equal file. Of uploads to one
    /// path that end together, one whole file stays.
    /// - Throws: `.isDirectory` where a folder has come into the way, `.notFound` where the folder above was deleted,
    ///   `.noSpace` and the like. The target is untouched then and the upload has ended, except that a failed flush
    ///   of the folder leaves the new file in place, though perhaps not through a power cut.
    @discardableResult
    package func commit() throws(ArtifactError) -> StoredArtifact {
        guard let file = takeFile() else { throw .other(errno: EBADF, call: "rename") }
        let (bytes, sha256) = progress.withLock { ($0.bytes, $0.hash?.finalize()) }
        return try store(file, bytes: bytes, sha256: sha256) { () throws(ArtifactError) in
            try place(file)
        } discard: {
            _ = folder.unlink(temporaryName)
        }
    }

    /// Puts a file in its place, or lets its name stand for an equal one where space is shared.
    ///
    /// - Parameters:
    ///   - place: puts the file in its place.
    ///   - discard: removes the file, for which another stands.
    func store(
        _ file: Descriptor,
        bytes: Int64,
        sha256: [UInt8]?,
        place: () throws(ArtifactError) -> Void,
        discard: () -> Void
    ) throws(ArtifactError) -> StoredArtifact {
        guard let sharing, let sha256 else {
            try place()
            return StoredArtifact(bytes: bytes, duration: .now - start, isShared: false, sha256: nil)
        }
        let isShared = try sharing.contents.inTurn(for: sha256) { () throws(ArtifactError) in
            let space = sharing.share(file, size: bytes, sha256: sha256, in: folder, as: name)
            if space == .inode {
                discard()
                try folder.synchronize()
            } else {
                try place()
            }
            sharing.contents.remember(sha256, at: sharing.path)
            return space != nil
        }
        if isShared { sharing.contents.countSaved(bytes) }
        return StoredArtifact(bytes: bytes, duration: .now - start, isShared: isShared, sha256: sha256)
    }

    /// Gives the upload up and removes what was written; does nothing after the end of the upload.
    package func abort() {
        guard takeFile() != nil else { return }
        // When the removal fails, the sweep at the next start takes the file.
        _ = folder.unlink(temporaryName)
    }

    /// Renames the temporary file to its target, its bytes durable before and its name after.
    private func place(_ file: Descriptor) throws(ArtifactError) {
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

    /// The file, for the one who ends the upload.
    func takeFile() -> Descriptor? {
        file.withLock { file in
            defer { file = nil }
            return file
        }
    }
}

/// What became of an upload.
package struct StoredArtifact: Sendable {
    /// The size of the file.
    package let bytes: Int64
    /// From the beginning of the upload until the file was durable.
    package let duration: Duration
    /// Whether the file shares the space of an equal one.
    package let isShared: Bool
    /// nil unless the root shares equal contents.
    package let sha256: [UInt8]?

    package init(bytes: Int64, duration: Duration, isShared: Bool, sha256: [UInt8]?) {
        self.bytes = bytes
        self.duration = duration
        self.isShared = isShared
        self.sha256 = sha256
    }
}
