internal import CSQLite

extension Connection {
    /// Rows changed by the newest INSERT, UPDATE or DELETE; 0 once closed.
    package var changes: Int { database.raw.map { Int(sqlite3_changes64($0)) } ?? 0 }

    /// Rows changed since the connection was opened, those of triggers and foreign keys included; 0 once closed.
    package var totalChanges: Int { database.raw.map { Int(sqlite3_total_changes64($0)) } ?? 0 }

    /// The rowid of the newest INSERT into a rowid table; 0 once closed or if there was none.
    package var lastInsertRowID: Int64 { database.raw.map { sqlite3_last_insert_rowid($0) } ?? 0 }

    /// Whether a transaction is open: the opposite of SQLite's autocommit state.
    ///
    /// Some failures end the whole transaction by themselves (https://sqlite.org/lang_transaction.html §3), so look
    /// here after any error.
    package var isInTransaction: Bool { database.raw.map { sqlite3_get_autocommit($0) == 0 } ?? false }

    /// The first column of the first row as a number; nil if there is no row or the value is NULL.
    package func int64(_ sql: String) throws(SQLiteError) -> Int64? {
        let statement = try cached(sql)
        defer { statement.reset() }
        return try statement.step() ? statement.optionalInt64(0) : nil
    }

    /// The first column of the first row as text; nil if there is no row or the value is NULL.
    package func string(_ sql: String) throws(SQLiteError) -> String? {
        let statement = try cached(sql)
        defer { statement.reset() }
        return try statement.step() ? statement.optionalString(0) : nil
    }

    /// Bytes of the main database file as SQLite counts them, without the write-ahead log.
    package func databaseBytes() throws(SQLiteError) -> Int64 {
        let pages = try int64("PRAGMA page_count") ?? 0
        return pages &* (try int64("PRAGMA page_size") ?? 0)
    }

    /// Runs `body` in one deferred transaction, so that all its statements see the same moment.
    ///
    /// End it before bytes wait on a socket: a reader held open keeps the write-ahead log from being reused.
    /// Commits on return; rolls back if `body` throws, and passes its error on.
    package func readTransaction<Value>(_ body: () throws -> Value) throws -> Value {
        try transaction("BEGIN", body)
    }

    /// Runs `body` in one transaction that takes the write lock at once (BEGIN IMMEDIATE).
    ///
    /// Commits on return; rolls back if `body` or the commit throws, and passes the error on.
    package func immediateTransaction<Value>(_ body: () throws -> Value) throws -> Value {
        try transaction("BEGIN IMMEDIATE", body)
    }

    private func transaction<Value>(_ begin: String, _ body: () throws -> Value) throws -> Value {
        try cached(begin).run()
        do {
            let value = try body()
            try cached("COMMIT").run()
            return value
        } catch {
            rollBackIfNeeded()
            throw error
        }
    }

    /// Ends an open transaction without keeping its changes; does nothing if none is open.
    package func rollBackIfNeeded() {
        guard isInTransaction else { return }
        // A ROLLBACK that fails has found the transaction gone already; the error that led here says more.
        try? execute("ROLLBACK")
    }
}

extension Connection {
    /// How far a checkpoint goes (https://sqlite.org/c3ref/wal_checkpoint_v2.html).
    package enum CheckpointMode: Sendable {
        /// Copies what no reader needs any more; waits for nobody.
        case passive
        /// Copies all, waiting for readers and the writer up to the busy timeout, and cuts the log to zero bytes.
        case truncate
    }

    /// The pages in the write-ahead log after the newest commit of this connection.
    ///
    /// Counted once `configureForWriting` has chosen a write-ahead log without automatic checkpoints; else 0.
    package var walPages: Int { Int(database.walPages.pointee) }

    /// Copies pages from the write-ahead log into the database file; blocks on the disk.
    /// - Returns: pages in the log, and how many of them are now in the database; -1 without a write-ahead log.
    /// - Throws: `isBusy` if `.truncate` ran into a reader or another checkpoint; the database stays consistent.
    @discardableResult
    package func checkpoint(_ mode: CheckpointMode) throws(SQLiteError) -> (log: Int, checkpointed: Int) {
        guard let raw = database.raw else { throw .closed(sql: nil) }
        var log: Int32 = 0
        var checkpointed: Int32 = 0
        let code =
            switch mode {
            case .passive: SQLITE_CHECKPOINT_PASSIVE
            case .truncate: SQLITE_CHECKPOINT_TRUNCATE
            }
        let result = sqlite3_wal_checkpoint_v2(raw, nil, code, &log, &checkpointed)
        guard result == SQLITE_OK else { throw .latest(on: raw, result: result, sql: nil) }
        return (Int(log), Int(checkpointed))
    }
}
