import CLinux
import Files
import Glibc

/// A descriptor that becomes readable when a thread calls `ring()`: wakes up another thread that waits for sockets.
struct WakeUpCall: ~Copyable {
    private let descriptor: Descriptor

    var rawValue: Int32 { descriptor.rawValue }

    init() throws(HTTPServerError) {
        let created = eventfd(0, O_CLOEXEC | O_NONBLOCK)
        let code = errno
        guard created >= 0 else { throw HTTPServerError(call: "eventfd", code: code) }
        descriptor = Descriptor(owning: created)
    }

    /// Wakes the waiting thread; may be called on any thread.
    borrowing func ring() {
        // The write fails only when the counter of the eventfd is full, and then the descriptor is readable anyway.
        _ = eventfd_write(descriptor.rawValue, 1)
    }
}
