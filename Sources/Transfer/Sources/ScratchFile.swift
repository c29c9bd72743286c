package import Files
internal import Glibc

/// A temporary file without a name, whose space is freed when its descriptor is closed.
package struct ScratchFile {
    /// The descriptor, open for reading and writing.
    package let descriptor: Descriptor
    private let folder: String

    /// Creates a file in the folder that TMPDIR names, or in /var/tmp, which is on a disk even if /tmp is in memory.
    package init() throws(SourceFailure) {
        let named = getenv("TMPDIR").map { String(cString: $0) } ?? ""
        folder = named.isEmpty ? "/var/tmp" : named
        var template = Array("\(folder)/apus-XXXXXX".utf8CString)
        let raw = mkstemp(&template)
        guard raw >= 0 else { throw Self.failure(folder, errno) }
        unlink(template)
        _ = fcntl(raw, F_SETFD, FD_CLOEXEC)
        descriptor = Descriptor(owning: raw)
    }

    package func append(_ bytes: ArraySlice<UInt8>) throws(SourceFailure) {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor.rawValue, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(folder, errno) }
            rest = rest.dropFirst(count)
        }
    }

    /// Empties the file.
    package func clear() throws(SourceFailure) {
        guard ftruncate(descriptor.rawValue, 0) == 0, lseek(descriptor.rawValue, 0, SEEK_SET) == 0 else {
            throw Self.failure(folder, errno)
        }
    }

    /// Sets the time of modification, if the file system allows it.
    ///
    /// - Parameter modified: seconds since 1970.
    func setTime(_ modified: Int64) {
        let time = timespec(tv_sec: Int(modified), tv_nsec: 0)
        // A failure is ignored, because the file is complete without this time.
        _ = futimens(descriptor.rawValue, [time, time])
    }

    private static func failure(_ folder: String, _ code: Int32) -> SourceFailure {
        SourceFailure(
            "A file of the source cannot be stored in '\(folder)' temporarily: \(String(cString: strerror(code))). Set "
                + "TMPDIR to another folder."
        )
    }
}
