internal import ArtifactStore
internal import S3
internal import Synchronization

/// The content of an object; consecutive reads take their bytes from one answer of the storage.
final class BucketObject: ArtifactObject {
    /// An answer that is being read, and its bytes that have arrived but are not returned yet.
    private final class Cursor: @unchecked Sendable {
        // Unchecked, because only one thread at a time uses a cursor: the thread first takes the cursor out of the object.
        let reading: S3Reading
        let end: Int64
        var rest: ArraySlice<UInt8> = []

        init(_ reading: S3Reading, end: Int64) {
            self.reading = reading
            self.end = end
        }

        /// The offset of the next byte to return.
        var position: Int64 { reading.position - Int64(rest.count) }
    }

    private let object: S3Object
    private let client: S3Client
    private let cursor = Mutex<Cursor?>(nil)

    init(_ object: S3Object, _ client: S3Client) {
        self.object = object
        self.client = client
    }

    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(ArtifactError) {
        var filled = 0
        while filled < buffer.count {
            let wanted = buffer.count - filled
            let piece = try next(at: offset + Int64(filled), end: object.size, atMost: wanted)
            piece.withUnsafeBytes { bytes in
                UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + bytes.count]).copyMemory(from: bytes)
            }
            filled += piece.count
        }
    }

    func piece(at offset: Int64, end: Int64) throws(ArtifactError) -> [UInt8] {
        Array(try next(at: offset, end: end, atMost: .max))
    }

    /// Returns between one byte and `count` bytes, beginning at an offset; sends a new request if the current answer is
    /// at another position.
    private func next(at offset: Int64, end: Int64, atMost count: Int) throws(ArtifactError) -> ArraySlice<UInt8> {
        // The cursor is taken out of the object here, and put back only if reading succeeds.
        let previous = cursor.withLock { cursor in
            defer { cursor = nil }
            return cursor
        }
        do throws(S3Failure) {
            let current: Cursor
            if let previous, previous.position == offset, previous.end == end {
                current = previous
            } else {
                current = Cursor(try S3Reading(object, offset..<end, from: client), end: end)
            }
            if current.rest.isEmpty {
                guard let piece = try current.reading.next(), !piece.isEmpty else {
                    throw S3Failure(.changed, "The object is shorter than it was when it was opened.")
                }
                current.rest = piece[...]
            }
            let taken = current.rest.prefix(count)
            current.rest = current.rest.dropFirst(taken.count)
            cursor.withLock { $0 = current }
            return taken
        } catch {
            throw ArtifactError(error)
        }
    }
}
