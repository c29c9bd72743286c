internal import CZlib

/// Compresses bytes (RFC 1951); needs about 256 KiB of memory.
package final class Deflater: @unchecked Sendable {
    // Unchecked because a z_stream is not Sendable; each compressor has one owner at a time.
    /// The format around the compressed bytes.
    package enum Wrapper: Sendable {
        /// No header and no trailer, as in a zip archive.
        case none
        /// The header and the trailer of gzip (RFC 1952).
        case gzip
    }

    private let stream: UnsafeMutablePointer<z_stream>
    private static let stepBytes = 32 * 1_024

    /// Returns nil if there is not enough memory.
    ///
    /// - Parameter level: 1 to 9; only 1 is fast enough for answers, and 9 is for data that is compressed only once.
    package init?(_ wrapper: Wrapper, level: Int32 = 1) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // A window of 15 bits; zlib takes a negative number for no wrapper, and 16 more for gzip (zlib.h, deflateInit2).
        let windowBits: Int32 = wrapper == .gzip ? 15 + 16 : -15
        let size = Int32(MemoryLayout<z_stream>.size)
        guard
            deflateInit2_(stream, level, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK
        else {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// Discards the state, so that other content can be compressed.
    ///
    /// - Returns: whether the compressor can be used again.
    @discardableResult
    package func restart() -> Bool { deflateReset(stream) == Z_OK }

    /// Compresses the input and appends the output.
    ///
    /// - Parameter isLast: whether this is the end of the content; if so, the rest of the output and the trailer are appended
    ///   too.
    package func compress(_ input: UnsafeRawBufferPointer, isLast: Bool, into output: inout [UInt8]) {
        var offset = 0
        repeat {
            // zlib's counters have 32 bits.
            let count = min(input.count - offset, 1 << 30)
            stream.pointee.next_in = UnsafeMutablePointer(
                mutating: input.baseAddress?.advanced(by: offset).assumingMemoryBound(to: UInt8.self)
            )
            stream.pointee.avail_in = UInt32(count)
            offset += count
            deflateInput(isLast && offset == input.count ? Z_FINISH : Z_NO_FLUSH, into: &output)
        } while offset < input.count
        stream.pointee.next_in = nil
    }

    private func deflateInput(_ flush: Int32, into output: inout [UInt8]) {
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
