internal import CSQLite
internal import CSQLiteSetup

extension Connection {
    /// How far a checkpoint goes (https://sqlite.org/c3ref/wal_checkpoint_v2.html).
    package enum CheckpointMode: Sendable {
        /// Copies what no reader needs any more; waits for nobody.
        case passive
        /// Copies all and lets the next commit write the log from its start; waits for nobody.
        case restart
        /// Copies all and cuts the log to zero bytes; waits for nobody.
        case truncate
        /// As `truncate`, after waiting for readers and other programs up to the busy timeout.
        case truncateWhenFree

        fileprivate var code: Int32 {
            switch self {
            case .passive: SQLITE_CHECKPOINT_PASSIVE
            case .restart: SQLITE_CHECKPOINT_RESTART
            case .truncate, .truncateWhenFree: SQLITE_CHECKPOINT_TRUNCATE
            }
        }

        fileprivate var waits: Bool {
            switch self {
            case .passive, .restart, .truncate: false
            case .truncateWhenFree: true
            }
        }
    }

    /// The pages in the write-ahead log after the newest commit of this connection; 0 when it is to be written anew.
    ///
    /// Counted once `configureForWriting` has chosen a write-ahead log without automatic checkpoints; else 0.
    package var walPages: Int { Int(database.walPages.pointee) }

    /// The bytes that the log's file must have to hold those pages (https://sqlite.org/walformat.html): less was cut off.
    package var logBytes: Int64 { walPages == 0 ? 0 : 32 + Int64(walPages) * (24 + pageBytes) }

    /// Copies pages from the write-ahead log into the database file; blocks on the disk.
    /// - Returns: pages in the log, and how many of them are now in the database; -1 without a write-ahead log.
    /// - Throws: `isBusy` if a reader or another checkpoint was in the way of more than `.passive`; the database stays
    ///   consistent.
    @discardableResult
    package func checkpoint(_ mode: CheckpointMode) throws(SQLiteError) -> (log: Int, checkpointed: Int) {
        guard let raw = database.raw else { throw .closed(sql: nil) }
        if !mode.waits { sqlite3_busy_timeout(raw, 0) }
        defer { sqlite3_busy_timeout(raw, busyMilliseconds) }
        var log: Int32 = 0
        var checkpointed: Int32 = 0
        let result = sqlite3_wal_checkpoint_v2(raw, nil, mode.code, &log, &checkpointed)
        guard result == SQLITE_OK else { throw .latest(on: raw, result: result, sql: nil) }
        if mode.code != SQLITE_CHECKPOINT_PASSIVE { database.walPages.pointee = 0 }
        return (Int(log), Int(checkpointed))
    }

    /// Leaves the write-ahead log as it is when the connection is closed, even by the last one.
    func keepLogWhenClosed() {
        guard let raw = database.raw else { return }
        apus_keep_log_when_closed(raw)
    }

    /// Pages that this connection has written to its file or log since it was opened; 0 once closed.
    ///
    /// Within a transaction they are those for which its memory had no room.
    var writtenPages: Int {
        guard let raw = database.raw else { return 0 }
        var count: Int32 = 0
        var highest: Int32 = 0
        sqlite3_db_status(raw, SQLITE_DBSTATUS_CACHE_WRITE, &count, &highest, 0)
        return Int(count)
    }

    /// Gives back the memory of pages that no statement is using; they are read again when they are needed.
    package func releaseMemory() {
        guard let raw = database.raw else { return }
        sqlite3_db_release_memory(raw)
    }
}
