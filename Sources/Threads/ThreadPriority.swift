internal import CLinux
internal import Glibc

extension SystemThread {
    /// How soon a thread gets a processor that others use.
    package enum Pace: Sendable {
        /// After the time slice of the thread that has it.
        case usual
        /// At once, for threads that work for a moment at a time while clients wait: their own time slice is short, so that
        /// they take no more of the processors than others. Linux before 6.12 knows only `usual`.
        case prompt

        /// 0 stands for that of the system.
        fileprivate var sliceNanoseconds: UInt64 {
            switch self {
            case .usual: 0
            case .prompt: 100_000
            }
        }
    }

    /// Sets the pace of the calling thread, which a new thread would have from the one that starts it.
    ///
    /// If the system refuses it, the thread goes on as before.
    static func take(_ pace: Pace) { apus_set_time_slice(pace.sliceNanoseconds) }

    /// Lowers the priority of the calling thread, and of those that it starts later, and gives it the usual pace.
    ///
    /// An ordinary process cannot undo that. Under full load such a thread gets about a tenth of the processor time of
    /// another one. If the system refuses it, the thread keeps its priority.
    package static func lowerPriority() {
        take(.usual)
        // In Linux 0 stands for the calling thread (setpriority(2), "C library/kernel differences").
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
    }
}
