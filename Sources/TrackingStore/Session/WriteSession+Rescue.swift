internal import Glibc
internal import SQLite
internal import Tracking

extension WriteSession {
    /// Saves the content of the database or its WAL if one of them is no longer at its path.
    ///
    /// Call this function only outside a transaction. SQLite keeps deleted files open, so their content can still be
    /// read. The content of a deleted WAL is copied into the database, and a deleted database is copied to a new file
    /// in the same folder. A database that was moved needs no copy.
    func rescue() {
        guard !isContentSaved else { return }
        switch files.state() {
        case .inPlace: return
        case .logGone: rescueLog()
        case .databaseGone: files.isDeleted ? rescueDatabase() : reportMove()
        }
    }

    private func rescueLog() {
        guard let (log, done) = try? connection.checkpoint(.passive), log == done else { return }
        isContentSaved = true
        report("the write-ahead log \(files.databasePath)-wal was deleted; its content was saved in the database")
    }

    private func reportMove() {
        isContentSaved = true
        report("the database \(files.databasePath) was moved or its folder was renamed; the moved file is complete")
    }

    private func rescueDatabase() {
        let copy = "\(files.databasePath).rescued-\(currentMilliseconds() / 1_000)"
        do {
            try copyDatabase(to: copy)
            isContentSaved = true
            report("the database \(files.databasePath) was deleted; a complete copy was saved as \(copy)")
        } catch {
            report(
                "the database \(files.databasePath) was deleted, and copying it to \(copy) failed (\(error)); until "
                    + "this process (pid \(getpid())) ends, its open files can be copied from /proc/\(getpid())/fd"
            )
        }
    }

    /// Copies the database to a new file that only the owner can read.
    private func copyDatabase(to copy: String) throws {
        let part = copy + ".part"
        let descriptor = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 { close(descriptor) }
        do {
            try connection.run("VACUUM INTO ?1", part)
            guard rename(part, copy) == 0 else { throw StoreCorruption(String(cString: strerror(errno))) }
        } catch {
            unlink(part)
            throw error
        }
    }
}
