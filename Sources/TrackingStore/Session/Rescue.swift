internal import Glibc
internal import SQLite

extension WriteSession {
    /// Brings to safety what the files hold that are out of their place; for a time without a transaction.
    ///
    /// A log that was deleted is copied into the database, and a database that was deleted into a new file beside its
    /// place: SQLite still holds both open. A database that was moved is whole where it is.
    func rescue() {
        guard !isRescued else { return }
        switch files.verdict() {
        case .inPlace: return
        case .logGone: rescueLog()
        case .databaseGone: files.isDeleted ? rescueDatabase() : noteMove()
        }
    }

    private func rescueLog() {
        guard let (log, done) = try? connection.checkpoint(.passive), log == done else { return }
        isRescued = true
        report("the write-ahead log \(files.databasePath)-wal was deleted; what it held is in the database now")
    }

    private func noteMove() {
        isRescued = true
        report("the database \(files.databasePath) was moved or its folder was renamed; it is whole where it is now")
    }

    private func rescueDatabase() {
        let copy = "\(files.databasePath).rescued-\(currentMilliseconds() / 1_000)"
        do {
            try copyDatabase(to: copy)
            isRescued = true
            report("the database \(files.databasePath) was deleted; all that it held is in \(copy) now")
        } catch {
            report(
                "the database \(files.databasePath) was deleted and cannot be copied to \(copy) (\(error)); while this "
                    + "process (pid \(getpid())) runs, its files are among /proc/\(getpid())/fd"
            )
        }
    }

    /// SQLite fills an empty file too, so that nobody else can read it meanwhile.
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
