/// Keeps the write-ahead log (WAL) within its limits; runs on the writer's thread, between two commits.
///
/// SQLite restarts the WAL as soon as all its pages are in the database and no reader uses it. Reads that overlap
/// without a gap prevent this for ever. So when a checkpoint could not restart the WAL, no new read starts for some
/// milliseconds. When the WAL has become large, running reads are ended first: the long ones, and at last all.
struct LogKeeper {
    private let limits: LogLimits
    private let gate: (any ReadGate)?
    /// Pages in the WAL at the last call of `empty`.
    private var lastPages = 0
    /// The most pages that the WAL has held since its file was truncated.
    private var filePages = 0

    /// Smaller files are kept: extending a truncated file costs a commit more than overwriting pages.
    private static let pagesWorthTruncating = 256

    init(limits: LogLimits, gate: (any ReadGate)?) {
        self.limits = limits
        self.gate = gate
    }

    /// Whether the WAL has grown enough since the last call of `empty` to need the next one.
    mutating func isDue(_ connection: Connection) -> Bool {
        let pages = connection.walPages
        filePages = max(filePages, pages)
        guard limits.restart > 0 else { return false }
        if pages < lastPages { lastPages = 0 }
        return pages >= limits.restart && pages - lastPages >= limits.step
    }

    /// Whether the WAL file is so large that an idle server should truncate it.
    var isWorthTruncating: Bool { filePages >= Self.pagesWorthTruncating }

    /// Copies the WAL into the database and truncates its file.
    mutating func truncate(on connection: Connection) throws(SQLiteError) {
        try connection.checkpoint(.truncate)
        lastPages = 0
        filePages = 0
    }

    /// Copies the WAL into the database and makes the next commit restart the WAL.
    ///
    /// - Throws: SQLite's error if the WAL cannot be copied. Nothing is lost then: the WAL keeps its pages.
    mutating func empty(on connection: Connection) throws(SQLiteError) {
        lastPages = connection.walPages
        try connection.checkpoint(.passive)
        if try restart(connection) { return }
        guard let gate else { return }
        if lastPages < limits.endLongReads { return try restartBetweenReads(connection, gate) }
        gate.pause(.expensive)
        defer { gate.resume(.expensive) }
        let moment = ReadMoment.now - (lastPages < limits.endAllReads ? Self.longRead : .zero)
        gate.endReads(startedBefore: moment)
        guard gate.waitForReads(startedBefore: moment, within: Self.patienceWithEndedReads) else { return }
        // Copies what the ended reads have kept back, while cheap reads go on.
        try connection.checkpoint(.passive)
        try restartBetweenReads(connection, gate)
    }

    private mutating func restartBetweenReads(_ connection: Connection, _ gate: any ReadGate) throws(SQLiteError) {
        // A read that has already lasted longer than `patience` is not worth waiting for.
        if let oldest = gate.oldestRead, oldest < .now - Self.patience { return }
        gate.pause(.all)
        defer { gate.resume(.all) }
        guard gate.waitForReads(startedBefore: .now, within: Self.patience) else { return }
        _ = try restart(connection)
    }

    private static let longRead = Duration.seconds(1)
    /// How long commits wait for short reads to finish.
    private static let patience = Duration.milliseconds(20)
    /// How long commits wait for ended reads to leave.
    private static let patienceWithEndedReads = Duration.milliseconds(200)

    /// - Returns: false when a read or another program still uses the WAL.
    private mutating func restart(_ connection: Connection) throws(SQLiteError) -> Bool {
        do {
            try connection.checkpoint(.restart)
        } catch  where error.isBusy {
            return false
        }
        lastPages = 0
        return true
    }
}
