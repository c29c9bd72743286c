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

    package init() {}
}

extension Connection {
    /// Prepares a read-write connection for durable writing; the first call that writes to the file.
    ///
    /// Asks for a write-ahead log and checks the answer, because `PRAGMA journal_mode` reports a refusal by
    /// returning another mode (https://sqlite.org/pragma.html#pragma_journal_mode). Where it is refused (network and
    /// FUSE mounts, a database in use) a rollback journal takes its place. `synchronous` is FULL either way.
    /// - Returns: the mode that is now in force.
    /// - Throws: what SQLite says if even a rollback journal cannot be had, or the file cannot be written.
    package func configureForWriting(_ settings: WriterSettings = .init()) throws(SQLiteError) -> JournalMode {
        let mode = try chooseJournalMode(prefersWriteAheadLog: settings.prefersWriteAheadLog)
        try execute("PRAGMA synchronous = FULL")
        // A statement's journal in a temporary file would cost small writes half their speed.
        try execute("PRAGMA temp_store = MEMORY")
        try execute("PRAGMA cache_size = -\(settings.cacheKibibytes)")
        try execute("PRAGMA wal_autocheckpoint = \(settings.automaticCheckpointPages)")
        if mode == .wal, settings.automaticCheckpointPages <= 0 {
            database.countWALPages()
        }
        return mode
    }

    /// Sets the memory for pages and for sorting of a connection that reads.
    /// - Parameter cacheKibibytes: per connection, so it counts once for every reader of a pool.
    package func configureForReading(cacheKibibytes: Int = 8_192) throws(SQLiteError) {
        try execute("PRAGMA cache_size = -\(cacheKibibytes)")
        try execute("PRAGMA temp_store = MEMORY")
    }

    private func chooseJournalMode(prefersWriteAheadLog: Bool) throws(SQLiteError) -> JournalMode {
        if prefersWriteAheadLog {
            do {
                let answer = try journalMode(asking: .wal)
                if answer == .wal || answer == .memory { return answer }
            } catch  where error.isBusy || error.isIOError || error.code.primary == .cannotOpen {
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
