internal import Glibc

/// Replaces a file in one step, so other programs see either the old or the new content, and never a part of it.
///
/// If the path is a symbolic link, its target is replaced. A pipe or a device is written to directly.
enum WholeFile {
    /// Why a file could not be written.
    struct Fault: Error {
        let reason: String

        /// The error of the system call that has just failed.
        fileprivate static var last: Fault { Fault(reason: String(cString: strerror(errno))) }
    }

    static func write(_ bytes: [UInt8], to path: String) throws(Fault) {
        switch FileKind(path) {
        case .file, .absent, .folder:
            guard let target = target(of: path) else { fallthrough }
            try replace(target, bytes)
        case .other:
            let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK
            let descriptor = open(path, flags, 0o666)
            guard descriptor >= 0 else { throw .last }
            try writeAndClose(bytes, descriptor)
        }
    }

    /// The text of a small file; nil if it is not a regular file, cannot be read or has more than `limit` bytes.
    static func text(_ path: String, atMost limit: Int) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: limit + 1)
        while bytes.count <= limit {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += piece[..<count]
        }
        return nil
    }

    /// Removes the file, unless it is a pipe or a device.
    static func remove(_ path: String) {
        guard FileKind(path) == .file, let target = target(of: path) else { return }
        unlink(target)
    }

    /// The path after symbolic links are followed; nil if a link has no target.
    private static func target(of path: String) -> String? {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return path }
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func replace(_ path: String, _ bytes: [UInt8]) throws(Fault) {
        let temporary = "\(path).\(getpid()).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw .last }
        do throws(Fault) {
            try writeAndClose(bytes, descriptor)
            guard rename(temporary, path) == 0 else { throw Fault.last }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Writes all bytes and closes the descriptor.
    private static func writeAndClose(_ bytes: [UInt8], _ descriptor: CInt) throws(Fault) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let fault = Fault.last
                close(descriptor)
                throw fault
            }
            rest = rest.dropFirst(count)
        }
        guard close(descriptor) == 0 else { throw .last }
    }
}
