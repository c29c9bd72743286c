internal import CZlib

/// Computes the CRC-32 (ISO 3309) of bytes that arrive piece by piece.
package struct CRC32: Sendable {
    package private(set) var value: UInt32 = 0

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        // For a null pointer, zlib would return the initial value.
        guard let start = bytes.baseAddress else { return }
        value = UInt32(truncatingIfNeeded: crc32_z(UInt(value), start.assumingMemoryBound(to: UInt8.self), bytes.count))
    }
}
