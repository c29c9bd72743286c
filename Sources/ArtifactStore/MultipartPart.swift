internal import Files
internal import Synchronization

/// One part of a multipart upload that is being received.
///
/// The part ends with `commit()`, with `abort()`, or when its last reference is released. One connection writes at a
/// time; `abort()` may be called from any thread.
package final class MultipartPart: Sendable {
    struct Bounds {
        /// The offset of the part in the shared file; nil if the part has its own file.
        var offset: Int64?
        /// The length that the request announced.
        var announced: Int64?
        /// The greatest number of bytes that may be written.
        var maximum: Int64
    }

    private var isInSharedFile: Bool { bounds.offset != nil }
    private let upload: MultipartUpload
    private let number: Int
    private let tag: String
    private let bounds: Bounds
    /// Nil once the part has ended.
    private let file: Mutex<Descriptor?>
    private let written = Mutex<Int64>(0)
    private let earlyFlush: EarlyFlush

    init(upload: MultipartUpload, number: Int, tag: String, file: Descriptor, _ bounds: Bounds) {
        self.upload = upload
        self.number = number
        self.tag = tag
        self.bounds = bounds
        self.file = Mutex(file)
        earlyFlush = EarlyFlush(from: bounds.offset ?? 0)
    }

    deinit { abort() }

    /// Appends bytes to the part; blocks until all of them are written.
    ///
    /// - Throws: `MultipartError.partTooLarge`; `ArtifactError.spaceKept`, `.quotaExceeded`, and errors of the file
    ///   system, such as `.noSpace`. The part has then been aborted, and the upload continues.
    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard let file = file.withLock({ $0 }) else { throw MultipartError.unknownUpload }
        let count = Int64(bytes.count)
        let before = written.withLock { $0 }
        do {
            guard count <= bounds.maximum - before else { throw MultipartError.partTooLarge }
            try upload.claim?.grow(by: count)
            written.withLock { $0 += count }
            try upload.countBytes(count, isInSharedFile: isInSharedFile)
            let offset = (bounds.offset ?? 0) + before
            try file.write(bytes, at: offset)
            try earlyFlush.didWrite(to: offset + count, of: file)
        } catch {
            abort()
            throw error
        }
    }

    /// Makes the bytes durable and adds the part to the upload, where it replaces an earlier part of the same number.
    ///
    /// Blocks for a disk flush.
    /// - Returns: the entity tag, with its quotes; it differs each time a part is sent.
    /// - Throws: `MultipartError.unknownUpload` if the upload has ended meanwhile, `.wrongLength`; errors of the file
    ///   system. The part is then discarded.
    package func commit() throws -> String {
        guard let file = takeFile() else { throw MultipartError.unknownUpload }
        defer { upload.endPart(number, isInSharedFile: isInSharedFile) }
        do {
            let length = written.withLock { $0 }
            guard bounds.announced ?? length == length else { throw MultipartError.wrongLength }
            try file.synchronizeData()
            // The file stays open, and its range locked, until the journal tells other servers that the part has arrived.
            try withExtendedLifetime(file) {
                try upload.accept(StoredPart(offset: bounds.offset, length: length, tag: tag), number: number)
            }
        } catch {
            discard()
            throw error
        }
        return "\"\(tag)\""
    }

    /// Ends the part and discards its bytes; does nothing if the part has ended.
    package func abort() {
        guard takeFile() != nil else { return }
        discard()
        upload.endPart(number, isInSharedFile: isInSharedFile)
    }

    /// Removes the part's own file, if it has one.
    ///
    /// Bytes in the shared file stay, but are ignored, because the journal does not list the part.
    private func discard() {
        upload.claim?.shrink(by: written.withLock { $0 })
        // If the removal fails, the file is removed with the folder of the upload.
        if !isInSharedFile { _ = upload.removePart(number, tag: tag) }
    }

    /// Returns the file to the first caller, which ends the part; returns nil to later callers.
    private func takeFile() -> Descriptor? {
        file.withLock { file in
            defer { file = nil }
            return file
        }
    }
}
