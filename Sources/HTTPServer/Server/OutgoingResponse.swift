import HTTPWire

/// What is left to send of an answer.
struct OutgoingResponse {
    /// Head, small bodies, and whatever must follow a piece.
    var buffer = ByteBuffer()
    /// A large body or piece, sent from where it lies.
    var bytes: [UInt8] = []
    var staticBytes: HTTPStaticBytes?
    /// How much of `bytes` or `staticBytes` has left.
    var position = 0
    var file: HTTPFileBody?
    var filePosition = 0
    var producer: (any HTTPBodyProducer)?
    var isChunked = false
    /// What it holds of the memory for answers, once that is more than a little or the client does not read.
    var stake: MemoryStake?

    /// Bodies up to here are copied behind the head: cheaper than gathering.
    static let copiedBytes = 16 * 1_024

    var fileRemaining: Int { file.map { $0.length - filePosition } ?? 0 }

    func withRemainder<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        if let staticBytes { return body(UnsafeRawBufferPointer(rebasing: staticBytes.pointer[position...])) }
        return bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[position...])) }
    }

    var remainderCount: Int { (staticBytes?.pointer.count ?? bytes.count) - position }

    /// Whether nothing follows what `buffer`, `bytes` and `staticBytes` hold.
    var holdsItsEnd: Bool { producer == nil && fileRemaining == 0 }

    /// What it holds in memory for the client to read.
    var waitingBytes: Int { buffer.count + (staticBytes == nil ? bytes.count - position : 0) }

    /// Accounts for bytes that the kernel has taken: first the buffer's, then the body's.
    mutating func consume(_ count: Int) {
        let fromBuffer = min(count, buffer.count)
        buffer.consume(fromBuffer)
        position += count - fromBuffer
        if remainderCount == 0, position > 0 {
            bytes = []
            staticBytes = nil
            position = 0
        }
    }
}
