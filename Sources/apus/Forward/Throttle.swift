internal import Files
internal import Glibc
internal import HTTPWire
internal import Synchronization

/// Spreads bytes over time.
final class Throttle: Sendable {
    private let bytesPerSecond: Int
    /// When the next bytes may leave.
    private let next = Mutex(ContinuousClock.now)

    init(bytesPerSecond: Int) {
        self.bytesPerSecond = bytesPerSecond
    }

    /// How much is sent at once: so little that the rate is even.
    var pieceBytes: Int { min(65_536, max(1_024, bytesPerSecond / 10)) }

    /// Blocks until some bytes may leave.
    func wait(for bytes: Int) {
        let time = Duration.seconds(Double(bytes) / Double(bytesPerSecond))
        let start = next.withLock { next in
            let start = max(next, .now)
            next = start + time
            return start
        }
        let pause = start - .now
        if pause > .zero { sleepFor(pause) }
    }
}

/// The first bytes of a file as a body that leaves slowly.
final class ThrottledFile: HTTPBodyProducer {
    private let file: Descriptor
    private let bytes: Int64
    private let throttle: Throttle
    private let offset = Mutex<Int64>(0)

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init(_ file: Descriptor, bytes: Int64, _ throttle: Throttle) {
        self.file = file
        self.bytes = bytes
        self.throttle = throttle
    }

    func next(into buffer: inout [UInt8]) throws -> Bool {
        let start = offset.withLock { $0 }
        let wanted = Int(min(Int64(throttle.pieceBytes), bytes - start))
        guard wanted > 0 else { return false }
        throttle.wait(for: wanted)
        buffer = [UInt8](repeating: 0, count: wanted)
        var count = 0
        repeat {
            count = buffer.withUnsafeMutableBytes { pread(file.rawValue, $0.baseAddress, $0.count, off_t(start)) }
        } while count < 0 && errno == EINTR
        guard count > 0 else { throw Failure(description: "the file became shorter while it was sent") }
        buffer.removeLast(wanted - count)
        offset.withLock { $0 = start + Int64(count) }
        return start + Int64(count) < bytes
    }
}
