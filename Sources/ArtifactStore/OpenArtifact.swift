internal import Glibc

/// A file opened for reading, with what the head of an answer needs.
///
/// The descriptor is closed when the last reference goes: keep one until the last byte is sent.
package final class OpenArtifact: Sendable {
    let owner: Descriptor
    /// In bytes, at the moment of opening; a committed file never changes, uploads replace it whole.
    package let size: Int64
    /// Whole seconds since 1970, for `Last-Modified`.
    package let modificationSeconds: Int64
    /// The nanoseconds beside `modificationSeconds`.
    package let modificationNanoseconds: Int64
    /// Which content of which file it is.
    let identity: FileIdentity
    private let inode: UInt64

    init(owner: Descriptor, status: stat) {
        self.owner = owner
        size = Int64(status.st_size)
        modificationSeconds = Int64(status.st_mtim.tv_sec)
        modificationNanoseconds = Int64(status.st_mtim.tv_nsec)
        inode = UInt64(status.st_ino)
        identity = FileIdentity(status)
    }

    /// For `sendfile` and `pread` only; valid as long as this object, never to be closed by the caller.
    package var descriptor: Int32 { owner.rawValue }

    /// A strong entity tag with its quotes (RFC 9110 §8.8.3): another one for each upload of
    /// the file, unless the new bytes share the space of the old ones.
    package var entityTag: String {
        let parts = [inode, UInt64(bitPattern: modificationSeconds), UInt64(bitPattern: modificationNanoseconds)]
        let digits = parts.map { String($0, radix: 16) }.joined(separator: "-")
        return "\"\(digits)-\(String(size, radix: 16))\""
    }
}
