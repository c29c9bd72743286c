/// How large the write-ahead log may become, in pages.
///
/// A page takes 4,120 bytes of the log.
package struct LogLimits: Sendable {
    /// Pages at which the log is copied into the database and written from its start again; 0 for never.
    package let restart: Int

    /// Pages between two attempts, when reads have kept the log from being written from its start.
    package let step: Int

    /// Pages from which reads that have lasted for a second are ended.
    package let endLongReads: Int

    /// Pages from which all reads that are under way are ended.
    package let endAllReads: Int

    /// After a kill the next start reads the log, 1 to 2 ms for each MB: with more its start would be felt.
    private static let largestRestart = 4_096

    /// - Parameter bytes: what the log may take on the disk; at least 1 MB.
    package init(bytes: Int = 64 * 1_048_576) {
        let pages = max(bytes, 1_048_576) / 4_120
        self.init(restart: min(Self.largestRestart, pages / 4), largest: pages)
    }

    /// - Parameter largest: pages that the log may hold.
    package init(restart: Int, largest: Int) {
        self.restart = restart
        step = max(1, restart / 4)
        endLongReads = largest / 2
        endAllReads = largest / 4 * 3
    }
}
