internal import Files
internal import Synchronization

/// One part of a multipart upload on its way in.
///
/// Ends with `commit()`, `abort()` or its last reference. One connection writes at a time; `abort()` may come from any
/// thread.
package final class MultipartPart: Sendable {
    struct Bounds {
        /// Where in the file the part begins.
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
    /// - Throws: `MultipartError.partTooLarge`; what the file system refuses, such as `ArtifactError.noSpace`. The part
    ///   has been aborted then; the upload goes on.
    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard let file = file.withLock({ $0 }) else { throw MultipartError.unknownUpload }
        let before = written.withLock { $0 }
        do {
            guard Int64(bytes.count) <= bounds.maximum - before else { throw MultipartError.partTooLarge }
            try file.write(bytes, at: bounds.offset + before)
        } catch {
            abort()
            throw error
        }
        written.withLock { $0 += Int64(bytes.count) }
    }

    /// Makes the bytes durable and lets the part count, in place of an earlier sending; blocks for a disk flush.
    ///
    /// - Returns: The entity tag, with its quotes: another one for every sending.
    /// - Throws: `MultipartError.unknownUpload` when the upload has ended meanwhile, `.wrongLength`; what the file
    ///   system refuses. The part does not count then.
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

    /// Gives the part up; does nothing after its end.
    package func abort() {
        guard takeFile() != nil else { return }
        discard()
        upload.endPart(number, isInPlace: isInPlace)
    }

    /// Removes what was written apart; what was written in place counts for nothing.
    private func discard() {
        // When the removal fails, the file goes with the folder of the upload.
        if !isInPlace { _ = upload.removePart(number, tag: tag) }
    }

    /// The file, for the one who ends the part.
    private func takeFile() -> Descriptor? {
        file.withLock { file in
            defer { file = nil }
            return file
        }
    }
}
