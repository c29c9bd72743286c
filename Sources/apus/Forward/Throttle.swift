internal import ArtifactStore
internal import HTTPWire
internal import Synchronization

/// Limits the rate at which bytes are sent.
final class Throttle: Sendable {
    private let bytesPerSecond: Int
    /// The earliest time at which the next bytes may be sent.
    private let nextTime = Mutex(ContinuousClock.now)

    init(bytesPerSecond: Int) { self.bytesPerSecond = bytesPerSecond }

    /// The number of bytes to send at once: those of a tenth of a second, but at least 1 KiB and at most 64 KiB.
    var pieceBytes: Int { min(65_536, max(1_024, bytesPerSecond / 10)) }

    /// Blocks until this number of bytes may be sent.
    func wait(for bytes: Int) {
        let time = Duration.seconds(Double(bytes) / Double(bytesPerSecond))
        let start = nextTime.withLock { nextTime in
            let start = max(nextTime, .now)
            nextTime = start + time
            return start
        }
        let pause = start - .now
        if pause > .zero { sleepFor(pause) }
    }
}

/// A request body with the content of an artifact, which may be sent at a limited rate.
final class ThrottledFile: HTTPBodyProducer {
    private static let unlimitedPieceBytes = 256 * 1_024

    private let file: OpenArtifact
    private let throttle: Throttle?
    private let offset = Mutex<Int64>(0)

    /// - Parameter throttle: limits the rate; nil if the rate is not limited.
    init(_ file: OpenArtifact, _ throttle: Throttle?) {
        self.file = file
        self.throttle = throttle
    }

    func next(into buffer: inout [UInt8]) throws -> Bool {
        let start = offset.withLock { $0 }
        let count = Int(min(Int64(throttle?.pieceBytes ?? Self.unlimitedPieceBytes), file.size - start))
        guard count > 0 else { return false }
        throttle?.wait(for: count)
        do {
            buffer = try file.bytes(at: start, upTo: count)
        } catch {
            throw Failure(description: "the file cannot be read to its end: \(error.message(for: ""))")
        }
        offset.withLock { $0 = start + Int64(count) }
        return start + Int64(count) < file.size
    }

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }
}
