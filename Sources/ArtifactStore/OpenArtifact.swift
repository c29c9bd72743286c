package import Files
internal import Glibc

/// A file that is open for reading, with the facts that the head of a response needs.
///
/// What it holds open is closed when the last reference is released, so keep a reference until the last byte is sent.
package final class OpenArtifact: Sendable {
    private enum Content: Sendable {
        case file(Descriptor)
        case object(any ArtifactObject)
    }

    private let content: Content
    /// The file at the moment of opening; a committed file never changes, uploads replace it whole.
    let facts: ArtifactFacts
    /// A strong entity tag with its quotes (RFC 9110 §8.8.3): another one for each upload of
    /// the file, unless the new bytes share the space of the old ones.
    package let entityTag: String

    init(_ descriptor: Descriptor, status: FileStatus) {
        content = .file(descriptor)
        facts = ArtifactFacts(status)
        let time = status.modification
        let parts = [status.identity.inode, UInt64(bitPattern: time.seconds), UInt64(bitPattern: time.nanoseconds)]
        let digits = parts.map { String($0, radix: 16) }.joined(separator: "-")
        entityTag = "\"\(digits)-\(String(status.size, radix: 16))\""
    }

    /// A file of an object storage.
    package init(_ object: any ArtifactObject, _ facts: ArtifactFacts, entityTag: String) {
        content = .object(object)
        self.facts = facts
        self.entityTag = entityTag
    }

    /// In bytes, at the moment of opening.
    package var size: Int64 { facts.size }

    /// The modification time in whole seconds since 1970, for `Last-Modified`.
    package var modificationSeconds: Int64 { facts.modification.seconds }

    /// The open file; nil where it lies in an object storage.
    package var descriptor: Descriptor? {
        if case .file(let descriptor) = content { descriptor } else { nil }
    }

    /// The file in an object storage; nil where it is a local one.
    package var object: (any ArtifactObject)? {
        if case .object(let object) = content { object } else { nil }
    }
}

/// The bytes of a file in an object storage.
package protocol ArtifactObject: AnyObject, Sendable {
    /// Fills the buffer with the bytes from an offset on; cheap where each call goes on where the last one ended.
    ///
    /// - Throws: also when the file has become another since it was opened.
    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(ArtifactError)

    /// The next piece of a part of the file, of any length, from an offset on; not empty.
    ///
    /// - Parameter end: the offset at which the part ends, greater than `offset`.
    func piece(at offset: Int64, end: Int64) throws(ArtifactError) -> [UInt8]
}

/// What is known of a file without its bytes.
package struct ArtifactFacts: Sendable {
    /// In bytes; 0 for folders.
    package let size: Int64
    /// The modification time of a file's content, or of a folder's list of names.
    package let modification: FileTime
    /// Tells this content from others; nil for folders of object storages.
    let version: ContentVersion?

    /// A file in an object storage.
    ///
    /// - Parameters:
    ///   - modified: seconds since 1970.
    ///   - place: names the object among those of all storages.
    ///   - tag: another one for each content.
    package init(size: Int64, modified: Int64, place: String, tag: String) {
        self.size = size
        modification = FileTime(timespec(tv_sec: Int(modified), tv_nsec: 0))
        version = .object(place: place, tag: tag)
    }

    /// A folder in an object storage.
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

/// Tells the content of a file from every other content.
enum ContentVersion: Hashable, Sendable {
    case file(FileStatus)
    case object(place: String, tag: String)
}
