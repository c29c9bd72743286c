package import Budgets
internal import Glibc

/// Bounds of one read.
package struct ReadLimits: Sendable {
    /// Processor time.
    package var work: Duration
    /// Time on the clock from the start of its transaction.
    package var time: Duration
    /// Processor time after which it goes on at a low priority, beside a few others like it.
    package var workBeforeLong: Duration = .milliseconds(100)
    /// Reads of that kind that run at once; the others begin again when it is their turn.
    package var longReads: Int

    /// As the server's budgets say, with long reads on half of the machine's processors at the most.
    package init(_ budgets: BudgetLimits = .init()) {
        work = budgets.readWork
        time = budgets.readTime
        longReads = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)) / 2)
    }
}

/// A read was ended before it had its answer.
package struct ReadEnded: Error, Sendable {
    package enum Reason: Sendable {
        /// Its processor time was used up.
        case work
        /// Its time on the clock was used up.
        case time
        /// Nobody waits for the answer.
        case callerLeft
        /// The write-ahead log had to be emptied, for the second time during this read.
        case log
    }

    package let reason: Reason
    package let limits: ReadLimits
}
