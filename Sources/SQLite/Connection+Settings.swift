/// The journal mode: how SQLite can roll back an open transaction.
package enum JournalMode: String, Sendable {
    /// Write-ahead log: readers and the writer do not wait for each other.
    case wal
    /// Rollback journal, truncated after each transaction: the first choice if a WAL is not possible.
    case truncate
    /// Rollback journal, deleted after each transaction.
    case delete
    /// Rollback journal whose header is overwritten with zeros after each transaction.
    case persist
    /// Journal in memory: the mode of in-memory databases.
    case memory
    /// No journal: a transaction cannot be rolled back.
    case off
}

/// Settings of the connection that writes.
package struct WriterSettings: Sendable {
    /// The size of the page cache, in KiB.
    package var cacheKibibytes = 65_536
    /// The number of pages in the WAL at which a commit runs a checkpoint; 0 leaves checkpoints to `Writer`.
    package var automaticCheckpointPages = 0
    /// Whether to use a WAL if the file system supports it; otherwise a rollback journal is used.
    package var prefersWriteAheadLog = true
    /// The size in bytes to which a larger WAL file is truncated when the WAL restarts.
    package var keptLogBytes = 4_096 * 4_120

    package init() {}
}

extension Connection {
    /// Opens the connection for writing, with the best journal mode that the file system supports.
    ///
    /// Call this method before any other connection writes. It switches to a WAL and then tests the WAL, because `PRAGMA
    /// journal_mode` answers `wal` also on a file system without shared memory (network and FUSE mounts,
    /// https://sqlite.org/wal.html#noshm). On such a file system the database gets a rollback journal: a WAL with its index in
    /// heap memory would allow only one connection for all reads and writes. `synchronous` is FULL in both modes.
    /// - Throws: SQLite's error if even a rollback journal is not possible, or the file cannot be written.
    package static func openForWriting(
        path: String,
        _ settings: WriterSettings = .init()
    ) throws(SQLiteError) -> (Connection, JournalMode) {
        if settings.prefersWriteAheadLog, let connection = try openWithLog(path: path) {
            return (connection, try connection.configureForWriting(settings))
        }
        let connection = try openWithRollbackJournal(path: path)
        var settings = settings
        settings.prefersWriteAheadLog = false
        return (connection, try connection.configureForWriting(settings))
    }

    /// Prepares a read-write connection for durable writing.
    /// - Returns: the journal mode of the connection.
    package func configureForWriting(_ settings: WriterSettings = .init()) throws(SQLiteError) -> JournalMode {
        let mode = try chooseJournalMode(prefersWriteAheadLog: settings.prefersWriteAheadLog)
        try execute("PRAGMA synchronous = FULL")
        // A statement journal in a temporary file would halve the speed of small writes.
        try execute("PRAGMA temp_store = MEMORY")
        try execute("PRAGMA cache_size = -\(settings.cacheKibibytes)")
        try execute("PRAGMA wal_autocheckpoint = \(settings.automaticCheckpointPages)")
        if mode == .wal {
            try execute("PRAGMA journal_size_limit = \(settings.keptLogBytes)")
            if settings.automaticCheckpointPages <= 0 { database.countWALPages() }
        } else {
            // Without this setting, SQLite could write pages before the commit, and then block readers until the commit.
            try execute("PRAGMA cache_spill = OFF")
        }
        return mode
    }

    /// Sets the size of the page cache, and keeps temporary tables in memory.
    /// - Parameter cacheKibibytes: the page cache of this connection; each reader of a pool has its own cache.
    package func configureForReading(cacheKibibytes: Int = 8_192) throws(SQLiteError) {
        try execute("PRAGMA cache_size = -\(cacheKibibytes)")
        try execute("PRAGMA temp_store = MEMORY")
    }

    /// Opens a connection in WAL mode and tests the WAL; nil if the file system does not support a WAL.
    private static func openWithLog(path: String) throws(SQLiteError) -> Connection? {
        let connection = try Connection(path: path, mode: .readWriteCreate)
        do {
            let answer = try connection.switchToLog()
            if answer == .memory { return connection }
            if answer == .wal, try connection.testSharedLog() { return connection }
        } catch  where error.makesLogImpossible {
            // A rollback journal needs a fresh connection.
        }
        connection.close()
        return nil
    }

    /// Switches to a WAL; a database without tables has no data to lose, so it is synced only once, at the end.
    private func switchToLog() throws(SQLiteError) -> JournalMode {
        guard try tableCount() == 0 else { return try setJournalMode(.wal) }
        try execute("PRAGMA synchronous = OFF")
        let answer = try setJournalMode(.wal)
        try execute("PRAGMA synchronous = FULL")
        try database.syncFile()
        return answer
    }

    /// Opens a second connection and tests whether it can read and write through the WAL.
    private func testSharedLog() throws(SQLiteError) -> Bool {
        let isNew = try tableCount() == 0
        let second = try Connection(path: path, mode: .readWrite)
        defer { second.close() }
        try second.execute("BEGIN IMMEDIATE")
        // Unlike a query, this pragma does not make SQLite parse the whole schema, which takes long.
        let version = try second.firstInt64(of: "PRAGMA user_version") ?? 0
        // A commit costs a sync, so only a new database gets a test commit.
        if isNew { try second.execute("PRAGMA user_version = \(version)") }
        try second.execute(isNew ? "COMMIT" : "ROLLBACK")
        return try tableCount() >= 0
    }

    /// Opens a connection with a rollback journal, also for a database that has a WAL.
    private static func openWithRollbackJournal(path: String) throws(SQLiteError) -> Connection {
        let connection = try Connection(path: path, mode: .readWriteCreate)
        // With an exclusive lock, SQLite can read an existing WAL without shared memory.
        try connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        _ = try connection.chooseJournalMode(prefersWriteAheadLog: false)
        try connection.execute("PRAGMA locking_mode = NORMAL")
        // SQLite releases the exclusive lock at the next access.
        _ = try connection.tableCount()
        return connection
    }

    /// The number of tables and indexes; not cached as a statement, because only the opening of a database needs it.
    private func tableCount() throws(SQLiteError) -> Int64 {
        let statement = try prepare("SELECT count(*) FROM sqlite_schema")
        defer { statement.reset() }
        return try statement.step() ? statement.int64(0) : 0
    }

    private func chooseJournalMode(prefersWriteAheadLog: Bool) throws(SQLiteError) -> JournalMode {
        if prefersWriteAheadLog {
            do {
                let answer = try setJournalMode(.wal)
                if answer == .wal || answer == .memory { return answer }
            } catch  where error.makesLogImpossible {
                // Another connection holds a lock, or the file system has no shared memory: a rollback journal is used.
            }
        }
        let answer = try setJournalMode(.truncate)
        switch answer {
        case .truncate, .memory, .wal: return answer
        case .delete, .persist, .off: return try setJournalMode(.delete)
        }
    }

    private func setJournalMode(_ mode: JournalMode) throws(SQLiteError) -> JournalMode {
        let statement = try prepare("PRAGMA journal_mode = \(mode.rawValue)")
        defer { statement.reset() }
        guard try statement.step(), let answer = JournalMode(rawValue: statement.string(0)) else {
            throw SQLiteError(code: .error, message: "no answer to PRAGMA journal_mode")
        }
        return answer
    }
}

extension SQLiteError {
    /// Whether the file system or another program's lock makes WAL mode impossible.
    fileprivate var makesLogImpossible: Bool {
        isBusy || isIOError || isReadOnly || code.primary == .cannotOpen || code == .lockingProtocol
    }
}
