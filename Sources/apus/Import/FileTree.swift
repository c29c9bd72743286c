internal import Glibc

/// The files beneath a folder.
struct FileTree {
    private let root: String

    init(_ root: String) {
        self.root = root
    }

    /// Calls `body` with each regular file and its path beneath the root; folders in the order of the file system.
    ///
    /// Symbolic links are reported and not followed, so that no cycle and nothing outside is read.
    func forEachFile(_ body: (_ path: String, _ relativePath: String) -> Void, unreadable: (String, String) -> Void) {
        var waiting = [""]
        while let folder = waiting.popLast() {
            let path = folder.isEmpty ? root : root + "/" + folder
            guard let stream = opendir(path) else {
                unreadable(path, String(cString: strerror(errno)))
                continue
            }
            defer { closedir(stream) }
            while let entry = readdir(stream) {
                guard let name = Self.name(of: entry) else {
                    unreadable(path, "a name in it is not UTF-8")
                    continue
                }
                if name == "." || name == ".." { continue }
                let relativePath = folder.isEmpty ? name : folder + "/" + name
                var status = stat()
                guard lstat(root + "/" + relativePath, &status) == 0 else { continue }
                switch status.st_mode & S_IFMT {
                case S_IFDIR: waiting.append(relativePath)
                case S_IFREG: body(root + "/" + relativePath, relativePath)
                case S_IFLNK: unreadable(root + "/" + relativePath, "a symbolic link, which is not followed")
                default: unreadable(root + "/" + relativePath, "neither a file nor a folder")
                }
            }
        }
    }

    private static func name(of entry: UnsafeMutablePointer<dirent>) -> String? {
        // The record ends after the name, so the name is read in place and never copied as a tuple.
        let start = UnsafeRawPointer(entry) + (MemoryLayout<dirent>.offset(of: \dirent.d_name) ?? 0)
        return String(validatingCString: start.assumingMemoryBound(to: CChar.self))
    }
}
