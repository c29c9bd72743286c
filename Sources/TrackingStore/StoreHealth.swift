internal import Budgets
package import Dispatch
internal import Glibc
internal import SQLite
package import Tracking

/// What a look at the store has found; a part without a problem is nil.
package struct StoreHealth: Sendable {
    package var journal: String
    /// The database and its log lie where they were opened.
    package var files: String?
    /// The disk has room.
    package var disk: String?
    /// Bytes that the disk of the database can still take; nil where it does not say.
    package var freeBytes: Int64?
    /// A read is answered.
    package var reader: String?
    /// The writer answers, and may commit.
    package var writer: String?

    /// Whether waiting or the store's own threads are at fault, and not the files or the disk.
    package var isStorageSound: Bool { files == nil && disk == nil }
    package var isSound: Bool { isStorageSound && reader == nil && writer == nil }
}

extension TrackingStore {
    /// Refuses what belongs beside the database when that is not in its place any more.
    ///
    /// - Throws: the verdict that a write to the database gets.
    package func requireFiles() throws(TrackingError) {
        switch files.verdict() {
        case .inPlace: return
        case .databaseGone: throw .databaseGone
        case .logGone: throw .logGone
        }
    }

    /// Looks at files, disk, readers and writer; changes nothing.
    ///
    /// - Parameter patience: how long reader and writer have for an answer; the call blocks for as long at the most.
    package func examine(within patience: DispatchTimeInterval = .seconds(2)) -> StoreHealth {
        var health = examineFiles()
        let reading = Answer<Int64?>()
        read({ try $0.connection.int64("SELECT id FROM experiments LIMIT 1") }, completion: reading.give)
        let writing = Answer<Void>()
        write({ _ in }, completion: writing.give)
        let deadline = DispatchTime.now() + patience
        health.reader = Self.problem(reading.wait(until: deadline))
        health.writer = Self.problem(writing.wait(until: deadline))
        return health
    }

    /// Looks at files and disk alone, which costs some calls of the system.
    package func examineFiles() -> StoreHealth {
        var health = StoreHealth(journal: journalMode.rawValue)
        switch files.verdict() {
        case .inPlace: break
        case .databaseGone: health.files = "The database was deleted, moved or replaced while the server runs."
        case .logGone: health.files = "The database's write-ahead log was deleted while the server runs."
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
    /// Bytes that the disk of the database can still take.
    var freeBytes: Int64? {
        var status = statvfs()
        guard statvfs(databasePath, &status) == 0 else { return nil }
        return Int64(clamping: UInt64(status.f_bavail) &* UInt64(status.f_frsize))
    }
}
