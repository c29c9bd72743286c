internal import Glibc

extension SystemThread {
    /// Lets others go first from now on, on the calling thread alone; an ordinary process cannot take that back.
    ///
    /// Under full load such a thread still gets about a tenth of what another one gets. Where the system refuses it, the
    /// thread goes on as before.
    package static func lowerPriority() {
        // In Linux 0 stands for the calling thread (setpriority(2), "C library/kernel differences").
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
    }
}
