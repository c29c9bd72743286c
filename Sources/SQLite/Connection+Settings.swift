/// The journal mode: how SQLite can roll back an open transaction.
package enum JournalMode: String, Sendable {
    /// Write-ahead log: readers and the writer do not wait for each other.
    case wal
    /// Rollback journal, truncated after each transaction: the first choice where a WAL is not possible.
    case truncate
    /// Rollback journal, deleted after each transaction.
    case delete
    case persist
    /// Journal in memory: the mode of in-memory databases.
    case memory
    case off
}

/// Settings of the one connection that writes.
package struct WriterSettings: Sendable {
    /// Size of the page cache, in KiB.
    package var cacheKibibytes = 65_536

    /// Pages in the WAL at which a commit runs a checkpoint; 0 leaves checkpoints to `Writer`.
    package var automaticCheckpointPages = 0

    /// Whether to use a WAL where the file system can have one; otherwise a rollback journal is used.
    package var prefersWriteAheadLog = true

    /// Bytes to which the WAL file is truncated when the WAL restarts.
    package var keptLogBytes = 4_096 * 4_120

    package init() {}
}

extension Connection {
    /// Opens the writing connection, the first one to write, with the best journal mode that the file system supports.
    ///
    /// Switches to a WAL and then tests it, because `PRAGMA journal_mode` answers `wal` also on a file system without
    /// shared memory (network and FUSE mounts, https://sqlite.org/wal.html#noshm), and by then has changed the file. On
    /// such a file system the database gets a rollback journal. A WAL with its index in heap memory would work there
    /// too, but then only one connection could be open, for writes and searches. `synchronous` is FULL in both modes.
    /// - Throws: SQLite's error if even a rollback journal is not possible, or the file cannot be written.
    package static func openForWriting(
        path: String,
        _ settings: WriterSettings = .init()
    ) throws(SQLiteError) -> (Connection, JournalMode) {
        if settings.prefersWriteAheadLog, let connection = try withLog(path: path) {
            return (connection, try connection.configureForWriting(settings))
        }
        let connection = try withRollbackJournal(path: path)
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
            // Else SQLite could write pages before the commit, and lock readers out for the whole transaction.
            try execute("PRAGMA cache_spill = OFF")
        }
        return mode
    }

    /// Sets the page cache and the place of temporary tables for a reading connection.
    /// - Parameter cacheKibibytes: the page cache of this one connection; each reader of a pool has its own.
    package func configureForReading(cacheKibibytes: Int = 8_192) throws(SQLiteError) {
        try execute("PRAGMA cache_size = -\(cacheKibibytes)")
        try execute("PRAGMA temp_store = MEMORY")
    }
}

extension Connection {
    /// Opens a connection in WAL mode and tests the WAL; nil where the file system does not support it.
    private static func withLog(path: String) throws(SQLiteError) -> Connection? {
        let connection = try Connection(path: path, mode: .readWriteCreate)
        do {
            let answer = try connection.switchToLog()
            if answer == .memory { return connection }
            if answer == .wal, try connection.canShareLog() { return connection }
        } catch  where error.meansNoLog {
            // A rollback journal needs a fresh connection.
        }
        connection.close()
        return nil
    }

    /// Switches to a WAL.
    ///
    /// A database without tables has nothing to lose yet, so that one sync at the end is enough.
    private func switchToLog() throws(SQLiteError) -> JournalMode {
        guard try tableCount() == 0 else { return try journalMode(asking: .wal) }
        try execute("PRAGMA synchronous = OFF")
        let answer = try journalMode(asking: .wal)
        try execute("PRAGMA synchronous = FULL")
        try database.syncFile()
        return answer
    }

    /// Tests whether a second connection can read and write through the WAL.
    private func canShareLog() throws(SQLiteError) -> Bool {
        let isNew = try tableCount() == 0
        let second = try Connection(path: path, mode: .readWrite)
        defer { second.close() }
        try second.execute("BEGIN IMMEDIATE")
        // Unlike a query, this needs no schema, which takes a while to parse.
        let version = try second.int64("PRAGMA user_version") ?? 0
        // A commit costs a sync; a database with tables has been written in this way before and needs no such test.
        if isNew { try second.execute("PRAGMA user_version = \(version)") }
        try second.execute(isNew ? "COMMIT" : "ROLLBACK")
        return try tableCount() >= 0
    }

    /// Opens a connection with a rollback journal, also for a database that has a WAL.
    private static func withRollbackJournal(path: String) throws(SQLiteError) -> Connection {
        let connection = try Connection(path: path, mode: .readWriteCreate)
        // With an exclusive lock, SQLite can read an existing WAL without shared memory.
        try connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        _ = try connection.chooseJournalMode(prefersWriteAheadLog: false)
        try connection.execute("PRAGMA locking_mode = NORMAL")
        // SQLite releases the exclusive lock at the next access.
        _ = try connection.tableCount()
        return connection
    }

    /// Not a cached statement: only opening needs it, and it would stay in the cache.
    private func tableCount() throws(SQLiteError) -> Int64 {
        let statement = try prepare("SELECT count(*) FROM sqlite_schema")
        defer { statement.reset() }
        return try statement.step() ? statement.int64(0) : 0
    }

    private func chooseJournalMode(prefersWriteAheadLog: Bool) throws(SQLiteError) -> JournalMode {
        if prefersWriteAheadLog {
            do {
                let answer = try journalMode(asking: .wal)
                if answer == .wal || answer == .memory { return answer }
            } catch  where error.meansNoLog {
                // Another connection holds a lock, or the file system has no shared memory: use a rollback journal.
            }
        }
        let answer = try journalMode(asking: .truncate)
        switch answer {
        case .truncate, .memory, .wal: return answer
        case .delete, .persist, .off: return try journalMode(asking: .delete)
        }
    }

    private func journalMode(asking mode: JournalMode) throws(SQLiteError) -> JournalMode {
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
    fileprivate var meansNoLog: Bool {
        isBusy || isIOError || isReadOnly || code.primary == .cannotOpen || code == .lockingProtocol
    }
}
