internal import Glibc

extension SystemThread {
    /// Lowers the priority of the calling thread; an ordinary process cannot undo that.
    ///
    /// Under full load such a thread gets about a tenth of the processor time of another one. If the system refuses it,
    /// the thread keeps its priority.
    package static func lowerPriority() {
        // In Linux 0 stands for the calling thread (setpriority(2), "C library/kernel differences").
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
    }
}
