internal import Glibc

/// An open descriptor of a file or socket, which is closed when this object is deallocated.
///
/// A class, not a move-only struct, because several threads share descriptors, and none may close a descriptor that
/// another is using.
package final class Descriptor: Sendable {
    package let rawValue: Int32

    /// - Parameter rawValue: an open descriptor that nothing else closes.
    package init(owning rawValue: Int32) { self.rawValue = rawValue }

    /// Opens a descriptor of `/dev/null`, to reserve its number for later; nil if the process can open no more.
    package static func placeholder() -> Descriptor? {
        let created = open("/dev/null", O_RDONLY | O_CLOEXEC)
        return created < 0 ? nil : Descriptor(owning: created)
    }

    deinit {
        // The result is ignored, because Linux frees the number even if close fails (close(2), "Dealing with error returns").
        _ = close(rawValue)
    }
}
