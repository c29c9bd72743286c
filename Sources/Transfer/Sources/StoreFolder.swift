internal import Files
internal import Glibc

/// A folder of a source, whose entries are listed and read without following links.
struct StoreFolder {
    let path: String
    /// The paths that cannot be read; shared by all folders of one source.
    let skippedParts: SkippedParts

    /// The maximum size of a file that has one value or is a `meta.yaml`; a larger file counts as damaged.
    private static let maximumTextBytes = 32 << 20

    /// Creates the root folder of a source.
    init(root: String) { self.init(path: root, skippedParts: SkippedParts()) }

    private init(path: String, skippedParts: SkippedParts) {
        self.path = path
        self.skippedParts = skippedParts
    }

    func folder(_ name: String) -> StoreFolder { StoreFolder(path: path + "/" + name, skippedParts: skippedParts) }

    var name: String { String(path[path.index(after: path.lastIndex(of: "/") ?? path.startIndex)...]) }

    func has(_ name: String) -> Bool { access(path + "/" + name, F_OK) == 0 }

    /// The names of the entries of one kind, in ascending order; empty if the folder does not exist.
    ///
    /// Entries that are neither files nor folders, and a folder that cannot be read, are added to `skippedParts`.
    func names(_ kind: Kind) -> [String] {
        do throws(SourceFailure) {
            let entries = try entries()
            for link in entries.links { skippedParts.add("\(path)/\(link)", "a symbolic link, which is not followed") }
            for (name, reason) in entries.others { skippedParts.add("\(path)/\(name)", reason) }
            return kind == .file ? entries.files : entries.folders
        } catch {
            var status = stat()
            if lstat(path, &status) == 0 { skippedParts.add(path, error.description) }
            return []
        }
    }

    /// The names of a folder's entries, in ascending order; links are neither files nor folders, so that no cycle is followed.
    struct Entries {
        fileprivate(set) var files: [String] = []
        fileprivate(set) var folders: [String] = []
        fileprivate(set) var links: [String] = []
        /// Entries that cannot be read, with the reasons.
        fileprivate(set) var others: [(name: String, reason: String)] = []
    }

    /// - Throws: `SourceFailure` if the folder cannot be read.
    func entries() throws(SourceFailure) -> Entries {
        guard let stream = opendir(path) else { throw SourceFailure(String(cString: strerror(errno))) }
        defer { closedir(stream) }
        var entries = Entries()
        while let entry = readdir(stream) {
            guard let name = String(validatingCString: entry.name) else {
                entries.others.append((String(cString: entry.name), "its name is not UTF-8"))
                continue
            }
            if name == "." || name == ".." { continue }
            var status = stat()
            guard lstat(path + "/" + name, &status) == 0 else {
                if errno != ENOENT { entries.others.append((name, String(cString: strerror(errno)))) }
                continue
            }
            switch status.st_mode & S_IFMT {
            case S_IFREG: entries.files.append(name)
            case S_IFDIR: entries.folders.append(name)
            case S_IFLNK: entries.links.append(name)
            default: entries.others.append((name, "neither a file nor a folder"))
            }
        }
        for names in [\Entries.files, \.folders, \.links] {
            entries[keyPath: names].sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        }
        return entries
    }

    enum Kind {
        case file, folder
    }

    /// The relative paths of all files in the folder and its subfolders, in ascending order.
    ///
    /// A key with slashes is stored as a file in subfolders.
    func filePaths(depth: Int = 0) -> [String] {
        // A key has no more than 250 characters, and so no more than 125 slashes.
        guard depth < 130 else {
            skippedParts.add(path, "has more levels of folders than a key can have")
            return []
        }
        return names(.file)
            + names(.folder).flatMap { name in folder(name).filePaths(depth: depth + 1).map { "\(name)/\($0)" } }
    }

    /// Opens a file for reading; a link is an error, and a pipe does not block.
    func open(_ name: String) throws(SourceFailure) -> Descriptor {
        let raw = Glibc.open(path + "/" + name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
        guard raw >= 0 else { throw SourceFailure(String(cString: strerror(errno))) }
        return Descriptor(owning: raw)
    }

    /// - Throws: `SourceFailure`, whose message does not contain the path.
    func bytes(_ name: String, maximum: Int = maximumTextBytes) throws(SourceFailure) -> [UInt8] {
        let file = try open(name)
        var status = stat()
        guard fstat(file.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw SourceFailure("is not a file")
        }
        guard status.st_size <= maximum else { throw SourceFailure("is larger than \(maximum >> 20) MiB") }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var filled = 0
        while filled < bytes.count {
            let wanted = bytes.count - filled
            let count = bytes.withUnsafeMutableBytes { buffer in
                pread(file.rawValue, buffer.baseAddress?.advanced(by: filled), wanted, off_t(filled))
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SourceFailure(String(cString: strerror(errno))) }
            if count == 0 { break }
            filled += count
        }
        return Array(bytes[..<filled])
    }

    func text(_ name: String) throws(SourceFailure) -> String {
        let bytes = try bytes(name)
        guard let text = String(validating: bytes, as: UTF8.self) else { throw SourceFailure("is not UTF-8") }
        return text
    }

    func meta() throws(SourceFailure) -> MetaFile {
        do throws(SourceFailure) {
            let text = try text("meta.yaml")
            // MLflow ends each line with a newline. A last line without one may lack its last characters.
            guard text.utf8.last == UInt8(ascii: "\n") else { throw SourceFailure("is cut off") }
            return try MetaFile(text)
        } catch {
            throw SourceFailure("meta.yaml \(error.description)")
        }
    }
}
