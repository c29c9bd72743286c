internal import CLinux
internal import Files
internal import Glibc

extension Descriptor {
    /// Writes bytes at the beginning of the file.
    func write(_ bytes: [UInt8]) throws(ArtifactError) {
        try bytes.withUnsafeBytes { bytes in
            Result { () throws(ArtifactError) in try write(bytes, at: 0) }
        }.get()
    }

    /// Writes bytes at an offset of the file; blocks until all of them are written.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(ArtifactError) {
        var written = 0
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            let count = pwrite(rawValue, rest.baseAddress, rest.count, off_t(offset) + off_t(written))
            let code = count < 0 ? errno : 0
            if count > 0 {
                written += count
            } else if code != EINTR {
                throw ArtifactError(errno: code == 0 ? EIO : code, call: "pwrite")
            }
        }
    }

    /// Copies `length` bytes of another file to an offset of this one.
    ///
    /// The kernel copies the bytes if it can (copy_file_range(2)); on some file systems the files then share the space.
    /// - Throws: `.other` with EIO if the source is shorter.
    func copy(_ source: Descriptor, at start: Int64 = 0, length: Int64, to offset: Int64) throws(ArtifactError) {
        var done: Int64 = 0
        while done < length {
            var from = start + done
            var to = offset + done
            let count = copy_file_range(source.rawValue, &from, rawValue, &to, UInt(length - done), 0)
            let code = count < 0 ? errno : 0
            if count > 0 {
                done += Int64(count)
            } else if count == 0 {
                throw .other(errno: EIO, call: "copy_file_range")
            } else if code != EINTR {
                // Older kernels and some file systems do not support the call; any other error occurs again in `pread` or
                // `pwrite`.
                try copyThroughMemory(source, at: start + done, length: length - done, to: offset + done)
                return
            }
        }
    }

    private func copyThroughMemory(
        _ source: Descriptor,
        at start: Int64,
        length: Int64,
        to offset: Int64
    ) throws(ArtifactError) {
        var buffer = [UInt8](repeating: 0, count: 256 * 1_024)
        var done: Int64 = 0
        while done < length {
            let wanted = min(buffer.count, Int(length - done))
            let (count, code) = buffer.withUnsafeMutableBytes { bytes in
                let count = pread(source.rawValue, bytes.baseAddress, wanted, off_t(start + done))
                return (count, count < 0 ? errno : 0)
            }
            if count < 0, code == EINTR { continue }
            guard count > 0 else { throw ArtifactError(errno: code == 0 ? EIO : code, call: "pread") }
            // withUnsafeBytes cannot pass on a typed error.
            let result = buffer.withUnsafeBytes { bytes in
                Result { () throws(ArtifactError) in
                    try write(UnsafeRawBufferPointer(rebasing: bytes[..<count]), at: offset + done)
                }
            }
            try result.get()
            done += Int64(count)
        }
    }

    /// Allocates the space of the file's first `length` bytes, so that a full disk is noticed before the client sends
    /// these bytes.
    ///
    /// - Returns: false if the file system cannot allocate space ahead.
    func allocateSpace(_ length: Int64) throws(ArtifactError) -> Bool {
        let (result, code) = retryingInterrupts { fallocate(rawValue, 0, 0, Int(length)) }
        if result != 0, code == ENOSPC || code == EDQUOT { throw .noSpace }
        return result == 0
    }

    /// Makes the bytes and the size durable; blocks for a disk flush.
    func synchronizeData() throws(ArtifactError) {
        try systemCall("fdatasync") { fdatasync(rawValue) }
    }

    func status() throws(ArtifactError) -> stat {
        var status = stat()
        try systemCall("fstat") { fstat(rawValue, &status) }
        return status
    }

    func size() throws(ArtifactError) -> Int64 { Int64(try status().st_size) }

    /// Cuts the file to a size, or extends it with zeros.
    func resize(to length: Int64) throws(ArtifactError) {
        try systemCall("ftruncate") { ftruncate(rawValue, off_t(length)) }
    }
}

extension Folder {
    /// Reads a small file from an offset to its end; returns nil if it does not exist.
    func contents(
        of name: UnsafePointer<CChar>,
        from start: Int64 = 0,
        atMost maximum: Int
    ) throws(ArtifactError) -> [UInt8]? {
        let file: Descriptor
        do {
            file = try open(name, flags: O_RDONLY)
        } catch .notFound {
            return nil
        }
        guard try file.size() - start <= maximum else { throw .other(errno: EFBIG, call: "read") }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1_024)
        while true {
            let (count, code) = buffer.withUnsafeMutableBytes { space in
                let count = pread(file.rawValue, space.baseAddress, space.count, off_t(start) + off_t(bytes.count))
                return (count, count < 0 ? errno : 0)
            }
            if count < 0, code == EINTR { continue }
            guard count >= 0 else { throw ArtifactError(errno: code, call: "pread") }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }

    /// Replaces the content of a small file and makes the bytes durable; only the owner may access a new file.
    func write(_ text: String, to name: UnsafePointer<CChar>) throws(ArtifactError) {
        let file = try open(name, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
        try file.write(Array(text.utf8))
        try file.synchronizeData()
    }
}
