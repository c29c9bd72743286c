internal import CSQLite

extension Connection {
    /// Copies the whole database, as it is at one moment, into another connection's file.
    ///
    /// One read transaction lasts for the whole copy. If the copy were made in several steps, each commit of another process
    /// between two steps would make it start again (https://sqlite.org/c3ref/backup_finish.html). Until the copy ends, other
    /// processes can write, but the write-ahead log cannot be restarted.
    /// - Parameter target: a new database, which the copy replaces.
    package func copy(into target: Connection) throws(SQLiteError) {
        guard let raw = database.raw, let other = target.database.raw else { throw .closed(sql: nil) }
        guard let backup = sqlite3_backup_init(other, "main", raw, "main") else {
            throw .latest(on: other, result: sqlite3_errcode(other), sql: nil)
        }
        let step = sqlite3_backup_step(backup, -1)
        let finish = sqlite3_backup_finish(backup)
        guard step == SQLITE_DONE, finish == SQLITE_OK else {
            let result = finish == SQLITE_OK ? step : finish
            throw .latest(on: other, result: result, sql: nil)
        }
    }
}
