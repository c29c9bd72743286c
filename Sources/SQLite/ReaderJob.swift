internal import Budgets

/// One read, independent of the type of its result.
struct ReaderJob: Sendable {
    let cost: ReadCost
    let caller: Caller
    /// The sum of the processor times of all reads for the same answer; nil if the answer needs only this read.
    let effort: ReadEffort?
    /// Runs the read, and returns a closure that passes the result to the caller.
    let run: @Sendable (any ReaderContext) throws -> (@Sendable () -> Void)
    /// Passes an error to the caller.
    let fail: @Sendable (any Error) -> Void
    /// Whether the read has already been ended once to let the WAL restart.
    var wasCutOff = false
    /// Whether the budget of waiting reads counts the job.
    var countsAsWaiting = false
}

/// The next step of a reader's thread.
enum ReaderTask {
    case perform(ReaderJob)
    /// Delivers the result of a long read.
    ///
    /// The thread of the long read does not deliver the result itself, because its low priority might be passed on to
    /// threads that the delivery wakes or starts.
    case deliver(@Sendable () -> Void)
    case releaseMemory
}
