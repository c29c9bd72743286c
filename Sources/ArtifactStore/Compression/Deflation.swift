internal import CZlib
internal import Glibc

/// A compressor at level 1, which keeps up with a network where the better levels do not.
///
/// Holds some 256 KiB.
final class Deflation: @unchecked Sendable {
    // Unchecked because a z_stream is not Sendable; it belongs to one archive or download, which one thread at a time
    // drives.
    /// What stands around the compressed bytes.
    enum Wrapper {
        /// Nothing: what a zip archive holds (RFC 1951).
        case none
        /// RFC 1952.
        case gzip
    }

    private let stream: UnsafeMutablePointer<z_stream>
    private static let stepBytes = 32 * 1_024

    /// - Throws: `.other` with ENOMEM when memory is short.
    init(_ wrapper: Wrapper) throws(ArtifactError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits of window; negative asks for no wrapper, 16 more for that of gzip (zlib.h, deflateInit2).
        let windowBits: Int32 = wrapper == .gzip ? 15 + 16 : -15
        let size = Int32(MemoryLayout<z_stream>.size)
        guard
            deflateInit2_(stream, 1, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK
        else {
            stream.deallocate()
            throw .other(errno: ENOMEM, call: "deflateInit2")
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// Forgets what it was at, for the next file.
    func restart() {
        deflateReset(stream)
    }

    /// Compresses on and appends what comes out; with `isLast` all that was held back, and the trailer.
    func compress(_ input: UnsafeRawBufferPointer, isLast: Bool, into output: inout [UInt8]) {
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        )
        stream.pointee.avail_in = UInt32(input.count)
        withUnsafeTemporaryAllocation(byteCount: Self.stepBytes, alignment: 16) { space in
            repeat {
                stream.pointee.next_out = space.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.pointee.avail_out = UInt32(space.count)
                _ = deflate(stream, isLast ? Z_FINISH : Z_NO_FLUSH)
                output.append(contentsOf: space[..<(space.count - Int(stream.pointee.avail_out))])
            } while stream.pointee.avail_out == 0
        }
        stream.pointee.next_in = nil
    }
}

/// CRC-32 (ISO 3309) over bytes that arrive piece by piece.
struct CRC32 {
    private(set) var value: UInt32 = 0

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        // zlib takes a null pointer for the wish to begin anew.
        guard let start = bytes.baseAddress else { return }
        value = UInt32(truncatingIfNeeded: crc32_z(UInt(value), start.assumingMemoryBound(to: UInt8.self), bytes.count))
    }
}
