internal import Glibc

/// The kind of file at a path, after symbolic links are followed.
enum FileKind {
    case file, folder, other, absent

    init(_ path: some StringProtocol) {
        var status = stat()
        let exists = stat(String(path), &status) == 0
        switch status.st_mode & S_IFMT {
        case _ where !exists: self = .absent
        case S_IFREG: self = .file
        case S_IFDIR: self = .folder
        default: self = .other
        }
    }
}
