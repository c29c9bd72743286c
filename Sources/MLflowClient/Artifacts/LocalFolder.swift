internal import Coding
internal import Files
internal import Glibc
internal import Hashing

/// A file of this machine that is to be uploaded.
public struct LocalArtifact: Sendable, Hashable {
    /// The path of the file on this machine.
    public var localPath: String
    /// The path of the artifact, relative to the folder on the server to which files are uploaded.
    public var path: String

    /// - Parameter path: nil for the file's own name.
    public init(_ localPath: String, path: String? = nil) {
        self.localPath = localPath
        let fileName = localPath.lastIndex(of: "/").map { localPath[localPath.index(after: $0)...] } ?? localPath[...]
        self.path = path ?? String(fileName)
    }
}

/// Lists folders of this machine.
enum LocalFolder {
    /// All files of a folder and its subfolders, in the order of their paths.
    ///
    /// Links to files count as files; links to folders are left out.
    static func files(_ folder: String) throws(MLflowError) -> [LocalArtifact] {
        var found: [LocalArtifact] = []
        try collect(folder, "", &found)
        return found.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    private static func collect(
        _ folder: String,
        _ prefix: String,
        _ found: inout [LocalArtifact]
    ) throws(MLflowError) {
        guard let listing = opendir(folder) else { throw LocalFile.failure(folder, errno) }
        defer { closedir(listing) }
        while let entry = readdir(listing) {
            let name = String(cString: entry.name)
            guard name != ".", name != ".." else { continue }
            let path = "\(folder)/\(name)"
            var status = stat()
            guard fstatat(dirfd(listing), name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR {
                try collect(path, "\(prefix)\(name)/", &found)
            } else if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
                found.append(LocalArtifact(path, path: prefix + name))
            }
        }
    }
}

extension LocalFile {
    /// The size and the SHA-256 of a file, which is read in pieces of 256 KiB.
    static func digest(_ path: String) throws(MLflowError) -> (size: Int64, sha256: String) {
        let (file, _) = try open(path)
        var hash = SHA256()
        var size: Int64 = 0
        var piece = [UInt8](repeating: 0, count: 256 * 1_024)
        while true {
            let (count, code) = piece.withUnsafeMutableBytes { (read(file.rawValue, $0.baseAddress, $0.count), errno) }
            if count < 0, code == EINTR { continue }
            guard count >= 0 else { throw failure(path, code) }
            guard count > 0 else { return (size, Hexadecimal.text(hash.finalize())) }
            piece.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            size += Int64(count)
        }
    }
}
