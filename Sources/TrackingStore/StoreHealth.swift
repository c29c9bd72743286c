internal import Budgets
package import Dispatch
internal import Glibc
internal import SQLite
package import Tracking

/// The result of a health check of the store.
///
/// Each optional text describes a problem; nil means that this part has no problem.
package struct StoreHealth: Sendable {
    /// The journal mode, such as `wal`.
    package var journal: String
    /// Set if the database file or its write-ahead log (WAL) is no longer at its path.
    package var files: String?
    /// Set if the disk has too little free space.
    package var disk: String?
    /// Free bytes on the disk of the database; nil if the system does not report them.
    package var freeBytes: Int64?
    /// Set if a read failed or was not answered in time.
    package var reader: String?
    /// Set if an empty write failed or was not answered in time.
    package var writer: String?

    /// Whether the files and the disk have no problem, whatever the reader and the writer have.
    package var isStorageSound: Bool { files == nil && disk == nil }
    package var isSound: Bool { isStorageSound && reader == nil && writer == nil }
}

extension TrackingStore {
    /// Throws the error that a write would get if the database or its WAL is no longer at its path.
    ///
    /// Call this function before storing files that belong to the database.
    package func requireDatabaseInPlace() throws(TrackingError) {
        switch files.state() {
        case .inPlace: return
        case .databaseGone: throw .databaseGone
        case .logGone: throw .logGone
        }
    }

    /// Checks the files and the disk, and carries out a read and an empty write; changes nothing.
    ///
    /// - Parameter patience: how long the read and the write may take together; the call blocks no longer than this.
    package func examine(within patience: DispatchTimeInterval = .seconds(2)) -> StoreHealth {
        var health = examineFiles()
        let reading = Answer<Int64?>()
        read({ try $0.connection.firstInt64(of: "SELECT id FROM experiments LIMIT 1") }, completion: reading.give)
        let writing = Answer<Void>()
        write({ _ in }, completion: writing.give)
        let deadline = DispatchTime.now() + patience
        health.reader = Self.problem(reading.wait(until: deadline))
        health.writer = Self.problem(writing.wait(until: deadline))
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

    private static func problem<Value>(_ result: Result<Value, any Error>?) -> String? {
        switch result {
        case nil: "There was no answer in time."
        case .success: nil
        case .failure(let error as TrackingError): error.message
        case .failure(let error): "\(error)"
        }
    }
}

extension StoreFiles {
    /// Free bytes on the disk of the database.
    var freeBytes: Int64? {
        var status = statvfs()
        guard statvfs(databasePath, &status) == 0 else { return nil }
        return Int64(clamping: UInt64(status.f_bavail) &* UInt64(status.f_frsize))
    }
}
