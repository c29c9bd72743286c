internal import Glibc

/// A point in time as the file system keeps it.
package struct FileTime: Sendable, Hashable {
    /// Whole seconds since 1970.
    package let seconds: Int64
    /// Those beside the seconds, always less than a second.
    package let nanoseconds: Int64

    /// Whole milliseconds since 1970.
    package var milliseconds: Int64 { seconds &* 1_000 &+ nanoseconds / 1_000_000 }

    init(_ time: timespec) {
        seconds = Int64(time.tv_sec)
        nanoseconds = Int64(time.tv_nsec)
    }
}

/// What tells one content of a file from another without reading it.
///
/// The time of the last change of status is a part of it, because the time of modification can be set back.
package struct FileIdentity: Sendable, Hashable {
    let device: UInt64
    let inode: UInt64
    let size: Int64
    let modification: FileTime
    let change: FileTime

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        modification = FileTime(status.st_mtim)
        change = FileTime(status.st_ctim)
    }
}
