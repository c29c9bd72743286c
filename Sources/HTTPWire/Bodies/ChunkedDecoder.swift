internal import Coding

/// Takes the chunked transfer coding off a body that arrives in any split (RFC 9112 §7.1).
///
/// Extensions are bounded and ignored; trailers are bounded and dropped.
package struct ChunkedDecoder {
    /// What one step found.
    package enum Step: Equatable {
        /// This range of the given bytes is body; everything before its end is consumed.
        case data(Range<Int>)
        /// All given bytes are consumed; more are needed.
        case needsMore
        /// The body has ended; the bytes from this offset on belong to the next message.
        case finished(consumed: Int)
    }

    private enum State {
        case size
        /// Behind blanks that follow the size, which only an extension or the end of the line may follow.
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

    package init(limits: HTTPLimits) {
        self.limits = limits
    }

    /// Whether the last chunk and its trailers have been taken.
    package var isFinished: Bool { if case .finished = state { true } else { false } }

    /// The bytes that are still missing of the current chunk.
    package var remainingOfChunk: Int {
        switch state {
        case .data, .sizeBlank, .sizeExtension, .sizeLineFeed: remaining
        case .size, .dataCarriageReturn, .dataLineFeed, .trailerStart, .trailerName, .trailerLine, .trailerLineFeed,
            .finished:
            0
        }
    }

    /// Decodes from `offset`.
    ///
    /// The caller calls it again from the end of the returned range until more bytes are needed.
    ///
    /// - Throws: 400 when the coding is broken. The decoder must not be used again then.
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
            try take(bytes[position])
            position += 1
        }
        if case .finished = state { return .finished(consumed: position) }
        return .needsMore
    }

    private mutating func take(_ byte: UInt8) throws(HTTPRefusal) {
        switch state {
        case .size, .sizeBlank, .sizeExtension, .sizeLineFeed: try takeSizeLine(byte)
        case .dataCarriageReturn:
            guard byte == 0x0D else { throw Self.broken }
            state = .dataLineFeed
        case .dataLineFeed:
            guard byte == 0x0A else { throw Self.broken }
            state = .size
            digits = 0
            lineLength = 0
        case .trailerStart, .trailerName, .trailerLine, .trailerLineFeed: try takeTrailer(byte)
        case .data, .finished: break
        }
    }

    private mutating func takeSizeLine(_ byte: UInt8) throws(HTTPRefusal) {
        lineLength += 1
        guard lineLength <= limits.chunkLineBytes else { throw HTTPRefusal(400, "A chunk extension is too long") }
        switch state {
        case .size:
            if let digit = Hexadecimal.value(of: byte) {
                digits += 1
                // 15 digits cannot overflow 63 bits.
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

    /// Takes a byte behind the size.
    ///
    /// A digit there is refused: another program may read `5 5` as one number, and see the end of the body elsewhere.
    private mutating func endSize(_ byte: UInt8) throws(HTTPRefusal) {
        switch byte {
        case 0x0D: state = .sizeLineFeed
        case UInt8(ascii: ";"): state = .sizeExtension
        case 0x20, 0x09: state = .sizeBlank
        default: throw Self.broken
        }
    }

    private mutating func takeTrailer(_ byte: UInt8) throws(HTTPRefusal) {
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
            try takeTrailerName(byte)
        }
    }

    /// A trailer has the form of a header field: a name, a colon, and a value (RFC 9112 §7.1.2).
    private mutating func takeTrailerName(_ byte: UInt8) throws(HTTPRefusal) {
        if case .trailerName = state, byte == UInt8(ascii: ":") {
            state = .trailerLine
        } else {
            guard ASCII.isToken(byte) else { throw Self.broken }
            state = .trailerName
        }
    }

    private static var broken: HTTPRefusal { HTTPRefusal(400, "The chunked coding of the body is broken") }
}
