internal import Glibc

/// The claim on the database's own file, which holds also when the lock file beside it has been removed.
///
/// A lock of the kernel on one byte that lies far from those that SQLite locks. It belongs to a descriptor that stays open
/// as long as this object: POSIX drops all of SQLite's locks when any other descriptor of the file is closed, so the object
/// must outlive the connections.
package final class DatabaseClaim: Sendable {
    private let descriptor: Int32

    /// Gives the database free; the descriptor stays open, for the reason above.
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

    /// Opens the file, makes an absent one for this user alone, and takes away other users' access to one of ours.
    ///
    /// A file that cannot be opened so is left to SQLite, which says why.
    /// - Throws: `OwnerLock.Failure.ownedElsewhere`.
    package init(databasePath: String) throws(OwnerLock.Failure) {
        descriptor = open(databasePath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        var lock = Self.lock(Int16(F_WRLCK))
        // Any other answer: the file system has no such locks, and the lock file must do.
        if fcntl(descriptor, Self.setOpenFileLock, &lock) != 0, errno == EAGAIN || errno == EACCES {
            close(descriptor)
            throw .ownedElsewhere(pid: nil, path: databasePath)
        }
        Self.narrow(databasePath)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Whether the file still has a name somewhere.
    package var isLinked: Bool {
        var status = stat()
        return descriptor < 0 || fstat(descriptor, &status) != 0 || status.st_nlink > 0
    }

    /// F_OFD_SETLK of the kernel, on every architecture (fcntl(2)); the Glibc module leaves it out.
    private static let setOpenFileLock: Int32 = 37
    private static let lockedByte: off_t = 1 << 40

    /// The files beside it get the mode of the database when SQLite makes them.
    private static func narrow(_ path: String) {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            var status = stat()
            guard stat(path + suffix, &status) == 0, status.st_mode & 0o077 != 0 else { continue }
            // Refused where the file is another user's: then its modes are that user's choice.
            _ = chmod(path + suffix, 0o600)
        }
    }
}
