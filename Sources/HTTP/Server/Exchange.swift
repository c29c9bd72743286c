/// One request and its answer, from the complete head until the last byte of the answer has left.
final class Exchange {
    let id: UInt64
    /// Nil when the head could not be parsed.
    let head: RequestHead?
    let startNanoseconds: UInt64
    var request: HTTPRequest?
    var extraHeaders: [(name: String, value: String)] = []
    /// The connection ends with this answer.
    var closesAfter: Bool
    /// A body was announced that nobody has begun to read.
    var hasUnreadBody = false
    /// What its body holds of the memory for bodies, once that is more than a little.
    var bodyStake: MemoryStake?
    var status = 0
    var bytesSent = 0
    var isReported = false

    init(id: UInt64, head: RequestHead?, startNanoseconds: UInt64) {
        self.id = id
        self.head = head
        self.startNanoseconds = startNanoseconds
        closesAfter = !(head?.keepsAlive ?? false)
    }
}

/// Takes the framing off a body.
enum BodyDecoder {
    case length(Int)
    case chunked(ChunkedDecoder)

    init(_ framing: RequestHead.Framing, limits: HTTPLimits) {
        switch framing {
        case .none: self = .length(0)
        case .length(let count): self = .length(count)
        case .chunked: self = .chunked(ChunkedDecoder(limits: limits))
        }
    }

    var isFinished: Bool {
        switch self {
        case .length(let remaining): remaining == 0
        case .chunked(let decoder): decoder.isFinished
        }
    }

    /// Bytes still to come, where that is known.
    var remaining: Int? {
        switch self {
        case .length(let remaining): remaining
        case .chunked(let decoder): decoder.isFinished ? 0 : nil
        }
    }

    /// Bytes that the client has said will come next: the rest of the body, or of its current chunk.
    var announced: Int {
        switch self {
        case .length(let remaining): remaining
        case .chunked(let decoder): decoder.remainingOfChunk
        }
    }

    /// Hands over what the buffer holds of the body and consumes it, framing included.
    mutating func consume(_ input: ByteBuffer, _ take: (UnsafeRawBufferPointer) throws -> Void) throws {
        switch self {
        case .length(let remaining):
            let count = min(remaining, input.count)
            if count > 0 { try take(UnsafeRawBufferPointer(rebasing: input.bytes[..<count])) }
            input.consume(count)
            self = .length(remaining - count)
        case .chunked(var decoder):
            defer { self = .chunked(decoder) }
            let bytes = input.bytes
            var offset = 0
            while true {
                switch try decoder.next(bytes, from: offset) {
                case .data(let range):
                    try take(UnsafeRawBufferPointer(rebasing: bytes[range]))
                    offset = range.upperBound
                case .needsMore:
                    input.consume(bytes.count)
                    return
                case .finished(let consumed):
                    input.consume(consumed)
                    return
                }
            }
        }
    }
}
