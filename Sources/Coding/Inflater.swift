internal import CZlib

/// Decompresses gzip or zlib from bytes that arrive in pieces.
package final class Inflater {
    /// The format around the compressed bytes.
    package enum Wrapper: Sendable {
        /// The format of RFC 1950, which HTTP calls "deflate" (RFC 9110 §8.4.1.2).
        case zlib
        /// The format of RFC 1952.
        case gzip
    }

    /// The error for bytes that are not valid in the format, or that follow its end.
    package struct Broken: Error {}

    private let stream: UnsafeMutablePointer<z_stream>
    /// Whether the end of the compressed bytes has been reached.
    package private(set) var isFinished = false
    private static let stepBytes = 64 * 1_024

    /// Returns nil if there is not enough memory.
    package init?(_ wrapper: Wrapper) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // A window of 15 bits; zlib takes 16 more for gzip (zlib.h, inflateInit2).
        let windowBits: Int32 = wrapper == .gzip ? 15 + 16 : 15
        guard inflateInit2_(stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Decompresses all of the input, and calls `sink` with pieces of at most 64 KiB of the result, so that little
    /// memory is needed even for extremely compressed input.
    ///
    /// - Throws: `Broken`, and the errors of `sink`.
    package func inflate(_ input: UnsafeRawBufferPointer, sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard !input.isEmpty else { return }
        if isFinished { throw Broken() }
        guard let base = input.baseAddress, let count = UInt32(exactly: input.count) else { throw Broken() }
        stream.pointee.next_in = UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = count
        defer { stream.pointee.next_in = nil }
        try withUnsafeTemporaryAllocation(byteCount: Self.stepBytes, alignment: 16) { space in
            repeat {
                stream.pointee.next_out = space.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.pointee.avail_out = UInt32(space.count)
                let result = CZlib.inflate(stream, Z_NO_FLUSH)
                guard result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR else { throw Broken() }
                let produced = space.count - Int(stream.pointee.avail_out)
                if produced > 0 { try sink(UnsafeRawBufferPointer(rebasing: space[..<produced])) }
                if result == Z_STREAM_END {
                    isFinished = true
                    if stream.pointee.avail_in > 0 { throw Broken() }
                    return
                }
                if result == Z_BUF_ERROR, produced == 0 { return }
            } while stream.pointee.avail_in > 0 || stream.pointee.avail_out == 0
        }
    }
}
