package import Files
internal import Glibc

/// A file that is open for reading, with the facts that the head of a response needs.
///
/// The descriptor is closed when the last reference is released, so keep a reference until the last byte is sent.
package final class OpenArtifact: Sendable {
    package let descriptor: Descriptor
    /// The file at the moment of opening; a committed file never changes, uploads replace it whole.
    let status: FileStatus

    init(_ descriptor: Descriptor, status: stat) {
        self.descriptor = descriptor
        self.status = FileStatus(status)
    }

    /// In bytes, at the moment of opening.
    package var size: Int64 { status.size }

    /// The modification time in whole seconds since 1970, for `Last-Modified`.
    package var modificationSeconds: Int64 { status.modification.seconds }

    /// A strong entity tag with its quotes (RFC 9110 §8.8.3): another one for each upload of
    /// the file, unless the new bytes share the space of the old ones.
    package var entityTag: String {
        let time = status.modification
        let parts = [status.identity.inode, UInt64(bitPattern: time.seconds), UInt64(bitPattern: time.nanoseconds)]
        let digits = parts.map { String($0, radix: 16) }.joined(separator: "-")
        return "\"\(digits)-\(String(size, radix: 16))\""
    }
}
