/// How the end of a body is found (RFC 9112 §6.3).
package enum BodyFraming: Sendable, Equatable {
    /// The message has no body and no field with its length: most requests without a body, and 204, 304 and interim
    /// responses (RFC 9110 §8.6).
    case none
    case length(Int)
    case chunked
    /// The body ends when the connection is closed; only responses may do this.
    case untilClose
}

/// Removes the framing of a body and passes on its content.
package enum BodyDecoder {
    case length(Int)
    case chunked(ChunkedDecoder)
    case untilClose

    package init(_ framing: BodyFraming, limits: HTTPLimits) {
        switch framing {
        case .none: self = .length(0)
        case .length(let count): self = .length(count)
        case .chunked: self = .chunked(ChunkedDecoder(limits: limits))
        case .untilClose: self = .untilClose
        }
    }

    /// Whether the whole body has been consumed; always false for a body that ends with its connection.
    package var isFinished: Bool {
        switch self {
        case .length(let remaining): remaining == 0
        case .chunked(let decoder): decoder.isFinished
        case .untilClose: false
        }
    }

    /// The number of bytes of the body that have not arrived yet; nil if the framing does not tell it.
    package var remaining: Int? {
        switch self {
        case .length(let remaining): remaining
        case .chunked(let decoder): decoder.isFinished ? 0 : nil
        case .untilClose: nil
        }
    }

    /// The number of bytes that the peer has announced but not sent yet: the rest of the body, or of its current chunk; 0 for a
    /// body that ends with its connection.
    package var announced: Int {
        switch self {
        case .length(let remaining): remaining
        case .chunked(let decoder): decoder.remainingOfChunk
        case .untilClose: 0
        }
    }

    /// Consumes the bytes of the body in the buffer, and passes their content to `receive`, without the framing.
    ///
    /// - Throws: the errors of `receive`, and `HTTPRefusal` if the chunked coding is broken.
    package mutating func consume(_ input: ByteBuffer, _ receive: (UnsafeRawBufferPointer) throws -> Void) throws {
        switch self {
        case .length(let remaining):
            let count = min(remaining, input.count)
            if count > 0 { try receive(UnsafeRawBufferPointer(rebasing: input.bytes[..<count])) }
            input.consume(count)
            self = .length(remaining - count)
        case .untilClose:
            if !input.isEmpty { try receive(input.bytes) }
            input.consume(input.count)
        case .chunked(var decoder):
            defer { self = .chunked(decoder) }
            let bytes = input.bytes
            var offset = 0
            while true {
                switch try decoder.next(bytes, from: offset) {
                case .data(let range):
                    try receive(UnsafeRawBufferPointer(rebasing: bytes[range]))
                    offset = range.upperBound
                case .needsMore: return input.consume(bytes.count)
                case .finished(let consumed): return input.consume(consumed)
                }
            }
        }
    }
}
