internal import HTTPClient

/// Reads a part of an object piece by piece, and requests the rest again after an interrupted answer; not thread-safe.
package final class S3Reading {
    private let client: S3Client
    private let object: S3Object
    private let end: Int64
    /// The offset of the next byte.
    package private(set) var position: Int64
    private var stream: ReplyStream?
    /// The number of interrupted answers since `lastProgress` was set.
    private var interruptions = 0
    /// The position at which reading last counted as progress.
    private var lastProgress: Int64
    /// The total time spent waiting for the storage since `lastProgress` was set.
    private var waited = Duration.zero

    /// The number of bytes that count as progress, after which earlier interruptions are forgotten.
    private static let progressBytes: Int64 = 262_144
    /// The longest total wait without progress; a slower answer is treated as interrupted.
    private static let longestWait = Duration.seconds(60)

    /// Requests the bytes, and returns when the head of the answer has arrived.
    ///
    /// - Parameters:
    ///   - object: the metadata of the object, whose tag the object must still have.
    ///   - range: the offsets of the part.
    /// - Throws: `.changed` if the object was replaced, `.noObject` if it was deleted.
    package init(_ object: S3Object, _ range: Range<Int64>, from client: S3Client) throws(S3Failure) {
        self.client = client
        self.object = object
        position = range.lowerBound
        end = range.upperBound
        lastProgress = range.lowerBound
        if !range.isEmpty { stream = try client.read(object.key, range, of: object.size, tag: object.tag) }
    }

    /// Returns the next piece; nil after the last one.
    package func next() throws(S3Failure) -> [UInt8]? {
        while position < end {
            var piece: [UInt8]?
            let start = ContinuousClock.now
            do throws(CallFailure) {
                piece = try stream?.next()
            } catch {
                piece = nil
            }
            waited += .now - start
            if let piece, waited < Self.longestWait, Int64(piece.count) <= end - position {
                position += Int64(piece.count)
                if position - lastProgress >= Self.progressBytes {
                    (lastProgress, interruptions, waited) = (position, 0, .zero)
                }
                if position == end { _ = try? stream?.next() }
                return piece
            }
            interruptions += 1
            waited = .zero
            guard interruptions <= client.settings.attempts else {
                throw S3Failure(.unavailable, "The object storage repeatedly broke off its answer.")
            }
            S3Client.pause(after: interruptions)
            // The tag ensures that the rest belongs to the same content.
            stream = nil
            stream = try client.read(object.key, position..<end, of: object.size, tag: object.tag)
        }
        return nil
    }
}
