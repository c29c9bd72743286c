/// Keeps the write-ahead log (WAL) within its limits; used by the writer between two commits.
///
/// SQLite restarts the WAL when all of its pages are in the database and no reader uses it. If a read runs at every moment, the
/// WAL never restarts. Therefore, if a checkpoint could not restart the WAL, no new read starts for some milliseconds. If the WAL
/// is large, running reads are ended first: those that have lasted for a second, or all if the WAL is even larger.
struct LogKeeper {
    private let limits: LogLimits
    private let gate: (any ReadGate)?
    /// The number of pages in the WAL at the last call of `empty`; 0 if the WAL has restarted since.
    private var lastPages = 0
    /// The largest number of pages that the WAL has held since its file was last truncated.
    private var filePages = 0

    /// Smaller files are not truncated, because a commit is slower if it must extend the file.
    private static let pagesWorthTruncating = 256

    init(limits: LogLimits, gate: (any ReadGate)?) {
        self.limits = limits
        self.gate = gate
    }

    /// Records the size of the WAL, and returns whether it has grown so much since the last call of `empty` that
    /// another call is necessary.
    mutating func recordSize(_ connection: Connection) -> Bool {
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

    /// Copies the WAL into the database and, unless running reads prevent it, makes the next commit restart the WAL.
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
        guard gate.waitForReads(startedBefore: moment, within: Self.waitForEndedReads) else { return }
        // Copies the pages that the ended reads have blocked, while cheap reads continue.
        try connection.checkpoint(.passive)
        try restartBetweenReads(connection, gate)
    }

    private mutating func restartBetweenReads(_ connection: Connection, _ gate: any ReadGate) throws(SQLiteError) {
        // A read that has already lasted for longer than `waitForShortReads` will probably not end within it.
        if let oldest = gate.oldestRead, oldest < .now - Self.waitForShortReads { return }
        gate.pause(.all)
        defer { gate.resume(.all) }
        guard gate.waitForReads(startedBefore: .now, within: Self.waitForShortReads) else { return }
        _ = try restart(connection)
    }

    private static let longRead = Duration.seconds(1)
    /// The longest time for which commits wait for short reads.
    private static let waitForShortReads = Duration.milliseconds(20)
    /// The longest time for which commits wait until reads that must end have ended.
    private static let waitForEndedReads = Duration.milliseconds(200)

    /// - Returns: false if a read or another program still uses the WAL.
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
