/// Limits on the size of the write-ahead log (WAL), in pages.
///
/// A page takes 4,120 bytes of the WAL.
package struct LogLimits: Sendable {
    /// Pages at which a checkpoint copies the WAL into the database and restarts it; 0 for never.
    package let restart: Int

    /// Further pages after which the next attempt follows, when reads have kept the WAL from restarting.
    package let step: Int

    /// Pages from which reads that have lasted for a second are ended.
    package let endLongReads: Int

    /// Pages from which all running reads are ended.
    package let endAllReads: Int

    /// After a kill the next start must read the WAL, at 1 to 2 ms per MB: a larger WAL would delay it noticeably.
    private static let largestRestart = 4_096

    /// - Parameter bytes: the largest size of the WAL on disk; at least 1 MB.
    package init(bytes: Int = 64 * 1_048_576) {
        let pages = max(bytes, 1_048_576) / 4_120
        self.init(restart: min(Self.largestRestart, pages / 4), largest: pages)
    }

    /// - Parameter largest: the most pages that the WAL may hold.
    package init(restart: Int, largest: Int) {
        self.restart = restart
        step = max(1, restart / 4)
        endLongReads = largest / 2
        endAllReads = largest / 4 * 3
    }
}
