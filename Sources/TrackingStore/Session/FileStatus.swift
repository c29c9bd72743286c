internal import Glibc

/// The size of a file in bytes; 0 where there is none.
func fileSize(_ path: String) -> Int64 {
    var status = stat()
    return stat(path, &status) == 0 ? Int64(status.st_size) : 0
}

/// A file as one look finds it.
struct FileStatus {
    let identity: FileIdentity
    let bytes: Int64

    /// nil where there is no file.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        identity = FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        bytes = Int64(status.st_size)
    }
}

/// Which file a path leads to.
struct FileIdentity: Equatable {
    fileprivate let device: UInt64
    fileprivate let inode: UInt64

    fileprivate init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }

    /// nil where there is no file.
    init?(path: String) {
        guard let status = FileStatus(path: path) else { return nil }
        self = status.identity
    }
}
