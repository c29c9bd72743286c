internal import Budgets

/// One read without its result type.
struct ReaderJob: Sendable {
    let cost: ReadCost
    let caller: Caller
    /// Shared with the other parts of the same answer.
    let effort: ReadEffort?
    /// Works, and returns what hands the outcome over.
    let run: @Sendable (any ReaderContext) throws -> (@Sendable () -> Void)
    let fail: @Sendable (any Error) -> Void
    /// Whether it was ended once for the sake of the log.
    var wasRecalled = false
    /// Whether it holds a place in the budget of those that wait.
    var holdsPlace = false
}

/// What a reader's thread does next.
enum ReaderTask {
    case perform(ReaderJob)
    /// Hands over what a long read has found: a thread that does so at a low priority might give it to those it wakes.
    case deliver(@Sendable () -> Void)
    case releaseMemory
}
