internal import Files
internal import SQLite

/// The files of the store as they were when it was opened.
///
/// SQLite holds them open: what is deleted or replaced beneath it goes on taking writes that nobody will ever read again.
struct StoreFiles: Sendable {
    /// What has become of them.
    enum Verdict {
        case inPlace
        /// Nothing has a claim on the path any more, or another file has.
        case databaseGone
        /// The database is in its place, its write-ahead log is not, or has been cut.
        case logGone
    }

    let databasePath: String
    private let database: FileIdentity?
    private let log: FileIdentity?
    private let claim: DatabaseClaim?

    /// Looks at them; a write-ahead log exists as soon as the database has been read.
    init(databasePath: String, hasLog: Bool, claim: DatabaseClaim? = nil) {
        self.databasePath = databasePath
        self.claim = claim
        database = FileIdentity(path: databasePath)
        log = hasLog ? FileIdentity(path: databasePath + Self.logSuffix) : nil
    }

    /// Costs a status call for each file.
    /// - Parameter loggedBytes: what the log must hold at the least.
    func verdict(loggedBytes: Int64 = 0) -> Verdict {
        guard FileIdentity(path: databasePath) == database else { return .databaseGone }
        guard let log else { return .inPlace }
        let found = FileStatus(path: databasePath + Self.logSuffix)
        return found?.identity == log && (found?.size ?? 0) >= loggedBytes ? .inPlace : .logGone
    }

    /// Whether the database's own file has no name left: it was deleted, not moved.
    var isDeleted: Bool { claim.map { !$0.isLinked } ?? false }

    /// Whether nothing lies where the database was.
    var isPlaceEmpty: Bool { FileIdentity(path: databasePath) == nil }

    private static let logSuffix = "-wal"
}

/// The size of a file in bytes; 0 where there is none.
func fileSize(_ path: String) -> Int64 { FileStatus(path: path)?.size ?? 0 }
