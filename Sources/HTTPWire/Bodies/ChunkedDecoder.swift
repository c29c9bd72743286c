internal import Coding

/// Decodes the chunked transfer coding of a body that arrives in pieces of any size (RFC 9112 §7.1).
///
/// Extensions and trailers are ignored; `HTTPLimits` bounds their length.
package struct ChunkedDecoder {
    /// The result of one call of `next`.
    package enum Step: Equatable {
        /// The bytes in this range are content of the body. All bytes before the end of the range are consumed.
        case data(Range<Int>)
        /// All given bytes are consumed, and the body has not ended.
        case needsMore
        /// The body has ended. The bytes from offset `consumed` on belong to the next message.
        case finished(consumed: Int)
    }

    private enum State {
        case size
        /// After a blank that follows the size: only blanks, an extension or the end of the line may follow.
        case sizeBlank
        case sizeExtension
        case sizeLineFeed
        case data
        case dataCarriageReturn
        case dataLineFeed
        case trailerStart
        /// Inside the name of a trailer field.
        case trailerName
        case trailerLine
        case trailerLineFeed(isLast: Bool)
        case finished
    }

    private let limits: HTTPLimits
    private var state = State.size
    private var remaining = 0
    private var digits = 0
    private var lineLength = 0
    private var trailerLength = 0

    package init(limits: HTTPLimits) { self.limits = limits }

    /// Whether the last chunk and the trailers have been consumed.
    package var isFinished: Bool { if case .finished = state { true } else { false } }

    /// The number of bytes of the current chunk that have not arrived yet; 0 between two chunks.
    package var remainingOfChunk: Int {
        switch state {
        case .data, .sizeBlank, .sizeExtension, .sizeLineFeed: remaining
        case .size, .dataCarriageReturn, .dataLineFeed, .trailerStart, .trailerName, .trailerLine, .trailerLineFeed,
            .finished:
            0
        }
    }

    /// Decodes `bytes` from `offset` up to the end of the first content found.
    ///
    /// After `.data`, call this method again with the end of the range as the offset.
    ///
    /// - Throws: 400 if the coding is broken or exceeds a limit. After that, the decoder must not be used again.
    package mutating func next(_ bytes: UnsafeRawBufferPointer, from offset: Int) throws(HTTPRefusal) -> Step {
        var position = offset
        while position < bytes.count {
            if case .finished = state { return .finished(consumed: position) }
            if case .data = state {
                let count = min(remaining, bytes.count - position)
                remaining -= count
                if remaining == 0 { state = .dataCarriageReturn }
                return .data(position..<position + count)
            }
            try process(bytes[position])
            position += 1
        }
        if case .finished = state { return .finished(consumed: position) }
        return .needsMore
    }

    private mutating func process(_ byte: UInt8) throws(HTTPRefusal) {
        switch state {
        case .size, .sizeBlank, .sizeExtension, .sizeLineFeed: try processSizeLine(byte)
        case .dataCarriageReturn:
            guard byte == 0x0D else { throw Self.broken }
            state = .dataLineFeed
        case .dataLineFeed:
            guard byte == 0x0A else { throw Self.broken }
            state = .size
            digits = 0
            lineLength = 0
        case .trailerStart, .trailerName, .trailerLine, .trailerLineFeed: try processTrailer(byte)
        case .data, .finished: break
        }
    }

    private mutating func processSizeLine(_ byte: UInt8) throws(HTTPRefusal) {
        lineLength += 1
        guard lineLength <= limits.chunkLineBytes else { throw HTTPRefusal(400, "A chunk extension is too long") }
        switch state {
        case .size:
            if let digit = Hexadecimal.value(of: byte) {
                digits += 1
                // A number of 15 hexadecimal digits fits into 63 bits.
                guard digits <= 15 else { throw HTTPRefusal(400, "A chunk size is too large") }
                remaining = remaining << 4 | Int(digit)
            } else {
                guard digits > 0 else { throw Self.broken }
                try endSize(byte)
            }
        case .sizeBlank: try endSize(byte)
        case .sizeExtension:
            if byte == 0x0D {
                state = .sizeLineFeed
            } else if byte == 0x0A || byte == 0 {
                throw Self.broken
            }
        case .sizeLineFeed:
            guard byte == 0x0A else { throw Self.broken }
            state = remaining == 0 ? .trailerStart : .data
        case .data, .dataCarriageReturn, .dataLineFeed, .trailerStart, .trailerName, .trailerLine, .trailerLineFeed,
            .finished:
            break
        }
    }

    /// Processes a byte after the digits of a size.
    ///
    /// A digit after a blank is refused, because a proxy might read `5 5` as one number and find another end of the body.
    private mutating func endSize(_ byte: UInt8) throws(HTTPRefusal) {
        switch byte {
        case 0x0D: state = .sizeLineFeed
        case UInt8(ascii: ";"): state = .sizeExtension
        case 0x20, 0x09: state = .sizeBlank
        default: throw Self.broken
        }
    }

    private mutating func processTrailer(_ byte: UInt8) throws(HTTPRefusal) {
        trailerLength += 1
        guard trailerLength <= limits.trailerBytes else { throw HTTPRefusal(400, "The trailers are too long") }
        if case .trailerLineFeed(let isLast) = state {
            guard byte == 0x0A else { throw Self.broken }
            state = isLast ? .finished : .trailerStart
        } else if case .trailerLine = state, byte == 0x0D {
            state = .trailerLineFeed(isLast: false)
        } else if case .trailerStart = state, byte == 0x0D {
            state = .trailerLineFeed(isLast: true)
        } else if case .trailerLine = state {
            if byte == 0x0A || byte == 0 { throw Self.broken }
        } else {
            try processTrailerName(byte)
        }
    }

    /// Processes a byte of a trailer's name or the colon after it; a trailer is written like a header field (RFC 9112 §7.1.2).
    private mutating func processTrailerName(_ byte: UInt8) throws(HTTPRefusal) {
        if case .trailerName = state, byte == UInt8(ascii: ":") {
            state = .trailerLine
        } else {
            guard ASCII.isToken(byte) else { throw Self.broken }
            state = .trailerName
        }
    }

    private static var broken: HTTPRefusal { HTTPRefusal(400, "The chunked coding of the body is broken") }
}
