internal import Glibc

/// One entry of a zip archive and its records (the specification of the format is APPNOTE 6.3.10).
///
/// The archive is written sequentially, so the sizes and the checksum follow the content, in a data descriptor (§4.3.9).
package struct ZipEntry: Sendable {
    package enum Method: UInt16, Sendable {
        case store = 0
        case deflate = 8
    }

    /// The path in the archive, with `/` between components; the name of a folder ends with `/`.
    package let name: String
    package let method: Method
    package let modificationSeconds: Int64
    /// The offset of the local header in the archive.
    package let offset: UInt64
    /// Whether the sizes in the data descriptor have 64 bits; this must be known before the content is written.
    package let hasLongSizes: Bool
    /// The CRC-32 of the content.
    package var checksum: UInt32 = 0
    package var compressedSize: UInt64 = 0
    /// The size before compression.
    package var size: UInt64 = 0

    /// - Parameter expectedSize: the size in bytes before compression; the content must not be longer.
    package init(name: String, method: Method, modificationSeconds: Int64, offset: UInt64, expectedSize: UInt64) {
        self.name = name
        self.method = method
        self.modificationSeconds = modificationSeconds
        self.offset = offset
        hasLongSizes = Self.greatestCompressedSize(expectedSize) >= ZipFormat.maximum32
    }

    package var isFolder: Bool { name.utf8.last == UInt8(ascii: "/") }

    /// The largest compressed size of incompressible bytes (zlib's deflateBound, rounded up).
    private static func greatestCompressedSize(_ size: UInt64) -> UInt64 {
        let (sum, overflow) = size.addingReportingOverflow(size >> 10 + 64)
        return overflow ? .max : sum
    }
}

extension ZipEntry {
    /// Appends the local header, which precedes the content (§4.3.7).
    package func appendLocalHeader(to output: inout [UInt8]) {
        output.append(little: 0x0403_4b50 as UInt32)
        output.append(little: hasLongSizes ? ZipFormat.versionWithLongSizes : ZipFormat.version)
        appendCommonFields(to: &output)
        output.append(little: 0 as UInt32)
        // The data descriptor has the sizes, so they are 0 here. 64-bit sizes are 0 in the extra field, and these 32-bit
        // fields then have the greatest value (§4.5.3).
        let placeholder: UInt32 = hasLongSizes ? .max : 0
        output.append(little: placeholder)
        output.append(little: placeholder)
        var extra: [UInt8] = []
        if hasLongSizes { Self.appendLongFields([0, 0], to: &extra) }
        appendTime(to: &extra)
        appendNameAndExtra(extra, withLengths: true, to: &output)
    }

    /// Appends the data descriptor, which follows the content of a file (§4.3.9).
    package func appendDescriptor(to output: inout [UInt8]) {
        output.append(little: 0x0807_4b50 as UInt32)
        output.append(little: checksum)
        if hasLongSizes {
            output.append(little: compressedSize)
            output.append(little: size)
        } else {
            output.append(little: UInt32(truncatingIfNeeded: compressedSize))
            output.append(little: UInt32(truncatingIfNeeded: size))
        }
    }

    /// Appends the entry's record to the central directory, which ends the archive (§4.3.12).
    package func appendDirectoryRecord(to output: inout [UInt8]) {
        let long = [size, compressedSize, offset].filter { $0 >= ZipFormat.maximum32 }
        output.append(little: 0x0201_4b50 as UInt32)
        output.append(little: ZipFormat.madeByUnix)
        output.append(little: long.isEmpty && !hasLongSizes ? ZipFormat.version : ZipFormat.versionWithLongSizes)
        appendCommonFields(to: &output)
        output.append(little: checksum)
        output.append(little: ZipFormat.clamped32(compressedSize))
        output.append(little: ZipFormat.clamped32(size))
        var extra: [UInt8] = []
        if !long.isEmpty { Self.appendLongFields(long, to: &extra) }
        appendTime(to: &extra)
        output.append(little: UInt16(name.utf8.count))
        output.append(little: UInt16(extra.count))
        // The length of the comment, the number of the disk, and the internal attributes are 0.
        for _ in 0..<3 { output.append(little: 0 as UInt16) }
        output.append(little: attributes)
        output.append(little: ZipFormat.clamped32(offset))
        appendNameAndExtra(extra, withLengths: false, to: &output)
    }

    /// Appends the flags, the method, the time and the date, which the local header and the directory record have in common.
    private func appendCommonFields(to output: inout [UInt8]) {
        // Bit 11: the name is UTF-8. Bit 3, for files only: a data descriptor follows the content.
        output.append(little: isFolder ? 0x0800 : 0x0808 as UInt16)
        output.append(little: method.rawValue)
        let moment = ZipFormat.msDOSTime(modificationSeconds)
        output.append(little: moment.time)
        output.append(little: moment.date)
    }

    /// - Parameter withLengths: whether to append both lengths first; a directory record has other fields in between.
    private func appendNameAndExtra(_ extra: [UInt8], withLengths: Bool, to output: inout [UInt8]) {
        if withLengths {
            output.append(little: UInt16(name.utf8.count))
            output.append(little: UInt16(extra.count))
        }
        output.append(contentsOf: name.utf8)
        output.append(contentsOf: extra)
    }

    /// Appends the extra field for sizes and offsets that do not fit into 32 bits (§4.5.3).
    private static func appendLongFields(_ values: [UInt64], to extra: inout [UInt8]) {
        extra.append(little: 0x0001 as UInt16)
        extra.append(little: UInt16(values.count * 8))
        for value in values { extra.append(little: value) }
    }

    /// Appends the time in UTC to the second, if it fits into 32 bits (Info-ZIP's "UT" field, §4.6.1), because the fields
    /// of MS-DOS have no time zone and only even seconds.
    private func appendTime(to extra: inout [UInt8]) {
        guard let seconds = Int32(exactly: modificationSeconds) else { return }
        extra.append(little: 0x5455 as UInt16)
        extra.append(little: 5 as UInt16)
        extra.append(1)
        extra.append(little: UInt32(bitPattern: seconds))
    }

    /// The external attributes: the Unix mode in the upper half, the folder bit of MS-DOS in the lower half.
    private var attributes: UInt32 {
        isFolder ? UInt32(S_IFDIR | 0o755) << 16 | 0x10 : UInt32(S_IFREG | 0o644) << 16
    }
}
