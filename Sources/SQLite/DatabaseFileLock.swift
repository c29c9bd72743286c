internal import Glibc

/// A lock on the database file itself, which still protects the database if somebody removes its lock file.
///
/// The lock is an open file description lock on one byte, far from the bytes that SQLite locks. When a process closes
/// any descriptor of the file, it loses all of its POSIX locks on the file, which SQLite uses. The descriptor therefore
/// stays open until this object is deallocated, and this object must outlive the connections.
package final class DatabaseFileLock: Sendable {
    private let descriptor: Int32

    /// Releases the lock but keeps the descriptor open, so that SQLite keeps its locks.
    package func release() {
        var lock = Self.lock(Int16(F_UNLCK))
        if descriptor >= 0 { _ = fcntl(descriptor, Self.setOpenFileLock, &lock) }
    }

    private static func lock(_ type: Int16) -> flock {
        var lock = flock()
        lock.l_type = type
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = lockedByte
        lock.l_len = 1
        return lock
    }

    /// Opens and locks the database file, which is created if it does not exist.
    ///
    /// Also removes other users' access to the file and to SQLite's files beside it. If the file cannot be opened, no
    /// lock is held, and SQLite will report the reason when it opens the file.
    /// - Throws: `OwnerLock.Failure.ownedElsewhere` if another process holds the lock.
    package init(databasePath: String) throws(OwnerLock.Failure) {
        descriptor = open(databasePath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        var lock = Self.lock(Int16(F_WRLCK))
        // Any other error means that the file system has no such locks: then only `OwnerLock` protects the database.
        if fcntl(descriptor, Self.setOpenFileLock, &lock) != 0, errno == EAGAIN || errno == EACCES {
            close(descriptor)
            throw .ownedElsewhere(pid: nil, path: databasePath)
        }
        Self.restrictMode(databasePath)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Whether the locked file still has a path; true if the file could not be opened.
    package var isLinked: Bool {
        var status = stat()
        return descriptor < 0 || fstat(descriptor, &status) != 0 || status.st_nlink > 0
    }

    /// F_OFD_SETLK (fcntl(2)), which the Glibc module leaves out; it is the same on every architecture.
    private static let setOpenFileLock: Int32 = 37
    private static let lockedByte: off_t = 1 << 40

    /// Removes other users' access to the database file and to SQLite's files beside it.
    ///
    /// SQLite creates its files with the mode of the database file, but existing files keep their modes.
    private static func restrictMode(_ path: String) {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            var status = stat()
            guard stat(path + suffix, &status) == 0, status.st_mode & 0o077 != 0 else { continue }
            // If another user owns the file, chmod fails, and that user decides about the mode.
            _ = chmod(path + suffix, 0o600)
        }
    }
}
