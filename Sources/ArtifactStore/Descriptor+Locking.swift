internal import Files
internal import Glibc

extension Descriptor {
    /// F_OFD_SETLK and F_OFD_SETLKW (fcntl(2)), which the Glibc module leaves out; they are the same on every architecture.
    private static let setLock: Int32 = 37
    private static let setLockWaiting: Int32 = 38

    /// Locks a range of the file until this descriptor is closed, so that no other descriptor of the file can lock a part of it.
    ///
    /// The other descriptors may belong to other processes and, on a network file system that supports locks, to other
    /// machines. The function does not wait. The file must be open for writing.
    /// - Parameter length: 0 for everything from `start` on.
    /// - Returns: false if another descriptor has locked a part of the range; true also if the file system has no locks.
    func lock(at start: Int64 = 0, length: Int64 = 0) -> Bool {
        var range = Self.range(start, length)
        let (result, code) = retryingInterrupts { fcntl(rawValue, Self.setLock, &range) }
        return result == 0 || (code != EAGAIN && code != EACCES)
    }

    /// Locks the whole file like `lock`, but waits until no other descriptor has locked it.
    func lockWaiting() {
        var range = Self.range(0, 0)
        // A failure is ignored: only one server may use a file system without locks.
        _ = retryingInterrupts { fcntl(rawValue, Self.setLockWaiting, &range) }
    }

    private static func range(_ start: Int64, _ length: Int64) -> flock {
        var range = flock()
        range.l_type = Int16(F_WRLCK)
        range.l_whence = Int16(SEEK_SET)
        range.l_start = off_t(start)
        range.l_len = off_t(length)
        return range
    }
}
