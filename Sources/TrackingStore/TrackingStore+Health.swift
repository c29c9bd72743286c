internal import Budgets
package import Dispatch
internal import Glibc
internal import SQLite
package import Tracking

extension TrackingStore {
    package func requireDatabaseInPlace() throws(TrackingError) {
        switch files.state() {
        case .inPlace: return
        case .databaseGone: throw .databaseGone
        case .logGone: throw .logGone
        }
    }

    /// Checks the files and the disk, and carries out a read and an empty write; changes nothing.
    ///
    /// - Parameter timeLimit: how long the read and the write may take together; the call blocks no longer than this.
    package func examine(within timeLimit: DispatchTimeInterval) -> StoreHealth {
        var health = examineFiles()
        let reading = Answer<Int64?>()
        read({ try $0.connection.firstInt64(of: "SELECT id FROM experiments LIMIT 1") }, completion: reading.give)
        let writing = Answer<Void>()
        write({ _ in }, completion: writing.give)
        let deadline = DispatchTime.now() + timeLimit
        health.reader = StoreHealth.problem(reading.wait(until: deadline))
        health.writer = StoreHealth.problem(writing.wait(until: deadline))
        return health
    }

    /// Checks only the files and the disk, which takes a few system calls.
    package func examineFiles() -> StoreHealth {
        var health = StoreHealth(journal: journalMode.rawValue)
        switch files.state() {
        case .inPlace: break
        case .databaseGone: health.files = "The database was deleted, moved or replaced while the server was running."
        case .logGone:
            health.files = "The database's write-ahead log was deleted or truncated while the server was running."
        }
        health.freeBytes = files.freeBytes
        if let free = health.freeBytes, free < Int64(budgets.limits.logBytes) {
            health.disk = "The disk of the database has \(free) bytes left, less than its write-ahead log may need."
        }
        return health
    }
}

extension StoreFiles {
    /// Free bytes on the disk of the database; nil if the system does not report them.
    var freeBytes: Int64? {
        var status = statvfs()
        guard statvfs(databasePath, &status) == 0 else { return nil }
        return Int64(clamping: UInt64(status.f_bavail) &* UInt64(status.f_frsize))
    }
}
