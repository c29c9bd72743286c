import Budgets
import HTTPWire
import Threads

/// Work for clients, who have turns, and whose shares of the server's time include it.
extension ThreadPool {
    /// Runs the work as `run(for:_:)` does with the number of the caller's party.
    func run(for caller: Caller, _ work: @escaping @Sendable () -> Void) {
        run(for: caller.turn, Self.measured(work, caller))
    }

    /// Runs the work as `run(ifFewerWaitThan:for:_:)` does with the number of the caller's party.
    func run(ifFewerWaitThan limit: Int, for caller: Caller, _ work: @escaping @Sendable () -> Void) -> Bool {
        run(ifFewerWaitThan: limit, for: caller.turn, Self.measured(work, caller))
    }

    /// The work, and the addition of the processor time that it takes.
    private static func measured(_ work: @escaping @Sendable () -> Void, _ caller: Caller) -> @Sendable () -> Void {
        guard let share = caller.timeShare, share.isMeasured else { return work }
        return {
            let start = SystemCall.threadNanoseconds()
            work()
            share.add(.nanoseconds(SystemCall.threadNanoseconds() &- start))
        }
    }
}
