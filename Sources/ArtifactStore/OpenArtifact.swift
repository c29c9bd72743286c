package import Files
internal import Glibc

/// A file that is open for reading, with the facts that the head of a response needs.
///
/// The file or the connection is closed when the last reference is released, so keep a reference until the last byte is sent.
package final class OpenArtifact: Sendable {
    private enum Content: Sendable {
        case file(Descriptor)
        case object(any ArtifactObject)
    }

    private let content: Content
    /// The facts at the moment of opening; a committed file never changes, and an upload replaces it as a whole.
    let facts: ArtifactFacts
    /// A strong entity tag with its quotes (RFC 9110 §8.8.3); it changes with each upload of the file, unless the new
    /// file is a hard link to the old one.
    package let entityTag: String

    init(_ descriptor: Descriptor, status: FileStatus) {
        content = .file(descriptor)
        facts = ArtifactFacts(status)
        let time = status.modification
        let parts = [status.identity.inode, UInt64(bitPattern: time.seconds), UInt64(bitPattern: time.nanoseconds)]
        let digits = parts.map { String($0, radix: 16) }.joined(separator: "-")
        entityTag = "\"\(digits)-\(String(status.size, radix: 16))\""
    }

    /// Creates the value for a file in an object store.
    package init(_ object: any ArtifactObject, _ facts: ArtifactFacts, entityTag: String) {
        content = .object(object)
        self.facts = facts
        self.entityTag = entityTag
    }

    /// The size in bytes at the moment of opening.
    package var size: Int64 { facts.size }

    /// The modification time in whole seconds since 1970, for `Last-Modified`.
    package var modificationSeconds: Int64 { facts.modification.seconds }

    /// The open local file; nil for a file in an object store.
    package var descriptor: Descriptor? {
        if case .file(let descriptor) = content { descriptor } else { nil }
    }

    /// The file in an object store; nil for a local file.
    package var object: (any ArtifactObject)? {
        if case .object(let object) = content { object } else { nil }
    }
}

/// The bytes of a file in an object store.
package protocol ArtifactObject: AnyObject, Sendable {
    /// Fills the buffer with the bytes from an offset on; costs a request, unless the read continues where the last one ended.
    ///
    /// - Throws: `.replaced` if the file was replaced since it was opened; other failures of the storage.
    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(ArtifactError)

    /// Returns the bytes from an offset on that the storage sends next; at least one byte.
    ///
    /// - Parameter end: the offset at which the wanted part of the file ends; must be greater than `offset`.
    func piece(at offset: Int64, end: Int64) throws(ArtifactError) -> [UInt8]
}

/// The facts about a file or a folder that a listing contains.
package struct ArtifactFacts: Sendable {
    /// The size in bytes; 0 for folders.
    package let size: Int64
    /// The time at which the content of a file, or the list of names in a folder, was modified.
    package let modification: FileTime
    /// Identifies the content of a file; nil for folders.
    let version: ContentVersion?

    /// Creates the facts about a file in an object store.
    ///
    /// - Parameters:
    ///   - modified: the modification time in Unix seconds.
    ///   - address: a text that differs for each object of each storage.
    ///   - tag: the entity tag, which differs for different content.
    package init(size: Int64, modified: Int64, address: String, tag: String) {
        self.size = size
        modification = FileTime(timespec(tv_sec: Int(modified), tv_nsec: 0))
        version = .object(address: address, tag: tag)
    }

    /// The facts about any folder in an object store.
    package static let folder = ArtifactFacts()

    private init() {
        size = 0
        modification = FileTime(timespec(tv_sec: 0, tv_nsec: 0))
        version = nil
    }

    init(_ status: FileStatus) {
        size = status.size
        modification = status.modification
        version = .file(status)
    }

    init(folder status: FileStatus) {
        size = 0
        modification = status.modification
        version = nil
    }
}

/// A value that is equal only for equal content of the same file.
enum ContentVersion: Hashable, Sendable {
    case file(FileStatus)
    case object(address: String, tag: String)
}
