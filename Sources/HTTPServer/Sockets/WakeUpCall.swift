import CLinux
import Files
import Glibc

/// A descriptor that becomes readable when another thread calls, so that a thread that waits for sockets wakes up.
struct WakeUpCall: ~Copyable {
    private let descriptor: Descriptor

    var rawValue: Int32 { descriptor.rawValue }

    init() throws(HTTPServerError) {
        let created = eventfd(0, O_CLOEXEC | O_NONBLOCK)
        let code = errno
        guard created >= 0 else { throw HTTPServerError(call: "eventfd", code: code) }
        descriptor = Descriptor(owning: created)
    }

    /// Wakes the thread that waits; from any thread.
    borrowing func ring() {
        // The write fails only after 2^64 calls that nobody has read, and then the descriptor is readable anyway.
        _ = eventfd_write(descriptor.rawValue, 1)
    }
}
