internal import CZlib

/// Decodes gzip or zlib from bytes that arrive in pieces.
package final class Inflater {
    /// The format around the compressed bytes.
    package enum Wrapper: Sendable {
        /// RFC 1950: what HTTP calls "deflate" (RFC 9110 §8.4.1.2).
        case zlib
        /// RFC 1952.
        case gzip
    }

    /// The bytes are not a valid coding, or continue after its end.
    package struct Broken: Error {}

    private let stream: UnsafeMutablePointer<z_stream>
    /// Whether the end of the coding has been reached.
    package private(set) var isFinished = false
    private static let stepBytes = 64 * 1_024

    /// Nil when memory is short.
    package init?(_ wrapper: Wrapper) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits of window; 16 more ask for the wrapper of gzip (zlib.h, inflateInit2).
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

    /// Decodes all of the input and passes the result on in pieces of at most 64 KiB, so that a bomb takes little
    /// memory.
    ///
    /// - Throws: `Broken`; whatever the sink throws.
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
