import CZlib
import Synchronization

/// A gzip compressor at level 1, reused from answer to answer because its state is some 256 KiB.
final class Deflater: @unchecked Sendable {
    // Unchecked because a z_stream is not Sendable; one owner at a time uses it, handed over through the pool's lock.
    private let stream: UnsafeMutablePointer<z_stream>
    private static let pool = Mutex<[Deflater]>([])
    private static let poolSize = 4
    private static let stepBytes = 32 * 1_024

    private init?() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits of window; 16 more ask for the gzip wrapper (zlib.h, deflateInit2).
        let size = Int32(MemoryLayout<z_stream>.size)
        guard deflateInit2_(stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK else {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// A fresh compressor, or nil when memory is short: the answer then goes out as it is.
    static func take() -> Deflater? {
        pool.withLock { $0.popLast() } ?? Deflater()
    }

    /// Gives a compressor back; beyond a few they are freed.
    static func giveBack(_ deflater: Deflater) {
        guard deflateReset(deflater.stream) == Z_OK else { return }
        pool.withLock { if $0.count < poolSize { $0.append(deflater) } }
    }

    /// Compresses on and appends what comes out; with `isLast` the gzip trailer too.
    func compress(_ input: UnsafeRawBufferPointer, isLast: Bool, into output: inout [UInt8]) {
        var offset = 0
        repeat {
            // zlib counts in 32 bits.
            let count = min(input.count - offset, 1 << 30)
            stream.pointee.next_in = UnsafeMutablePointer(
                mutating: input.baseAddress?.advanced(by: offset).assumingMemoryBound(to: UInt8.self)
            )
            stream.pointee.avail_in = UInt32(count)
            offset += count
            step(isLast && offset == input.count ? Z_FINISH : Z_NO_FLUSH, into: &output)
        } while offset < input.count
        stream.pointee.next_in = nil
    }

    private func step(_ flush: Int32, into output: inout [UInt8]) {
        withUnsafeTemporaryAllocation(byteCount: Self.stepBytes, alignment: 16) { space in
            repeat {
                stream.pointee.next_out = space.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.pointee.avail_out = UInt32(space.count)
                _ = deflate(stream, flush)
                output.append(contentsOf: space[..<(space.count - Int(stream.pointee.avail_out))])
            } while stream.pointee.avail_out == 0
        }
    }
}
