internal import CSQLite

extension Connection {
    /// The rows changed by the newest INSERT, UPDATE or DELETE; 0 after `close()`.
    package var changes: Int { database.raw.map { Int(sqlite3_changes64($0)) } ?? 0 }

    /// The rows changed since the connection was opened, also by triggers and foreign keys; 0 after `close()`.
    package var totalChanges: Int { database.raw.map { Int(sqlite3_total_changes64($0)) } ?? 0 }

    /// The rowid of the newest INSERT into a rowid table; 0 after `close()`, or before the first such INSERT.
    package var lastInsertRowID: Int64 { database.raw.map { sqlite3_last_insert_rowid($0) } ?? 0 }

    /// Whether a transaction is open: the opposite of SQLite's autocommit state.
    ///
    /// Some errors roll back the transaction (https://sqlite.org/lang_transaction.html §3), so check this property
    /// after any error.
    package var isInTransaction: Bool { database.raw.map { sqlite3_get_autocommit($0) == 0 } ?? false }

    /// Runs a query and returns the first column of its first row; nil if there is no row, or the value is NULL.
    package func firstInt64(of sql: String) throws(SQLiteError) -> Int64? {
        let statement = try cached(sql)
        defer { statement.reset() }
        return try statement.step() ? statement.optionalInt64(0) : nil
    }

    /// Runs a query and returns the first column of its first row; nil if there is no row, or the value is NULL.
    package func firstString(of sql: String) throws(SQLiteError) -> String? {
        let statement = try cached(sql)
        defer { statement.reset() }
        return try statement.step() ? statement.optionalString(0) : nil
    }

    /// Runs `body` in one deferred transaction, so that all its statements read the same snapshot.
    ///
    /// `body` must not wait for a socket, because an open read transaction keeps the WAL from restarting. Commits when
    /// `body` returns; rolls back and rethrows if `body` throws.
    package func readTransaction<Value>(_ body: () throws -> Value) throws -> Value { try transaction("BEGIN", body) }

    /// Runs `body` in one transaction that takes the write lock at once (BEGIN IMMEDIATE).
    ///
    /// Commits when `body` returns; rolls back and rethrows if `body` or the commit throws.
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

    /// Rolls back the open transaction, if there is one.
    package func rollBackIfNeeded() {
        guard isInTransaction else { return }
        // ROLLBACK fails only if the transaction has already ended, so its error is ignored.
        try? execute("ROLLBACK")
    }
}
