internal import Files
internal import Glibc
internal import Transfer

/// The files in a folder of artifacts and its subfolders.
///
/// Every folder and file is opened relative to its parent folder and never through a link. Therefore nothing outside is
/// read, even if somebody replaces a folder by a link meanwhile.
struct FileTree {
    private let folder: ArtifactFolder

    init(_ folder: ArtifactFolder) { self.folder = folder }

    /// Calls `body` with each regular file and its path relative to the folder.
    ///
    /// - Parameter unreadable: is called for each link, pipe and device, and for each item that cannot be opened, with
    ///   its path and the reason.
    func forEachFile(
        _ body: (_ file: SourceFile, _ relativePath: String) throws -> Void,
        unreadable: (_ path: String, _ reason: String) -> Void
    ) throws {
        let raw = Glibc.open(folder.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard raw >= 0 else { return unreadable(folder.root, String(cString: strerror(errno))) }
        let root = Descriptor(owning: raw)
        var unreadFolders = [""]
        while let path = unreadFolders.popLast() {
            do throws(Refusal) {
                let opened = try open(path, beneath: root)
                let names = try Self.entryNames(in: opened)
                for name in names {
                    let relativePath = path.isEmpty ? name : path + "/" + name
                    guard !name.unicodeScalars.contains("\u{FFFD}") else {
                        unreadable(folder.path + "/" + relativePath, "its name is not UTF-8")
                        continue
                    }
                    do throws(Refusal) {
                        switch try Self.entry(named: name, in: opened, path: folder.path + "/" + relativePath) {
                        case .folder: unreadFolders.append(relativePath)
                        case .file(let file): try Self.call(file, relativePath, to: body)
                        case .absent: break
                        }
                    } catch .thrownByBody(let error) {
                        throw .thrownByBody(error)
                    } catch .unreadable(let reason) {
                        unreadable(folder.path + "/" + relativePath, reason)
                    }
                }
            } catch .thrownByBody(let error) {
                throw error
            } catch .unreadable(let reason) {
                unreadable(path.isEmpty ? folder.path : folder.path + "/" + path, reason)
            }
        }
    }

    private enum Refusal: Error {
        case unreadable(String)
        /// An error that `body` has thrown.
        case thrownByBody(any Error)

        /// The failure that `errno` describes.
        static func last() -> Refusal { .unreadable(String(cString: strerror(errno))) }
    }

    private enum Entry {
        case folder
        case file(SourceFile)
        case absent
    }

    private static func call(
        _ file: SourceFile,
        _ path: String,
        to body: (SourceFile, String) throws -> Void
    ) throws(Refusal) {
        do {
            try body(file, path)
        } catch {
            throw .thrownByBody(error)
        }
    }

    /// Opens a subfolder of the artifact folder, one name of its path after the other.
    private func open(_ path: String, beneath root: Descriptor) throws(Refusal) -> Descriptor {
        var current = root
        for name in folder.relativePath.split(separator: "/") + path.split(separator: "/") {
            let raw = openat(current.rawValue, String(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard raw >= 0 else {
                let refusal = Refusal.last()
                var status = stat()
                let isLink =
                    fstatat(current.rawValue, String(name), &status, AT_SYMLINK_NOFOLLOW) == 0
                    && status.st_mode & S_IFMT == S_IFLNK
                throw isLink ? .unreadable("'\(name)' is a symbolic link, which is not followed") : refusal
            }
            current = Descriptor(owning: raw)
        }
        return current
    }

    /// The names in a folder; in a name that is not UTF-8, each invalid byte is replaced by U+FFFD.
    private static func entryNames(in folder: Descriptor) throws(Refusal) -> [String] {
        // This descriptor is closed with the stream.
        let raw = openat(folder.rawValue, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard raw >= 0 else { throw .last() }
        guard let stream = fdopendir(raw) else {
            let refusal = Refusal.last()
            close(raw)
            throw refusal
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = String(cString: entry.name)
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    private static func entry(named name: String, in folder: Descriptor, path: String) throws(Refusal) -> Entry {
        var status = stat()
        guard fstatat(folder.rawValue, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            if errno == ENOENT { return .absent }
            throw .last()
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return .folder
        case S_IFREG: break
        case S_IFLNK: throw .unreadable("a symbolic link, which is not followed")
        default: throw .unreadable("neither a file nor a folder")
        }
        let raw = openat(folder.rawValue, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard raw >= 0 else {
            if errno == ENOENT { return .absent }
            throw .last()
        }
        let descriptor = Descriptor(owning: raw)
        guard fstat(raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable("it was replaced while it was read")
        }
        return .file(SourceFile(path: path, descriptor: descriptor, size: Int64(status.st_size)))
    }
}
