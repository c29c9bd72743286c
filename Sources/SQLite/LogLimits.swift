/// Limits on the size of the write-ahead log (WAL), in pages; a page takes 4,120 bytes of the WAL.
package struct LogLimits: Sendable {
    /// The number of pages at which a checkpoint copies the WAL into the database and restarts it; 0 for no checkpoint.
    package let restart: Int
    /// The number of pages by which the WAL must grow before the next attempt, if reads have kept it from restarting.
    package let step: Int
    /// The number of pages at which reads that have lasted for a second are ended.
    package let endLongReads: Int
    /// The number of pages at which all running reads are ended.
    package let endAllReads: Int

    /// The largest value of `restart`: if the server is killed, the next start must read the WAL, at 1 to 2 ms per MB.
    private static let largestRestart = 4_096

    /// - Parameter bytes: the largest size of the WAL on disk; at least 1 MB.
    package init(bytes: Int = 64 * 1_048_576) {
        let pages = max(bytes, 1_048_576) / 4_120
        self.init(restart: min(Self.largestRestart, pages / 4), largest: pages)
    }

    /// - Parameter largest: the most pages that the WAL may hold; the limits for ending reads are 1/2 and 3/4 of it.
    package init(restart: Int, largest: Int) {
        self.restart = restart
        step = max(1, restart / 4)
        endLongReads = largest / 2
        endAllReads = largest / 4 * 3
    }
}
