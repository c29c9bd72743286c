internal import Glibc

/// The kind of file at a path, after symbolic links are followed.
enum FileKind {
    case file
    case folder
    case other
    case absent

    init(_ path: some StringProtocol) {
        var status = stat()
        guard stat(String(path), &status) == 0 else {
            self = .absent
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: self = .file
        case S_IFDIR: self = .folder
        default: self = .other
        }
    }
}
