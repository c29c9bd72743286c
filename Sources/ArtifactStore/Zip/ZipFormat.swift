internal import Glibc

/// Constants and functions for the records of a zip archive, and the records at its end.
package enum ZipFormat {
    /// Values from this one on are stored in a 64-bit field, and the 32-bit field contains this value.
    static let maximum32 = UInt64(UInt32.max)
    /// The same for the number of entries: the greatest value of its 16-bit field.
    static let maximum16 = UInt64(UInt16.max)
    /// Version 2.0 of the format, which has folders and the deflate method.
    static let version: UInt16 = 20
    /// Version 4.5 of the format, which has 64-bit sizes.
    static let versionWithLongSizes: UInt16 = 45
    /// The version of the format, and Unix as the system on which the archive was made.
    static let madeByUnix: UInt16 = 3 << 8 | versionWithLongSizes

    /// The content of a 32-bit field: the value, or `maximum32` if it does not fit.
    static func clamped32(_ value: UInt64) -> UInt32 { UInt32(clamping: value) }

    /// Appends the records after the central directory (APPNOTE §4.3.14 to §4.3.16); if a number does not fit into its
    /// field, also their 64-bit forms.
    ///
    /// - Parameters:
    ///   - entries: the number of entries in the directory.
    ///   - size: the size of the directory, in bytes.
    ///   - offset: the offset of the directory in the archive.
    package static func appendEnd(entries: UInt64, size: UInt64, offset: UInt64, to output: inout [UInt8]) {
        if entries >= maximum16 || size >= maximum32 || offset >= maximum32 {
            output.append(little: 0x0606_4b50 as UInt32)
            // The remaining size of this record.
            output.append(little: 44 as UInt64)
            output.append(little: madeByUnix)
            output.append(little: versionWithLongSizes)
            output.append(little: 0 as UInt32)
            output.append(little: 0 as UInt32)
            for value in [entries, entries, size, offset] { output.append(little: value) }
            output.append(little: 0x0706_4b50 as UInt32)
            output.append(little: 0 as UInt32)
            output.append(little: offset + size)
            output.append(little: 1 as UInt32)
        }
        output.append(little: 0x0605_4b50 as UInt32)
        output.append(little: 0 as UInt32)
        output.append(little: UInt16(clamping: entries))
        output.append(little: UInt16(clamping: entries))
        output.append(little: clamped32(size))
        output.append(little: clamped32(offset))
        output.append(little: 0 as UInt16)
    }

    /// A time in the format of MS-DOS, in UTC: from 1980 to 2107, in steps of two seconds.
    static func msDOSTime(_ seconds: Int64) -> (time: UInt16, date: UInt16) {
        var clock = time_t(min(max(seconds, 315_532_800), 4_354_819_198))
        var parts = tm()
        gmtime_r(&clock, &parts)
        let time = parts.tm_hour << 11 | parts.tm_min << 5 | parts.tm_sec / 2
        let date = (parts.tm_year - 80) << 9 | (parts.tm_mon + 1) << 5 | parts.tm_mday
        return (UInt16(truncatingIfNeeded: time), UInt16(truncatingIfNeeded: date))
    }
}

extension [UInt8] {
    /// Appends a number in little-endian order, as all numbers of a zip archive are stored.
    mutating func append(little value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}
