internal import CLinux
internal import Files
internal import Glibc
internal import Synchronization

/// Ends calls early, those in progress and those that begin later; does not interrupt the look-up of a host name.
package final class CallInterruption: Sendable {
    /// A descriptor that becomes readable when calls must end; nil if the system had no descriptor left, and calls therefore
    /// notice the interruption only between two steps.
    let signal: Descriptor?
    private let isSet = Atomic(false)

    package init() {
        let created = eventfd(0, O_CLOEXEC | O_NONBLOCK)
        signal = created < 0 ? nil : Descriptor(owning: created)
    }

    package var isInterrupted: Bool { isSet.load(ordering: .acquiring) }

    /// Ends the calls; usable from any thread.
    package func interrupt() {
        guard !isSet.exchange(true, ordering: .acquiringAndReleasing), let signal else { return }
        _ = eventfd_write(signal.rawValue, 1)
    }

    /// Blocks the calling thread for the duration, or until the interruption.
    package func wait(_ duration: Duration) {
        let deadline = Deadline(after: duration)
        while !isInterrupted, deadline.remainingMilliseconds > 0 {
            var entry = pollfd(fd: signal?.rawValue ?? -1, events: Int16(POLLIN), revents: 0)
            let milliseconds = deadline.remainingMilliseconds
            _ = poll(&entry, 1, signal == nil ? min(milliseconds, 50) : milliseconds)
        }
    }
}
