package import Budgets
internal import Glibc

/// Limits of one read.
package struct ReadLimits: Sendable {
    /// The processor time it may use.
    package var work: Duration
    /// The wall-clock time from the start of its transaction.
    package var time: Duration
    /// The processor time after which a read is long: it continues at the lowest priority, beside a few other long reads.
    package var workBeforeLong: Duration = .milliseconds(100)
    /// Long reads that may run at once; the others wait for their turn and start again.
    package var longReads: Int

    /// Takes the limits from the server's budgets; long reads use at most half of the machine's processors.
    package init(_ budgets: BudgetLimits = .init()) {
        work = budgets.readWork
        time = budgets.readTime
        longReads = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)) / 2)
    }
}

/// The error of a read that was ended before it had its result.
package struct ReadEnded: Error, Sendable {
    package enum Reason: Sendable {
        /// It used up its processor time.
        case work
        /// It used up its wall-clock time.
        case time
        /// Its caller has disconnected.
        case callerLeft
        /// It kept the WAL from restarting, for the second time.
        case log
    }

    package let reason: Reason
    package let limits: ReadLimits
}
