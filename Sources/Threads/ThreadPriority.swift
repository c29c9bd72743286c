internal import CLinux
internal import Glibc

extension SystemThread {
    /// How soon a thread that has work gets a processor that another thread uses.
    package enum Pace: Sendable {
        /// When the time slice of the other thread is over.
        case usual
        /// At once; for threads that work for a moment at a time while clients wait.
        ///
        /// The thread's own time slice is then short, so that it gets no more processor time than others. Has no effect
        /// on Linux before 6.12.
        case prompt

        /// The time slice in nanoseconds; 0 stands for the system's default.
        fileprivate var sliceNanoseconds: UInt64 {
            switch self {
            case .usual: 0
            case .prompt: 100_000
            }
        }
    }

    /// Sets the pace of the calling thread, unless the system refuses; a new thread inherits the pace of the thread that starts
    /// it.
    static func setPace(_ pace: Pace) { apus_set_time_slice(pace.sliceNanoseconds) }

    /// Lowers the priority of the calling thread, and of threads that it starts later, and sets its pace to `usual`.
    ///
    /// An ordinary process cannot raise the priority again. Under full load such a thread gets about a tenth of the
    /// processor time of another thread. If the system refuses, the thread keeps its priority.
    package static func lowerPriority() {
        setPace(.usual)
        // In Linux 0 stands for the calling thread (setpriority(2), "C library/kernel differences").
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
    }
}
