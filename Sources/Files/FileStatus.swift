package import Glibc

/// The identity of a file, and the facts that tell versions of its content apart without reading it.
///
/// The time of the last change of status is a part of it, because the time of modification can be set back.
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

    /// The file that a path leads to, links followed; nil where there is none.
    package init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }
}

/// A point in time as the file system keeps it.
package struct FileTime: Sendable, Hashable {
    /// Whole seconds since 1970.
    package let seconds: Int64
    /// The rest in nanoseconds, always less than a second.
    package let nanoseconds: Int64

    /// Whole milliseconds since 1970.
    package var milliseconds: Int64 { seconds &* 1_000 &+ nanoseconds / 1_000_000 }

    package init(_ time: timespec) {
        seconds = Int64(time.tv_sec)
        nanoseconds = Int64(time.tv_nsec)
    }
}
