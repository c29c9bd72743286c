/// How SQLite protects a transaction that is under way.
package enum JournalMode: String, Sendable {
    /// Write-ahead log: readers and the writer do not wait for each other.
    case wal
    /// Rollback journal, emptied after each transaction: the first choice where a write-ahead log is refused.
    case truncate
    /// Rollback journal, removed after each transaction.
    case delete
    case persist
    /// Databases in memory.
    case memory
    case off
}

/// Settings of the one connection that writes.
package struct WriterSettings: Sendable {
    /// Memory for pages, in KiB.
    package var cacheKibibytes = 65_536

    /// Pages in the write-ahead log at which a commit checkpoints by itself; 0 leaves checkpoints to `Writer`.
    package var automaticCheckpointPages = 0

    /// Whether a write-ahead log is asked for; without it the rollback journal is used.
    package var prefersWriteAheadLog = true

    /// Bytes to which the write-ahead log's file is cut when it is written from its start again.
    package var keptLogBytes = 4_096 * 4_120

    package init() {}
}

extension Connection {
    /// Opens the connection that writes, with the best journal that the file system can have; the first to write there.
    ///
    /// Asks for a write-ahead log and then tries it, because `PRAGMA journal_mode` answers `wal` also on a file system that
    /// cannot share memory (network and FUSE mounts, https://sqlite.org/wal.html#noshm), and has changed the file by then.
    /// Such a database gets a rollback journal. A log with an index in the heap of one process would work there too; but
    /// then nobody reads beside the writer, who would answer every search, too. `synchronous` is FULL either way.
    /// - Returns: the connection, and the mode that is now in force.
    /// - Throws: what SQLite says if even a rollback journal cannot be had, or the file cannot be written.
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
    /// - Returns: the mode that is now in force.
    package func configureForWriting(_ settings: WriterSettings = .init()) throws(SQLiteError) -> JournalMode {
        let mode = try chooseJournalMode(prefersWriteAheadLog: settings.prefersWriteAheadLog)
        try execute("PRAGMA synchronous = FULL")
        // A statement's journal in a temporary file would cost small writes half their speed.
        try execute("PRAGMA temp_store = MEMORY")
        try execute("PRAGMA cache_size = -\(settings.cacheKibibytes)")
        try execute("PRAGMA wal_autocheckpoint = \(settings.automaticCheckpointPages)")
        if mode == .wal {
            try execute("PRAGMA journal_size_limit = \(settings.keptLogBytes)")
            if settings.automaticCheckpointPages <= 0 { database.countWALPages() }
        } else {
            // Pages written before the commit would lock readers out for the whole transaction.
            try execute("PRAGMA cache_spill = OFF")
        }
        return mode
    }

    /// Sets the memory for pages and for sorting of a connection that reads.
    /// - Parameter cacheKibibytes: per connection, so it counts once for every reader of a pool.
    package func configureForReading(cacheKibibytes: Int = 8_192) throws(SQLiteError) {
        try execute("PRAGMA cache_size = -\(cacheKibibytes)")
        try execute("PRAGMA temp_store = MEMORY")
    }
}

extension Connection {
    /// A connection whose write-ahead log has been tried; nil where the file system cannot have one.
    private static func withLog(path: String) throws(SQLiteError) -> Connection? {
        let connection = try Connection(path: path, mode: .readWriteCreate)
        do {
            let answer = try connection.journalMode(asking: .wal)
            if answer == .memory { return connection }
            if answer == .wal, try connection.canShareLog() { return connection }
        } catch  where error.speaksAgainstLog {
            // The next rung needs a connection that has not tried.
        }
        connection.close()
        return nil
    }

    /// Reads, and writes what is there already, through a second connection.
    private func canShareLog() throws(SQLiteError) -> Bool {
        _ = try tableCount()
        let second = try Connection(path: path, mode: .readWrite)
        defer { second.close() }
        try second.execute("BEGIN IMMEDIATE")
        let isNew = try second.tableCount() == 0
        let version = try second.int64("PRAGMA user_version") ?? 0
        // The sync of a commit is paid once: a database with tables has seen commits into its log.
        if isNew { try second.execute("PRAGMA user_version = \(version)") }
        try second.execute(isNew ? "COMMIT" : "ROLLBACK")
        return try tableCount() >= 0
    }

    /// A connection with a rollback journal, whatever the database had before.
    private static func withRollbackJournal(path: String) throws(SQLiteError) -> Connection {
        let connection = try Connection(path: path, mode: .readWriteCreate)
        // A log is read without shared memory by whoever has the file alone.
        try connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        _ = try connection.chooseJournalMode(prefersWriteAheadLog: false)
        try connection.execute("PRAGMA locking_mode = NORMAL")
        // The lock goes with the next access.
        _ = try connection.tableCount()
        return connection
    }

    /// Not out of the cache of statements, in which it would stay.
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
            } catch  where error.speaksAgainstLog {
                // Another connection is in the way, or the mount has no shared memory: go on without a log.
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
    /// Whether the file system, or another program, keeps the database from having a write-ahead log.
    fileprivate var speaksAgainstLog: Bool {
        isBusy || isIOError || isReadOnly || code.primary == .cannotOpen || code == .lockingProtocol
    }
}
