internal import HTTPClient

/// An object that is read from one offset to another, piece by piece, and on where an answer breaks off.
///
/// It is used by one thread at a time.
package final class S3Reading {
    private let client: S3Client
    private let object: S3Object
    private let end: Int64
    /// The offset of the next byte.
    package private(set) var position: Int64
    private var stream: ReplyStream?
    private var attemptsLeft: Int

    /// Asks for the bytes.
    ///
    /// - Throws: `.changed` for an object that has become another, `.noObject` for one that is gone.
    package init(_ object: S3Object, _ range: Range<Int64>, from client: S3Client) throws(S3Failure) {
        self.client = client
        self.object = object
        position = range.lowerBound
        end = range.upperBound
        attemptsLeft = client.settings.attempts
        if !range.isEmpty { stream = try client.read(object.key, range, of: object.size, tag: object.tag) }
    }

    /// The next piece; nil at the end.
    package func next() throws(S3Failure) -> [UInt8]? {
        while position < end {
            let piece: [UInt8]?
            do throws(CallFailure) {
                piece = try stream?.next()
            } catch {
                guard attemptsLeft > 0 else {
                    throw S3Failure(
                        .unavailable,
                        "An answer of the object storage breaks off: \(S3Client.phrase(error))."
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
            // The tag makes sure that the rest is of the same bytes.
            stream = nil
            stream = try client.read(object.key, position..<end, of: object.size, tag: object.tag)
        }
        return nil
    }
}
