internal import Files
internal import Glibc

/// A folder of a file store, with the calls that its reading needs.
struct StoreFolder {
    let path: String

    /// The largest file that holds one value or one description; larger ones are damage.
    private static let maximumTextBytes = 32 << 20

    func folder(_ name: String) -> StoreFolder { StoreFolder(path: path + "/" + name) }

    var name: String { String(path[path.index(after: path.lastIndex(of: "/") ?? path.startIndex)...]) }

    func has(_ name: String) -> Bool { access(path + "/" + name, F_OK) == 0 }

    /// The names of the entries of one kind, ascending; none where the folder cannot be read.
    ///
    /// Links are neither files nor folders here, so that no cycle is followed.
    func names(_ kind: Kind) -> [String] {
        guard let stream = opendir(path) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            // The record ends after the name, so the name is read in place and never copied as a tuple.
            let start = UnsafeRawPointer(entry) + (MemoryLayout<dirent>.offset(of: \dirent.d_name) ?? 0)
            guard let name = String(validatingCString: start.assumingMemoryBound(to: CChar.self)) else { continue }
            var status = stat()
            guard name != ".", name != "..", lstat(path + "/" + name, &status) == 0 else { continue }
            if status.st_mode & S_IFMT == (kind == .file ? S_IFREG : S_IFDIR) { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    enum Kind {
        case file, folder
    }

    /// The paths of all files beneath, ascending; keys with slashes are folders.
    func deepNames(depth: Int = 0) -> [String] {
        // A key has no more than 250 characters, and so no more than 125 slashes.
        guard depth < 130 else { return [] }
        return names(.file)
            + names(.folder).flatMap { name in folder(name).deepNames(depth: depth + 1).map { "\(name)/\($0)" } }
    }

    /// The content of a file.
    ///
    /// - Throws: `SourceFailure` without the path.
    func bytes(_ name: String) throws(SourceFailure) -> [UInt8] {
        let raw = open(path + "/" + name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
        guard raw >= 0 else { throw SourceFailure(String(cString: strerror(errno))) }
        let file = Descriptor(owning: raw)
        var status = stat()
        guard fstat(raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw SourceFailure("is no file") }
        guard status.st_size <= Self.maximumTextBytes else { throw SourceFailure("is larger than 32 MiB") }
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

    /// The content of a file as text.
    func text(_ name: String) throws(SourceFailure) -> String {
        let bytes = try bytes(name)
        guard let text = String(validating: bytes, as: UTF8.self) else { throw SourceFailure("is not UTF-8") }
        return text
    }

    /// The description of what the folder holds.
    func meta() throws(SourceFailure) -> MetaFile {
        do throws(SourceFailure) {
            return try MetaFile(try text("meta.yaml"))
        } catch {
            throw SourceFailure("meta.yaml \(error.description)")
        }
    }
}
