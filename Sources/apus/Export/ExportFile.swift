internal import Glibc

/// A file that is whole or not there: it gets its name when all of it is written.
struct ExportFile: ~Copyable {
    private let descriptor: Int32

    /// Writes a file by `body`, or the standard output for `-`.
    ///
    /// - Throws: `StartFailure` for a file that cannot be written, and what `body` throws; a file of that name then stays
    ///   what it was.
    static func write(_ path: String, _ body: (borrowing ExportFile) throws -> Void) throws {
        guard path != "-" else { return try body(ExportFile(descriptor: STDOUT_FILENO)) }
        let unfinished = "\(path).\(getpid()).part"
        let descriptor = open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure(path) }
        do {
            try body(ExportFile(descriptor: descriptor))
            guard fsync(descriptor) == 0, rename(unfinished, path) == 0 else { throw failure(path) }
            close(descriptor)
        } catch {
            close(descriptor)
            unlink(unfinished)
            throw error
        }
    }

    func append(_ bytes: [UInt8]) throws(StartFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("the output") }
            rest = rest.dropFirst(count)
        }
    }

    private static func failure(_ path: String) -> StartFailure {
        StartFailure("\(path) cannot be written: \(String(cString: strerror(errno))).")
    }
}
