internal import CZlib

/// CRC-32 (ISO 3309) over bytes that arrive piece by piece.
package struct CRC32: Sendable {
    package private(set) var value: UInt32 = 0

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        // zlib treats a null pointer as a request for the initial value.
        guard let start = bytes.baseAddress else { return }
        value = UInt32(truncatingIfNeeded: crc32_z(UInt(value), start.assumingMemoryBound(to: UInt8.self), bytes.count))
    }
}
