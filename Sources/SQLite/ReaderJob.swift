internal import Budgets

/// One read without its result type.
struct ReaderJob: Sendable {
    let cost: ReadCost
    let caller: Caller
    /// The processor time shared with the other parts of the same answer.
    let effort: ReadEffort?
    /// Runs the read, and returns a closure that hands its result over.
    let run: @Sendable (any ReaderContext) throws -> (@Sendable () -> Void)
    let fail: @Sendable (any Error) -> Void
    /// Whether the read was already ended once to let the WAL restart.
    var wasRecalled = false
    /// Whether the job holds a place in the budget of waiting reads.
    var holdsPlace = false
}

/// What a reader's thread does next.
enum ReaderTask {
    case perform(ReaderJob)
    /// Delivers the result of a long read; the read's own thread might pass its low priority on to threads it wakes.
    case deliver(@Sendable () -> Void)
    case releaseMemory
}
