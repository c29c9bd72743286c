internal import Glibc

/// A lock on the database file itself, which still protects the database when its lock file has been removed.
///
/// An open file description lock on one byte, far from the bytes that SQLite locks. Closing any descriptor of the file
/// makes POSIX drop all of SQLite's locks, so the descriptor stays open until this object is deallocated, and this
/// object must outlive the connections.
package final class DatabaseClaim: Sendable {
    private let descriptor: Int32

    /// Releases the lock but keeps the descriptor open, for the reason above.
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

    /// Opens and locks the database file; creates an absent file, and removes other users' access to an existing one.
    ///
    /// If the file cannot be opened, SQLite will report the reason later.
    /// - Throws: `OwnerLock.Failure.ownedElsewhere` if another process holds the lock.
    package init(databasePath: String) throws(OwnerLock.Failure) {
        descriptor = open(databasePath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        var lock = Self.lock(Int16(F_WRLCK))
        // On any other error the file system has no such locks, and `OwnerLock` alone must protect the database.
        if fcntl(descriptor, Self.setOpenFileLock, &lock) != 0, errno == EAGAIN || errno == EACCES {
            close(descriptor)
            throw .ownedElsewhere(pid: nil, path: databasePath)
        }
        Self.restrictMode(databasePath)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Whether the open file still has a name in the file system.
    package var isLinked: Bool {
        var status = stat()
        return descriptor < 0 || fstat(descriptor, &status) != 0 || status.st_nlink > 0
    }

    /// F_OFD_SETLK, the same on every architecture (fcntl(2)); the Glibc module leaves it out.
    private static let setOpenFileLock: Int32 = 37
    private static let lockedByte: off_t = 1 << 40

    /// SQLite creates the WAL and the journal with the mode of the database, but existing files keep their modes.
    private static func restrictMode(_ path: String) {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            var status = stat()
            guard stat(path + suffix, &status) == 0, status.st_mode & 0o077 != 0 else { continue }
            // chmod fails if another user owns the file; then its mode is that user's decision.
            _ = chmod(path + suffix, 0o600)
        }
    }
}
