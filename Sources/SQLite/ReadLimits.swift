package import Budgets
internal import Glibc

/// Limits of one read.
package struct ReadLimits: Sendable {
    /// The most processor time that the read may use.
    package var work: Duration
    /// The most wall-clock time from the start of the read.
    package var time: Duration
    /// The processor time after which a read is long: it then continues at a low priority.
    package var workBeforeLong: Duration = .milliseconds(50)
    /// The most long reads that run at the same time; further ones are ended and queued, and start again later.
    package var longReads: Int

    /// Copies the limits from the server's budgets; at most half as many long reads run as the machine has processors.
    package init(_ budgets: BudgetLimits = .init()) {
        work = budgets.readProcessorTime
        time = budgets.readElapsedTime
        longReads = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)) / 2)
    }
}

/// The error of a read that was ended before it had a result.
package struct ReadEnded: Error, Sendable {
    package enum Reason: Sendable {
        /// The read used up its processor time.
        case work
        /// The read used up its wall-clock time.
        case time
        /// The client that asked for the read has disconnected.
        case callerLeft
        /// The read was ended for the second time because it kept the write-ahead log (WAL) from restarting.
        case blocksLog
    }

    package let reason: Reason
    package let limits: ReadLimits
}
