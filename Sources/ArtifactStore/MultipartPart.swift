internal import Files
internal import Synchronization

/// One part of a multipart upload that is being received.
///
/// The part ends with `commit()`, with `abort()`, or when its last reference is released. One connection writes at a
/// time; `abort()` may be called from any thread.
package final class MultipartPart: Sendable {
    struct Bounds {
        /// The offset of the part in the file.
        var offset: Int64
        /// The length that the request announced.
        var announced: Int64?
        var maximum: Int64
    }

    private let upload: MultipartUpload
    private let number: Int
    private let tag: String
    private let isInPlace: Bool
    private let bounds: Bounds
    /// Nil once the part has ended.
    private let file: Mutex<Descriptor?>
    private let written = Mutex<Int64>(0)

    init(
        upload: MultipartUpload,
        number: Int,
        tag: String,
        isInPlace: Bool,
        file: Descriptor,
        _ bounds: Bounds
    ) {
        self.upload = upload
        self.number = number
        self.tag = tag
        self.isInPlace = isInPlace
        self.bounds = bounds
        self.file = Mutex(file)
    }

    deinit {
        abort()
    }

    /// Appends bytes to the part; blocks until the kernel has taken all of them.
    ///
    /// - Throws: `MultipartError.partTooLarge`; `ArtifactError.spaceKept`, `.quotaSpent`, and errors of the file system,
    ///   such as `.noSpace`. The part has then been aborted, and the upload continues.
    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard let file = file.withLock({ $0 }) else { throw MultipartError.unknownUpload }
        let count = Int64(bytes.count)
        let before = written.withLock { $0 }
        do {
            guard count <= bounds.maximum - before else { throw MultipartError.partTooLarge }
            try upload.claim?.grow(by: count)
            written.withLock { $0 += count }
            try upload.take(count, isInPlace: isInPlace)
            try file.write(bytes, at: bounds.offset + before)
        } catch {
            abort()
            throw error
        }
    }

    /// Makes the bytes durable and counts the part, replacing an earlier upload of the same part.
    ///
    /// Blocks for a disk flush.
    ///
    /// - Returns: The entity tag, with its quotes; it differs each time a part is sent.
    /// - Throws: `MultipartError.unknownUpload` when the upload has ended meanwhile, `.wrongLength`; errors of the
    ///   file system. The part then does not count.
    package func commit() throws -> String {
        guard let file = takeFile() else { throw MultipartError.unknownUpload }
        defer { upload.endPart(number, isInPlace: isInPlace) }
        do {
            let length = written.withLock { $0 }
            guard bounds.announced ?? length == length else { throw MultipartError.wrongLength }
            try file.synchronizeData()
            try upload.accept(StoredPart(isInPlace: isInPlace, length: length, tag: tag), number: number)
        } catch {
            discard()
            throw error
        }
        return "\"\(tag)\""
    }

    /// Ends the part without counting it.
    ///
    /// Does nothing after the end of the part.
    package func abort() {
        guard takeFile() != nil else { return }
        discard()
        upload.endPart(number, isInPlace: isInPlace)
    }

    /// Removes a part that was written to a file of its own.
    ///
    /// A part that was written in place is ignored later.
    private func discard() {
        upload.claim?.shrink(by: written.withLock { $0 })
        // When the removal fails, the file is removed with the folder of the upload.
        if !isInPlace { _ = upload.removePart(number, tag: tag) }
    }

    /// Takes the file, which only the caller that ends the part gets.
    private func takeFile() -> Descriptor? {
        file.withLock { file in
            defer { file = nil }
            return file
        }
    }
}
