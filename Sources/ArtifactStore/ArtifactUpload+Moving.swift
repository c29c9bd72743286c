internal import Files
internal import Glibc
internal import Hashing

extension ArtifactUpload {
    /// The size of the largest file that is read again for its hash: a larger one would make the client wait too long.
    private static let maximumHashedBytes: Int64 = 8 << 30

    /// Moves another file of the same root to the target of this upload, and ends the upload, whose own temporary file is
    /// discarded.
    ///
    /// The bytes of the file must already be durable; its new name is durable when this function returns. If files of
    /// equal content share disk space, a file of up to 8 GiB is read again for its hash.
    /// - Throws: the errors of `commit()`; `.other` with EXDEV if the file is on another file system. The file then
    ///   stays in its folder, and the upload has ended.
    func commit(moving source: String, from origin: Folder) throws(ArtifactError) -> StoredArtifact {
        guard takeFile() != nil else { throw .other(errno: EBADF, call: "rename") }
        defer { _ = folder.unlink(temporaryName) }
        let file = try origin.open(source, flags: O_RDWR)
        let size = try file.size()
        let sha256 = sharing == nil || size > Self.maximumHashedBytes ? nil : try Self.sha256(of: file)
        return try store(file, bytes: size, sha256: sha256) { () throws(ArtifactError) in
            // This flush has nothing to write, unless the file now shares the extents of another file.
            try file.synchronizeData()
            try systemCall("renameat") {
                renameat(origin.descriptor.rawValue, source, folder.descriptor.rawValue, name)
            }
            try folder.synchronize()
        } discard: {
            _ = origin.unlink(source)
        }
    }

    /// Appends all bytes of another file.
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
