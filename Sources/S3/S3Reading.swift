internal import HTTPClient

/// Reads a part of an object piece by piece, and requests the rest again if an answer breaks off.
///
/// Only one thread at a time may use it.
package final class S3Reading {
    private let client: S3Client
    private let object: S3Object
    private let end: Int64
    /// The offset of the next byte.
    package private(set) var position: Int64
    private var stream: ReplyStream?
    private var attemptsLeft: Int

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
        attemptsLeft = client.settings.attempts
        if !range.isEmpty { stream = try client.read(object.key, range, of: object.size, tag: object.tag) }
    }

    /// Returns the next piece; nil after the last one.
    package func next() throws(S3Failure) -> [UInt8]? {
        while position < end {
            let piece: [UInt8]?
            do throws(CallFailure) {
                piece = try stream?.next()
            } catch {
                guard attemptsLeft > 0 else {
                    throw S3Failure(
                        .unavailable,
                        "An answer of the object storage breaks off: \(error.phrase)."
                    )
                }
                piece = nil
            }
            if let piece, Int64(piece.count) <= end - position {
                position += Int64(piece.count)
                if position == end { _ = try? stream?.next() }
                return piece
            }
            attemptsLeft -= 1
            guard attemptsLeft >= 0 else {
                throw S3Failure(.unavailable, "An answer of the object storage breaks off.")
            }
            // The tag ensures that the rest belongs to the same content.
            stream = nil
            stream = try client.read(object.key, position..<end, of: object.size, tag: object.tag)
        }
        return nil
    }
}
