internal import Files
internal import Glibc

extension OpenArtifact {
    /// Reads the whole file, which must be small, into memory; blocks on the disk.
    ///
    /// - Throws: the errors of `withBytes`.
    package func bytes() throws(ArtifactError) -> [UInt8] {
        try withBytes(at: 0, upTo: Int(size)) { (bytes) throws(ArtifactError) in Array(bytes) }
    }

    /// Reads a part of the file into memory; blocks on the disk.
    ///
    /// - Throws: the errors of `withBytes`.
    package func bytes(at offset: Int64, upTo count: Int) throws(ArtifactError) -> [UInt8] {
        try withBytes(at: offset, upTo: count) { (bytes) throws(ArtifactError) in Array(bytes) }
    }

    /// Reads a part of the file into memory and passes it to `body`; blocks on the disk.
    ///
    /// - Parameters:
    ///   - offset: the offset of the part, at most `size`.
    ///   - count: the length of the part; it is cut at the size that the file had when it was opened.
    /// - Throws: `.other` with ENODATA if the file has become shorter since then; the errors of `body`.
    package func withBytes<Result>(
        at offset: Int64,
        upTo count: Int,
        _ body: (UnsafeRawBufferPointer) throws(ArtifactError) -> Result
    ) throws(ArtifactError) -> Result {
        let wanted = Int(min(Int64(count), size - offset))
        let space = UnsafeMutableRawBufferPointer.allocate(byteCount: wanted, alignment: 16)
        defer { space.deallocate() }
        guard let descriptor else {
            if wanted > 0 { try object?.read(at: offset, into: space) }
            return try body(UnsafeRawBufferPointer(space))
        }
        var filled = 0
        while filled < wanted {
            let rest = UnsafeMutableRawBufferPointer(rebasing: space[filled...])
            let read = pread(descriptor.rawValue, rest.baseAddress, rest.count, off_t(offset) + off_t(filled))
            let code = read < 0 ? errno : ENODATA
            if read > 0 {
                filled += read
            } else if read == 0 || code != EINTR {
                throw ArtifactError(errno: code, call: "pread")
            }
        }
        return try body(UnsafeRawBufferPointer(space))
    }
}
