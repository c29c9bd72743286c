package import Files
internal import Glibc

/// A file without a name, which is gone when its descriptor is closed.
package struct ScratchFile {
    /// Open for reading and writing.
    package let descriptor: Descriptor
    private let folder: String

    /// It is in the folder that TMPDIR names, else in /var/tmp, which is on a disk where /tmp may be in memory.
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

    /// Removes what was written.
    package func clear() throws(SourceFailure) {
        guard ftruncate(descriptor.rawValue, 0) == 0, lseek(descriptor.rawValue, 0, SEEK_SET) == 0 else {
            throw Self.failure(folder, errno)
        }
    }

    /// - Parameter modified: Unix seconds.
    func setTime(_ modified: Int64) {
        let time = timespec(tv_sec: Int(modified), tv_nsec: 0)
        // Without the time the file is as good, only newer.
        _ = futimens(descriptor.rawValue, [time, time])
    }

    private static func failure(_ folder: String, _ code: Int32) -> SourceFailure {
        SourceFailure(
            "A file of the source cannot be kept in '\(folder)' for a moment: \(String(cString: strerror(code))). Name "
                + "another folder in TMPDIR."
        )
    }
}
