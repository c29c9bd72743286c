/// Keeps the write-ahead log within its limits, between two commits on the writer's thread.
///
/// SQLite writes the log from its start again as soon as all of it is in the database and no read still looks into it.
/// Reads that follow one another without a gap put that off for ever. So once a checkpoint has not been enough, no new
/// read starts for a few milliseconds; and the larger the log has become, the longer the writer waits, and the more of
/// the reads under way are ended.
struct LogKeeper {
    private let limits: LogLimits
    private let gate: (any ReadGate)?
    /// The log's pages when it was last looked after.
    private var lastPages = 0
    /// The most pages that the log has held since its file was cut to nothing.
    private var filePages = 0

    /// A commit into a log that was cut must lengthen its file again, which costs more than writing over it.
    private static let pagesWorthCutting = 256

    init(limits: LogLimits, gate: (any ReadGate)?) {
        self.limits = limits
        self.gate = gate
    }

    /// Whether the log has grown enough since it was last looked after.
    mutating func isDue(_ connection: Connection) -> Bool {
        let pages = connection.walPages
        filePages = max(filePages, pages)
        guard limits.restart > 0 else { return false }
        if pages < lastPages { lastPages = 0 }
        return pages >= limits.restart && pages - lastPages >= limits.step
    }

    /// Whether the log's file is so large that an idle server should not keep it.
    var isWorthCutting: Bool { filePages >= Self.pagesWorthCutting }

    /// Copies the log into the database and cuts its file to nothing.
    mutating func cut(on connection: Connection) throws(SQLiteError) {
        try connection.checkpoint(.truncate)
        lastPages = 0
        filePages = 0
    }

    /// Copies the log into the database and sees to it that the next commit writes it from its start.
    ///
    /// - Throws: what SQLite says when the log cannot be copied. Nothing is lost then: the log keeps the pages.
    mutating func work(on connection: Connection) throws(SQLiteError) {
        lastPages = connection.walPages
        try connection.checkpoint(.passive)
        if try restart(connection) { return }
        guard let gate else { return }
        let isLast = lastPages >= limits.endAllReads
        if !isLast {
            // Those that are ended here have left by the next attempt; nobody waits for them.
            if lastPages >= limits.endLongReads { gate.endReads(startedBefore: .now - Self.longRead) }
            // A read that has lasted for longer may last longer still.
            if let oldest = gate.oldestRead, oldest < .now - Self.patience { return }
        }
        gate.pause()
        defer { gate.resume() }
        if isLast { gate.endReads(startedBefore: .now) }
        guard gate.waitUntilIdle(within: isLast ? Self.lastPatience : Self.patience) else { return }
        _ = try restart(connection)
    }

    private static let longRead = Duration.seconds(1)
    /// How long commits wait for reads that are about to end, and for those that are made to end.
    private static let patience = Duration.milliseconds(20)
    private static let lastPatience = Duration.milliseconds(200)

    /// - Returns: false when a read or another program still looks into the log.
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
