import Budgets
import HTTPWire

/// The part of an answer that is still to be sent.
struct OutgoingResponse {
    /// The head, small bodies, and the bytes that must be sent before the rest.
    var buffer = ByteBuffer()
    /// A large body or piece, which is sent without being copied.
    var bytes: [UInt8] = []
    var staticBytes: HTTPStaticBytes?
    /// The number of bytes of `bytes` or `staticBytes` that have been sent.
    var position = 0
    var file: HTTPFileBody?
    var filePosition = 0
    var producer: (any HTTPBodyProducer)?
    var isChunked = false
    /// The memory of the shared budget for answers that this answer holds; nil until the answer holds any.
    var reservation: MemoryReservation?

    /// The largest body, in bytes, that is copied into the buffer after the head, which is cheaper than sending from two buffers.
    static let maximumCopiedBytes = 16 * 1_024

    var fileRemaining: Int { file.map { $0.length - filePosition } ?? 0 }

    func withRemainder<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        if let staticBytes { return body(UnsafeRawBufferPointer(rebasing: staticBytes.pointer[position...])) }
        return bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[position...])) }
    }

    var remainderCount: Int { (staticBytes?.pointer.count ?? bytes.count) - position }

    /// Whether `buffer`, `bytes` and `staticBytes` hold the last bytes of the answer.
    var holdsLastBytes: Bool { producer == nil && fileRemaining == 0 }

    /// The number of bytes that wait in memory for the client to read.
    var waitingBytes: Int { buffer.count + (staticBytes == nil ? bytes.count - position : 0) }

    /// Removes the bytes that the kernel has accepted: first those of the buffer, then those of the body.
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
