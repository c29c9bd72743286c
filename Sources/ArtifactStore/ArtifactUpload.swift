internal import Glibc
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

    private let folder: Folder
    private let name: String
    private let temporaryName: String
    /// Nil once the upload has ended.
    private let file: Mutex<Descriptor?>

    /// Makes the temporary file and locks it, so that the sweep of another server on the same directory spares it.
    init(folder: Folder, name: String) throws(ArtifactError) {
        while true {
            let number = Self.counter.wrappingAdd(1, ordering: .relaxed).newValue
            let temporaryName = Self.ownNamePrefix + String(number)
            let file = try folder.open(temporaryName, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o666)
            // Waits only for a sweep that came between the two steps. Where the file system knows no locks, a sweep
            // goes by age instead.
            _ = retryingInterrupts { flock(file.rawValue, LOCK_EX) }
            // That sweep has removed the file: take the next name.
            if case nil = try folder.kind(of: temporaryName) { continue }
            self.folder = folder
            self.name = name
            self.temporaryName = temporaryName
            self.file = Mutex(file)
            return
        }
    }

    deinit {
        abort()
    }

    /// Appends bytes; blocks until the kernel has taken all of them.
    ///
    /// - Throws: `.noSpace` and what else the file system refuses; the upload has been aborted then, the space freed.
    ///   `.other` with EBADF after the end of the upload.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(ArtifactError) {
        guard let file = file.withLock({ $0 }) else { throw .other(errno: EBADF, call: "write") }
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
    /// Blocks for two disk flushes. Of uploads to one path that end together, one whole file stays.
    /// - Throws: `.isDirectory` where a folder has come into the way, `.notFound` where the folder above was deleted,
    ///   `.noSpace` and the like. The target is untouched then and the upload has ended, except that a failed flush
    ///   of the folder leaves the new file in place, though perhaps not through a power cut.
    package func commit() throws(ArtifactError) {
        guard let file = takeFile() else { throw .other(errno: EBADF, call: "rename") }
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

    /// Gives the upload up and removes what was written; does nothing after the end of the upload.
    package func abort() {
        guard takeFile() != nil else { return }
        // When the removal fails, the sweep at the next start takes the file.
        _ = folder.unlink(temporaryName)
    }

    /// The file, for the one who ends the upload.
    private func takeFile() -> Descriptor? {
        file.withLock { file in
            defer { file = nil }
            return file
        }
    }
}
