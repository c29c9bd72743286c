internal import CSQLite
internal import CSQLiteSetup

extension Connection {
    /// The modes of a checkpoint of the write-ahead log (https://sqlite.org/c3ref/wal_checkpoint_v2.html).
    package enum CheckpointMode: Sendable {
        /// Copies as many pages as possible without waiting for readers.
        case passive
        /// Copies all pages, so that the next commit restarts the WAL; fails with `isBusy` instead of waiting.
        case restart
        /// Does the same as `restart`, and truncates the WAL file to zero bytes.
        case truncate
        /// Does the same as `truncate`, but waits for readers and other programs up to the busy timeout.
        case truncateWhenFree

        fileprivate var code: Int32 {
            switch self {
            case .passive: SQLITE_CHECKPOINT_PASSIVE
            case .restart: SQLITE_CHECKPOINT_RESTART
            case .truncate, .truncateWhenFree: SQLITE_CHECKPOINT_TRUNCATE
            }
        }

        fileprivate var waitsForLocks: Bool { self == .truncateWhenFree }
    }

    /// The pages in the write-ahead log (WAL) after this connection's last commit; 0 if the next commit restarts it.
    ///
    /// Always 0 unless `configureForWriting` has chosen a WAL without automatic checkpoints.
    package var walPages: Int { Int(database.walPages.pointee) }

    /// The bytes that `walPages` take in the WAL file (https://sqlite.org/walformat.html).
    package var logBytes: Int64 { walPages == 0 ? 0 : 32 + Int64(walPages) * (24 + pageBytes) }

    /// Copies pages from the WAL into the database file; blocks on the disk.
    /// - Returns: the number of pages in the WAL, and the number of these that are now in the database; -1 for both
    ///   without a WAL.
    /// - Throws: `isBusy` if a reader or another checkpoint blocked a mode other than `.passive`; no data is lost.
    @discardableResult
    package func checkpoint(_ mode: CheckpointMode) throws(SQLiteError) -> (log: Int, checkpointed: Int) {
        guard let raw = database.raw else { throw .closed(sql: nil) }
        if !mode.waitsForLocks { sqlite3_busy_timeout(raw, 0) }
        defer { sqlite3_busy_timeout(raw, busyMilliseconds) }
        var log: Int32 = 0
        var checkpointed: Int32 = 0
        let result = sqlite3_wal_checkpoint_v2(raw, nil, mode.code, &log, &checkpointed)
        guard result == SQLITE_OK else { throw .latest(on: raw, result: result, sql: nil) }
        if mode.code != SQLITE_CHECKPOINT_PASSIVE { database.walPages.pointee = 0 }
        return (Int(log), Int(checkpointed))
    }

    /// Makes SQLite keep the WAL when this connection is closed, even if it is the last one.
    func keepLogWhenClosed() {
        guard let raw = database.raw else { return }
        apus_keep_log_when_closed(raw)
    }

    /// The pages that this connection has written to the database or the WAL since it was opened; 0 after `close()`.
    ///
    /// During a transaction, SQLite writes only the pages for which its page cache has no room.
    var writtenPages: Int {
        guard let raw = database.raw else { return 0 }
        var count: Int32 = 0
        var highest: Int32 = 0
        sqlite3_db_status(raw, SQLITE_DBSTATUS_CACHE_WRITE, &count, &highest, 0)
        return Int(count)
    }

    /// Frees the cached pages that no statement uses; SQLite reads them again when it needs them.
    package func releaseMemory() {
        guard let raw = database.raw else { return }
        sqlite3_db_release_memory(raw)
    }
}
