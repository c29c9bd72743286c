internal import Files
internal import Glibc
internal import HTTPWire
internal import Synchronization

/// Limits the rate at which bytes are sent.
final class Throttle: Sendable {
    private let bytesPerSecond: Int
    /// The time from which on the next bytes may be sent.
    private let next = Mutex(ContinuousClock.now)

    init(bytesPerSecond: Int) {
        self.bytesPerSecond = bytesPerSecond
    }

    /// The number of bytes to send at once: a tenth of a second's, from 1 KiB to 64 KiB.
    var pieceBytes: Int { min(65_536, max(1_024, bytesPerSecond / 10)) }

    /// Blocks until this number of bytes may be sent.
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

/// A request body with the first bytes of a file, sent at a limited rate.
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
