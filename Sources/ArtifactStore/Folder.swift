internal import Files
internal import Glibc

/// An open directory, in which every name is looked up without following symbolic links.
struct Folder: Sendable {
    let descriptor: Descriptor

    enum Kind {
        case file, folder, symbolicLink, other
    }

    struct Entry {
        /// The bytes of the name, which need not be UTF-8, with the terminating NUL.
        let name: [CChar]
        /// The name as text; nil if it is not UTF-8.
        var text: String? { String(validating: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self) }
        /// The type from readdir(3), such as DT_DIR; DT_UNKNOWN if the file system does not report types.
        let type: UInt8
    }

    /// The status of an entry; nil if the entry does not exist.
    func status(of name: UnsafePointer<CChar>) throws(ArtifactError) -> stat? {
        var status = stat()
        let (result, code) = retryingInterrupts { fstatat(descriptor.rawValue, name, &status, AT_SYMLINK_NOFOLLOW) }
        if result == 0 { return status }
        if code == ENOENT { return nil }
        throw ArtifactError(errno: code, call: "fstatat")
    }

    /// The kind of an entry; nil if the entry does not exist.
    func kind(of name: UnsafePointer<CChar>) throws(ArtifactError) -> Kind? { try status(of: name)?.kind }

    /// The flags of every open(2): a link at the end of the path is refused, child processes do not inherit the descriptor, a
    /// pipe or a device does not block the call, and a terminal does not become the controlling terminal of the process.
    static let protectingFlags = O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY

    /// Opens a file or folder in this folder, with `protectingFlags`.
    func open(_ name: UnsafePointer<CChar>, flags: Int32, mode: mode_t = 0) throws(ArtifactError) -> Descriptor {
        let result = try systemCall("openat") { openat(descriptor.rawValue, name, flags | Self.protectingFlags, mode) }
        return Descriptor(owning: result)
    }

    /// Opens a folder in this folder.
    ///
    /// - Throws: `.notFound`; `.invalidPath(.symbolicLink)` for a link, whatever its target is; `.notDirectory`.
    func folder(_ name: UnsafePointer<CChar>) throws(ArtifactError) -> Folder {
        do {
            return Folder(descriptor: try open(name, flags: O_RDONLY | O_DIRECTORY))
        } catch .notDirectory {
            // With O_DIRECTORY and O_NOFOLLOW, open(2) fails with ENOTDIR for a link too.
            if case .symbolicLink = try kind(of: name) { throw .invalidPath(.symbolicLink) }
            throw .notDirectory
        }
    }

    /// Opens a folder in this folder, and creates it if it is missing; its entry is then durable when this function returns.
    ///
    /// If another thread has just created the folder, its entry may not be durable yet. The file system's journal keeps
    /// the order of changes, so that a later sync inside the folder also makes the folder durable.
    func folderMakingIfMissing(_ name: UnsafePointer<CChar>) throws(ArtifactError) -> Folder {
        do {
            return try folder(name)
        } catch .notFound {
            let (result, code) = retryingInterrupts { mkdirat(descriptor.rawValue, name, 0o777) }
            guard result == 0 || code == EEXIST else { throw ArtifactError(errno: code, call: "mkdirat") }
            if result == 0 { try synchronize() }
            return try folder(name)
        }
    }

    /// Removes a file or link (`flags` 0) or an empty folder (`AT_REMOVEDIR`).
    ///
    /// - Returns: 0, or the value of `errno`.
    func unlink(_ name: UnsafePointer<CChar>, flags: Int32 = 0) -> Int32 {
        retryingInterrupts { unlinkat(descriptor.rawValue, name, flags) }.code
    }

    /// Makes the entries durable; blocks for a disk flush.
    func synchronize() throws(ArtifactError) {
        let (result, code) = retryingInterrupts { fsync(descriptor.rawValue) }
        // Some network and FUSE file systems cannot sync a directory; nothing more can be done for durability there.
        guard result == 0 || code == EINVAL || code == ENOTSUP || code == ENOSYS else {
            throw ArtifactError(errno: code, call: "fsync")
        }
    }

    /// Reads all entries except `.` and `..` into memory, in the order of the file system.
    func entries() throws(ArtifactError) -> [Entry] {
        // A second descriptor is used, because reading moves the position and closedir closes the descriptor.
        let raw = try systemCall("openat") { openat(descriptor.rawValue, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard let stream = fdopendir(raw) else {
            let code = errno
            close(raw)
            throw ArtifactError(errno: code, call: "fdopendir")
        }
        defer { closedir(stream) }
        var entries: [Entry] = []
        while true {
            errno = 0
            guard let record = readdir(stream) else {
                let code = errno
                if code == 0 { return entries }
                throw ArtifactError(errno: code, call: "readdir")
            }
            let entry = Entry(record)
            if entry.name != Entry.itself, entry.name != Entry.parent { entries.append(entry) }
        }
    }
}

extension Folder.Entry {
    fileprivate static let itself: [CChar] = [46, 0]
    fileprivate static let parent: [CChar] = [46, 46, 0]

    fileprivate init(_ record: UnsafeMutablePointer<dirent>) {
        name = Array(UnsafeBufferPointer(start: record.name, count: strlen(record.name) + 1))
        type = record.pointee.d_type
    }
}

extension stat {
    var kind: Folder.Kind {
        switch st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .folder
        case S_IFLNK: .symbolicLink
        default: .other
        }
    }
}
