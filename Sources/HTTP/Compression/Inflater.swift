import CZlib

/// Takes a gzip or zlib coding off a body that arrives in pieces.
final class Inflater {
    private let stream: UnsafeMutablePointer<z_stream>
    private(set) var isFinished = false
    private static let stepBytes = 64 * 1_024

    /// Nil when memory is short, and for bytes that are not coded or coded otherwise.
    init?(_ coding: RequestHead.Coding) {
        guard coding == .gzip || coding == .deflate else { return nil }
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // "deflate" means the zlib wrapper (RFC 9110 §8.4.1.2); 16 more bits ask for gzip's.
        let windowBits: Int32 = coding == .gzip ? 15 + 16 : 15
        guard inflateInit2_(stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Decodes all of the input and hands the result over in pieces of at most 64 KiB, so that a bomb stays small.
    ///
    /// - Throws: 400 for a broken coding or bytes behind its end; whatever the sink throws.
    func inflate(_ input: UnsafeRawBufferPointer, sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard !input.isEmpty else { return }
        if isFinished { throw Self.broken }
        guard let base = input.baseAddress, let count = UInt32(exactly: input.count) else { throw Self.broken }
        stream.pointee.next_in = UnsafeMutablePointer(mutating: base.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = count
        defer { stream.pointee.next_in = nil }
        try withUnsafeTemporaryAllocation(byteCount: Self.stepBytes, alignment: 16) { space in
            repeat {
                stream.pointee.next_out = space.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.pointee.avail_out = UInt32(space.count)
                let result = CZlib.inflate(stream, Z_NO_FLUSH)
                guard result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR else { throw Self.broken }
                let produced = space.count - Int(stream.pointee.avail_out)
                if produced > 0 { try sink(UnsafeRawBufferPointer(rebasing: space[..<produced])) }
                if result == Z_STREAM_END {
                    isFinished = true
                    if stream.pointee.avail_in > 0 { throw Self.broken }
                    return
                }
                if result == Z_BUF_ERROR, produced == 0 { return }
            } while stream.pointee.avail_in > 0 || stream.pointee.avail_out == 0
        }
    }

    /// The coding ended before the body did, or the body before the coding.
    static var broken: HTTPRefusal { HTTPRefusal(400, "The content coding of the body is broken") }
}
