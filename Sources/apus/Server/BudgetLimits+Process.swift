internal import Budgets
internal import Glibc

extension BudgetLimits {
    /// The usual limits, with no more connections than the process may have open files for.
    ///
    /// The property first raises the soft limit of open files, which is often a quarter of what is needed, to the hard
    /// limit, but not above 65,536.
    static var fittingProcessLimits: BudgetLimits {
        var limits = BudgetLimits()
        let files = raisedFileLimit()
        let reserved = filesBesideConnections + files / 32
        limits.connections = min(limits.connections, max(8, files - reserved))
        return limits
    }

    /// The files that the server needs besides connections: those of each database reader, logs, and artifacts in transfer.
    private static let filesBesideConnections = 32

    private static func raisedFileLimit() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1_024 }
        let wanted = min(limit.rlim_max, 65_536)
        if limit.rlim_cur < wanted {
            var raised = limit
            raised.rlim_cur = wanted
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        }
        return Int(min(limit.rlim_cur, 1_048_576))
    }
}
