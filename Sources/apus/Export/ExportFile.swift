internal import Files
internal import Glibc
internal import HTTPWire

/// The file of an export, which is written under a temporary name and renamed when it is complete.
///
/// A device or a pipe is written to directly.
struct ExportFile: ~Copyable {
    private let descriptor: Int32

    /// Calls `body`, which writes the export to the file or, for the path `-`, to the standard output.
    ///
    /// If the path is a link, the target of the link is replaced.
    /// - Parameter layout: the exported data folder, whose own files must not be overwritten; nil if a server has the data.
    /// - Throws: `StartFailure` if the file cannot be written, and the errors of `body`. An existing file is then not changed.
    static func write(_ path: String, of layout: StorageLayout?, _ body: (borrowing ExportFile) throws -> Void) throws {
        guard path != "-" else { return try body(ExportFile(descriptor: STDOUT_FILENO)) }
        let target = try target(of: path)
        if let layout {
            let absolute = StorageLayout.absolute(target, layout.workingDirectory)
            if StoragePaths.isDataFile(absolute, databasePath: layout.databasePath, artifacts: layout.artifactsPath) {
                throw StartFailure("\(path) is a file of the exported data folder: name another one with --output.")
            }
        }
        switch FileKind(target) {
        case .folder: throw failure(path, EISDIR)
        case .other: try writeInto(target, body)
        case .file, .absent: try replace(target, body)
        }
    }

    private static func writeInto(_ path: String, _ body: (borrowing ExportFile) throws -> Void) throws {
        let raw = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY)
        guard raw >= 0 else { throw failure(path, errno) }
        let descriptor = Descriptor(owning: raw)
        try withExtendedLifetime(descriptor) { try body(ExportFile(descriptor: raw)) }
    }

    private static func replace(_ path: String, _ body: (borrowing ExportFile) throws -> Void) throws {
        removeLeftovers(of: path)
        let temporaryPath = "\(path).\(getpid()).part"
        let descriptor = try makeLockedFile(temporaryPath, for: path)
        RemovalAtSignal.begin(temporaryPath)
        defer { withExtendedLifetime(descriptor) { RemovalAtSignal.end() } }
        do {
            try body(ExportFile(descriptor: descriptor.rawValue))
            guard fsync(descriptor.rawValue) == 0, rename(temporaryPath, path) == 0 else { throw failure(path, errno) }
        } catch {
            unlink(temporaryPath)
            throw error
        }
    }

    /// Makes a file and locks it, so that another export does not remove it as a leftover.
    private static func makeLockedFile(_ temporaryPath: String, for path: String) throws -> Descriptor {
        while true {
            let raw = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            guard raw >= 0 else { throw failure(path, errno) }
            let descriptor = Descriptor(owning: raw)
            // On a file system without locks, this call and the one in `removeLeftovers` fail, and nothing is removed.
            _ = flock(raw, LOCK_EX)
            var status = stat()
            // Another export may have removed the file before it was locked.
            if fstat(raw, &status) != 0 || status.st_nlink > 0 { return descriptor }
        }
    }

    /// Removes the temporary files of exports to the same file that were killed.
    private static func removeLeftovers(of path: String) {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { String(path[...$0]) } ?? "./"
        let prefix = String(path[(slash.map { path.index(after: $0) } ?? path.startIndex)...]) + "."
        for name in (try? Disk.entryNames(folder)) ?? [] where name.hasPrefix(prefix) && name.hasSuffix(".part") {
            guard Int32(name.dropFirst(prefix.count).dropLast(".part".count)) != nil else { continue }
            let raw = open(folder + name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            guard raw >= 0 else { continue }
            let descriptor = Descriptor(owning: raw)
            if flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 { unlink(folder + name) }
        }
    }

    /// Follows the links at a path and returns the path of the target, which need not exist.
    private static func target(of path: String) throws -> String {
        var path = path
        for _ in 0..<40 {
            var target = [CChar](repeating: 0, count: Int(PATH_MAX))
            let count = readlink(path, &target, target.count)
            // A link in /proc, such as that of a pipe, may contain a text that is not a path, so it is not followed here.
            guard count > 0, FileKind(path) != .other else { return path }
            let link = String(decoding: target.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let folder = path.lastIndex(of: "/").map { path[...$0] } ?? ""
            path = link.hasPrefix("/") ? link : folder + link
        }
        throw failure(path, ELOOP)
    }

    func append(_ bytes: [UInt8]) throws(StartFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("the output", errno) }
            rest = rest.dropFirst(count)
        }
    }

    /// Appends a whole body, piece by piece.
    func append(_ body: any HTTPBodyProducer) throws {
        var hasMore = true
        while hasMore {
            var piece: [UInt8] = []
            hasMore = try body.next(into: &piece)
            try append(piece)
        }
    }

    private static func failure(_ path: String, _ code: Int32) -> StartFailure {
        StartFailure("\(path) cannot be written: \(String(cString: strerror(code))).")
    }
}

/// Removes the temporary file of an export if a signal ends the process.
private enum RemovalAtSignal {
    // No lock protects the pointer, because a signal handler must not wait for a lock. The pointer changes only while no handler
    // is set.
    private nonisolated(unsafe) static var path: UnsafeMutablePointer<CChar>?
    private static let signals = [SIGINT, SIGTERM, SIGHUP]

    static func begin(_ temporaryPath: String) {
        path = strdup(temporaryPath)
        for number in signals {
            signal(number) { number in
                if let path = RemovalAtSignal.path { unlink(path) }
                signal(number, SIG_DFL)
                raise(number)
            }
        }
    }

    static func end() {
        for number in signals { signal(number, SIG_DFL) }
        free(path)
        path = nil
    }
}
