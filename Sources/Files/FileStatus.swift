package import Glibc

/// The identity of a file, with its size and times, which differ for different versions of its content.
///
/// The time of the last status change is included, because programs can set the time of modification to any value.
package struct FileStatus: Sendable, Hashable {
    package let identity: FileIdentity
    /// The size in bytes.
    package let size: Int64
    package let modification: FileTime
    package let change: FileTime

    package init(_ status: stat) {
        identity = FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        size = Int64(status.st_size)
        modification = FileTime(status.st_mtim)
        change = FileTime(status.st_ctim)
    }

    /// The status of the file at a path, after symbolic links are followed; nil if there is no file or the process may
    /// not look for it.
    package init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }
}

/// A point in time in the resolution of the file system.
package struct FileTime: Sendable, Hashable {
    /// Whole seconds since 1970.
    package let seconds: Int64
    /// The nanoseconds since the whole second, fewer than a billion.
    package let nanoseconds: Int64

    /// Whole milliseconds since 1970.
    package var milliseconds: Int64 { seconds &* 1_000 &+ nanoseconds / 1_000_000 }

    package init(_ time: timespec) {
        seconds = Int64(time.tv_sec)
        nanoseconds = Int64(time.tv_nsec)
    }
}
