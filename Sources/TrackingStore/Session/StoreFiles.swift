internal import Files
internal import SQLite

/// The identity of the store's files when they were opened.
///
/// SQLite keeps the files open. If a file is deleted or replaced, SQLite goes on writing to the old file, and what it
/// writes is lost.
struct StoreFiles: Sendable {
    /// Whether the files are still at their paths.
    enum State {
        case inPlace
        /// No file or another file is at the database's path.
        case databaseGone
        /// The database is at its path, but its WAL is missing, replaced or truncated.
        case logGone
    }

    let databasePath: String
    private let database: FileIdentity?
    private let log: FileIdentity?
    private let fileLock: DatabaseFileLock?

    /// Records the files' identities.
    ///
    /// Create the value after the database has been read, because the WAL may not exist before the first read.
    init(databasePath: String, hasLog: Bool, fileLock: DatabaseFileLock? = nil) {
        self.databasePath = databasePath
        self.fileLock = fileLock
        database = FileIdentity(path: databasePath)
        log = hasLog ? FileIdentity(path: databasePath + Self.logSuffix) : nil
    }

    /// Checks the paths with one `stat` call for each file.
    ///
    /// - Parameter loggedBytes: the size in bytes that the WAL has if it is complete; a smaller WAL was truncated.
    func state(loggedBytes: Int64 = 0) -> State {
        guard FileIdentity(path: databasePath) == database else { return .databaseGone }
        guard let log else { return .inPlace }
        let found = FileStatus(path: databasePath + Self.logSuffix)
        return found?.identity == log && (found?.size ?? 0) >= loggedBytes ? .inPlace : .logGone
    }

    /// Whether the database file no longer has any name in the file system, so that it was deleted and not moved.
    var isDeleted: Bool { fileLock.map { !$0.isLinked } ?? false }

    /// Whether no file is at the database's path.
    var isDatabasePathEmpty: Bool { FileIdentity(path: databasePath) == nil }

    private static let logSuffix = "-wal"
}

/// The size of a file in bytes; 0 if it does not exist.
func fileSize(_ path: String) -> Int64 { FileStatus(path: path)?.size ?? 0 }
