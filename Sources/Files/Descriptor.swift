internal import Glibc

/// An open descriptor of a file or socket, which is closed when its last owner releases it.
///
/// A class, not a move-only struct, because a folder, an upload and an answer that is being sent share descriptors across
/// threads, and none may close one that another is using.
package final class Descriptor: Sendable {
    package let rawValue: Int32

    /// Takes over a descriptor that nobody else will close.
    package init(owning rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// Opens an unused descriptor, which reserves its number; nil if none is left.
    package static func placeholder() -> Descriptor? {
        let created = open("/dev/null", O_RDONLY | O_CLOEXEC)
        return created < 0 ? nil : Descriptor(owning: created)
    }

    deinit {
        // The result is of no use: Linux frees the number even when close fails (close(2), "Dealing with error returns").
        _ = close(rawValue)
    }
}
