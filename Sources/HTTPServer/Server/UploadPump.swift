import HTTPWire
import Synchronization
import TLS

/// Moves a streamed request body from the socket to its receiver, on a worker thread.
///
/// The worker reads the socket itself, so that the client cannot send faster than the receiver accepts bytes, and no queue of
/// bytes is in memory. Between two runs only the connection's loop uses the pump; `run` and `abort` are never concurrent.
final class UploadPump: @unchecked Sendable {
    // Unchecked because only one thread at a time uses the mutable state: the loop and the worker hand it to each other
    // with messages.
    enum Outcome: Sendable {
        /// The socket has no more bytes at the moment.
        case blocked
        /// There may be more bytes, but the thread must serve other connections first.
        case yielded
        /// The body is complete; `finish` must be called next.
        case finished
        case stopped
        case peerVanished
        case failed(HTTPRefusal)
    }

    private static let bufferBytes = 128 * 1_024
    private static let bytesPerRun = 8 * 1_048_576

    let input: ByteBuffer
    private(set) var decoder: BodyDecoder
    private let channel: Channel
    private let receiver: any HTTPBodyReceiver
    private let counters: ServerCounters
    private let mustStop = Atomic<Bool>(false)

    /// - Parameter input: the connection's receive buffer, lent until the pump has ended.
    init(
        channel: Channel,
        input: ByteBuffer,
        decoder: BodyDecoder,
        receiver: any HTTPBodyReceiver,
        counters: ServerCounters
    ) {
        self.channel = channel
        self.input = input
        self.decoder = decoder
        self.receiver = receiver
        self.counters = counters
    }

    /// Asks a run to end soon; may be called on any thread.
    func stop() { mustStop.store(true, ordering: .releasing) }

    func abort() { receiver.abort() }

    func finish() { receiver.finish() }

    /// Reads and passes on bytes until the body ends, the socket is empty, `stop()` is called, or `bytesPerRun` bytes are read.
    func run() -> Outcome {
        var moved = 0
        while true {
            if mustStop.load(ordering: .acquiring) { return .stopped }
            do {
                try decoder.consume(input) { try receiver.receive($0) }
                if decoder.isFinished { return .finished }
            } catch let refusal as HTTPRefusal {
                return .failed(refusal)
            } catch {
                return .failed(HTTPRefusal(500, "The body could not be stored"))
            }
            if moved >= Self.bytesPerRun { return .yielded }
            input.reserve(Self.bufferBytes)
            switch channel.receive(input.space) {
            case .bytes(let count):
                input.didFill(count)
                moved += count
                counters.bytesReceived.wrappingAdd(count, ordering: .relaxed)
            case .wouldBlock:
                input.releaseIfEmpty()
                return .blocked
            case .endOfFile, .failed: return .peerVanished
            }
        }
    }
}
