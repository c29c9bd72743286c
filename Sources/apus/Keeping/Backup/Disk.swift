internal import CLinux
internal import Coding
internal import Files
internal import Glibc
internal import Hashing

/// A failed system call, with a description for the user of the command.
struct DiskFailure: Error, CustomStringConvertible {
    /// The name of the system call.
    let call: String
    let path: String
    let code: Int32

    var description: String { "\(call) \(path): \(String(cString: strerror(code)))" }

    /// The failure that `errno` describes.
    static func last(_ call: String, _ path: String) -> DiskFailure { DiskFailure(call: call, path: path, code: errno) }
}

/// Operations of backups on whole files and folders, by their paths.
enum Disk {
    /// FICLONE of <linux/fs.h>, which the Glibc module leaves out.
    ///
    /// This request makes a copy that shares the space of the original until one of the two is changed.
    private static let cloneRequest: UInt = 0x4004_9409
    private static let pieceBytes = 1 << 20

    /// The result of `linkOrCopy`: a hard link, or a separate copy.
    enum CopyMethod {
        case linked, copied
    }

    /// Makes a folder that only this user may enter, and the folders above it.
    ///
    /// Folders that exist are left as they are.
    static func makeFolders(_ path: String) throws(DiskFailure) {
        var made = path.hasPrefix("/") ? "" : "."
        for segment in path.split(separator: "/") {
            made += "/" + segment
            if mkdir(made, 0o700) == 0 || errno == EEXIST { continue }
            let failure = DiskFailure.last("mkdir", made)
            guard FileKind(made) == .folder else { throw failure }
        }
    }

    static func rename(_ path: String, to target: String) throws(DiskFailure) {
        guard Glibc.rename(path, target) == 0 else { throw .last("rename", path) }
    }

    /// Flushes the file system of a folder to the disk, so that everything that was written there is durable.
    static func synchronize(_ folder: String) throws(DiskFailure) {
        let raw = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard raw >= 0 else { throw .last("open", folder) }
        defer { close(raw) }
        guard syncfs(raw) == 0 else { throw .last("syncfs", folder) }
    }

    /// Removes a file, a link (not its target), or a folder with everything in it.
    ///
    /// Does nothing if the path is absent.
    static func remove(_ path: String) throws(DiskFailure) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            guard unlink(path) == 0 || errno == ENOENT else { throw .last("unlink", path) }
            return
        }
        for name in try entryNames(path) { try remove(path + "/" + name) }
        guard rmdir(path) == 0 || errno == ENOENT else { throw .last("rmdir", path) }
    }

    /// The names in a folder, sorted.
    ///
    /// If a name is not UTF-8, its invalid bytes are replaced, and the returned name does not lead to the file.
    static func entryNames(_ path: String) throws(DiskFailure) -> [String] {
        guard let folder = opendir(path) else { throw .last("opendir", path) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = String(cString: entry.name)
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Calls `body` with each file in a folder and its subfolders, by its path relative to the folder.
    ///
    /// An absent folder counts as an empty one.
    /// - Parameters:
    ///   - isLeftOut: returns whether a file or folder of this name is skipped.
    ///   - other: is called with the path of each item that is neither a file nor a folder, such as a link.
    static func walk(
        _ folder: String,
        _ path: String = "",
        leavingOut isLeftOut: (String) -> Bool = { _ in false },
        other: (String) -> Void = { _ in },
        _ body: (_ path: String, _ status: FileStatus) throws -> Void
    ) throws {
        let fullPath = path.isEmpty ? folder : folder + "/" + path
        guard FileKind(fullPath) == .folder else { return }
        for name in try entryNames(fullPath) where !isLeftOut(name) {
            let childPath = path.isEmpty ? name : path + "/" + name
            var status = stat()
            // If this fails, the file was removed meanwhile, or its name is not UTF-8.
            guard lstat(folder + "/" + childPath, &status) == 0 else {
                if name.unicodeScalars.contains("\u{FFFD}") { other(childPath) }
                continue
            }
            switch status.st_mode & S_IFMT {
            case S_IFREG: try body(childPath, FileStatus(status))
            case S_IFDIR: try walk(folder, childPath, leavingOut: isLeftOut, other: other, body)
            default: other(childPath)
            }
        }
    }

    /// Makes a second file with the content and times of the first: a reflink or, if that is not possible, a hard link or a copy.
    ///
    /// - Parameter mayLink: whether a hard link is allowed. Then nobody may write to either file.
    /// - Returns: nil if the source no longer exists.
    static func linkOrCopy(_ source: String, at target: String, mayLink: Bool) throws(DiskFailure) -> CopyMethod? {
        let from = open(source, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard from >= 0 else {
            if errno == ENOENT { return nil }
            throw .last("open", source)
        }
        defer { close(from) }
        var status = stat()
        guard fstat(from, &status) == 0 else { throw .last("fstat", source) }
        let to = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard to >= 0 else { throw .last("open", target) }
        defer { close(to) }
        if ioctl(to, cloneRequest, from) != 0 {
            if mayLink {
                guard unlink(target) == 0 else { throw .last("unlink", target) }
                if link(source, target) == 0 { return .linked }
                guard errno != ENOENT else { return nil }
                return try linkOrCopy(source, at: target, mayLink: false)
            }
            try copy(from, to, Int64(status.st_size), source, target)
        }
        // The next backup recognizes by the modification time that the file has not changed.
        var times = [status.st_atim, status.st_mtim]
        guard futimens(to, &times) == 0 else { throw .last("futimens", target) }
        return .copied
    }

    private static func copy(
        _ from: Int32,
        _ to: Int32,
        _ size: Int64,
        _ source: String,
        _ target: String
    ) throws(DiskFailure) {
        var done: Int64 = 0
        while done < size {
            let count = copy_file_range(from, nil, to, nil, UInt(size - done), 0)
            if count > 0 {
                done += Int64(count)
            } else if count == 0 {
                throw DiskFailure(call: "copy_file_range", path: source, code: EIO)
            } else if errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP {
                return try copyThroughMemory(from, to, source, target)
            } else if errno != EINTR {
                throw .last("copy_file_range", target)
            }
        }
    }

    private static func copyThroughMemory(
        _ from: Int32,
        _ to: Int32,
        _ source: String,
        _ target: String
    ) throws(DiskFailure) {
        try read(from, source) { piece throws(DiskFailure) in try write(piece, to: to, target) }
    }

    /// Passes the bytes of a file from its position to its end to `body`, piece by piece.
    private static func read(
        _ descriptor: Int32,
        _ path: String,
        _ body: (ArraySlice<UInt8>) throws(DiskFailure) -> Void
    ) throws(DiskFailure) {
        var piece = [UInt8](repeating: 0, count: pieceBytes)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .last("read", path) }
            if count == 0 { return }
            try body(piece[..<count])
        }
    }

    private static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32, _ path: String) throws(DiskFailure) {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .last("write", path) }
            rest = rest.dropFirst(count)
        }
    }

    /// Writes a new file that only this user may read.
    static func write(_ bytes: [UInt8], to path: String) throws(DiskFailure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .last("open", path) }
        defer { close(descriptor) }
        try write(bytes[...], to: descriptor, path)
        guard fsync(descriptor) == 0 else { throw .last("fsync", path) }
    }

    /// Copies a file, replaces the target, and waits until the copy is on the disk if its file system supports that.
    ///
    /// Only plain writes are used, because the target may be on a network file system.
    /// - Returns: the SHA-256 in hexadecimal and the size of the copied content; nil if the source no longer exists.
    static func copyDurably(_ source: String, to target: String) throws(DiskFailure) -> (sha256: String, size: Int64)? {
        let from = open(source, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard from >= 0 else {
            if errno == ENOENT { return nil }
            throw .last("open", source)
        }
        defer { close(from) }
        let to = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard to >= 0 else { throw .last("open", target) }
        var hash = SHA256()
        var size: Int64 = 0
        do throws(DiskFailure) {
            try read(from, source) { piece throws(DiskFailure) in
                piece.withUnsafeBytes { hash.update($0) }
                size += Int64(piece.count)
                try write(piece, to: to, target)
            }
            guard fsync(to) == 0 || [EINVAL, ENOSYS, EOPNOTSUPP, EROFS].contains(errno) else {
                throw DiskFailure.last("fsync", target)
            }
        } catch {
            close(to)
            throw error
        }
        // Network file systems may report a failed write only when the file is closed.
        guard close(to) == 0 else { throw .last("close", target) }
        return (Hexadecimal.text(hash.finalize()), size)
    }

    static func setModification(of path: String, nanoseconds: Int64) throws(DiskFailure) {
        let time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        var times = [time, time]
        guard utimensat(AT_FDCWD, path, &times, 0) == 0 else { throw .last("utimensat", path) }
    }

    /// Passes the content of a file to `body`, piece by piece.
    static func read(_ path: String, _ body: (UnsafeRawBufferPointer) -> Void) throws(DiskFailure) {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw .last("open", path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .last("fstat", path) }
        // A read from a pipe might never end.
        guard status.st_mode & S_IFMT == S_IFREG else { throw DiskFailure(call: "read", path: path, code: EINVAL) }
        try read(descriptor, path) { piece throws(DiskFailure) in piece.withUnsafeBytes(body) }
    }

    /// Returns the first bytes of a file, at most `count`.
    static func beginning(of path: String, atMost count: Int) throws(DiskFailure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw .last("open", path) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: count)
        let read = Glibc.read(descriptor, &bytes, count)
        guard read >= 0 else { throw .last("read", path) }
        return Array(bytes[..<read])
    }

    static func contents(_ path: String) throws(DiskFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        try read(path) { bytes += $0 }
        return bytes
    }

    /// The SHA-256 of a file in hexadecimal, and its size.
    static func digest(_ path: String) throws(DiskFailure) -> (sha256: String, size: Int64) {
        var hash = SHA256()
        var size: Int64 = 0
        try read(path) { piece in
            hash.update(piece)
            size += Int64(piece.count)
        }
        return (Hexadecimal.text(hash.finalize()), size)
    }
}
