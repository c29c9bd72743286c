internal import Files
internal import Glibc
internal import Hashing

extension ArtifactUpload {
    /// The largest file whose hash is taken after it has come: reading it again must not outlast the client's patience.
    private static let largestHashedBytes: Int64 = 8 << 30

    /// Puts another file of the same root in this upload's place, instead of what was written to it.
    ///
    /// The file may be moved without a copy: its bytes are durable already, its new name is when this returns. Where
    /// space is shared, a file of up to 8 GiB is read again for its hash.
    /// - Throws: As `commit()`; `.other` with EXDEV when the file lies on another file system. The file stays where it
    ///   was then, and the upload has ended.
    func commit(moving source: String, from origin: Folder) throws(ArtifactError) -> StoredArtifact {
        guard takeFile() != nil else { throw .other(errno: EBADF, call: "rename") }
        defer { _ = folder.unlink(temporaryName) }
        let file = try origin.open(source, flags: O_RDWR)
        let size = try file.size()
        let sha256 = sharing == nil || size > Self.largestHashedBytes ? nil : try Self.sha256(of: file)
        return try store(file, bytes: size, sha256: sha256) { () throws(ArtifactError) in
            // Nothing to do unless the file has taken over the space of an equal one.
            try file.synchronizeData()
            let (renamed, code) = retryingInterrupts {
                renameat(origin.descriptor.rawValue, source, folder.descriptor.rawValue, name)
            }
            guard renamed == 0 else { throw ArtifactError(errno: code, call: "renameat") }
            try folder.synchronize()
        } discard: {
            _ = origin.unlink(source)
        }
    }

    /// Appends the whole of another file.
    func append(_ source: Descriptor) throws(ArtifactError) {
        try Self.read(source) { (bytes) throws(ArtifactError) in try write(bytes) }
    }

    private static func sha256(of file: Descriptor) throws(ArtifactError) -> [UInt8] {
        var hash = SHA256()
        try read(file) { hash.update($0) }
        return hash.finalize()
    }

    private static func read(
        _ file: Descriptor,
        _ body: (UnsafeRawBufferPointer) throws(ArtifactError) -> Void
    ) throws(ArtifactError) {
        let space = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1_024, alignment: 16)
        defer { space.deallocate() }
        var offset = 0
        while true {
            let count = pread(file.rawValue, space.baseAddress, space.count, off_t(offset))
            let code = count < 0 ? errno : 0
            if code == EINTR { continue }
            guard count >= 0 else { throw ArtifactError(errno: code, call: "pread") }
            if count == 0 { return }
            try body(UnsafeRawBufferPointer(rebasing: space[..<count]))
            offset += count
        }
    }
}
