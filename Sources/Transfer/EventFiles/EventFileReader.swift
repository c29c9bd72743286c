internal import Coding
package import Files
internal import Glibc

/// Reads the records of an event file.
///
/// TensorFlow calls the format TFRecord: each record has a length, a checksum of the length, the content, and a
/// checksum of the content.
///
/// An incomplete record at the end of the file is ignored, because the writer has not finished it yet or was killed. After
/// damage, reading continues at the next record whose two checksums are right, whatever length the damaged record states. The
/// reader needs as much memory as the largest record that it returns, and at least 1 MiB.
package final class EventFileReader {
    /// Larger records are skipped; records with scalars have some hundred bytes.
    package static let maximumRecordBytes: Int64 = 16 << 20
    /// The maximum size of a Protocol Buffers message, so a greater length is damage and not a record that is being written.
    private static let maximumMessageBytes: UInt64 = 1 << 31
    private static let headBytes: Int64 = 12
    private static let checksumBytes: Int64 = 4
    private static let windowBytes = 1 << 20
    /// The number of false heads after which the search for the next record ends.
    ///
    /// A false head has the right checksum of its length, but no content with the right checksum follows. Only a file that was
    /// made to slow down the reader has so many.
    private static let maximumFalseHeads = 100

    package enum Part {
        /// The content of a record, which is valid until the next call, and the range of the record in the file.
        case record(UnsafeRawBufferPointer, Range<Int64>)
        /// A whole record that is larger than `maximumRecordBytes`.
        case tooLarge
        /// Bytes that are not records.
        case damage(Range<Int64>)
    }

    private enum Head {
        case record(length: Int64)
        case incomplete
        case damaged
    }

    private let file: Descriptor
    private let size: Int64
    private var offset: Int64 = 0
    private var window = UnsafeMutableRawBufferPointer.allocate(byteCount: windowBytes, alignment: 16)
    private var windowStart: Int64 = 0
    private var windowCount = 0
    private var falseHeads = 0

    /// - Parameter size: the number of bytes to read, although the file may grow meanwhile.
    package init(_ file: Descriptor, size: Int64) {
        self.file = file
        self.size = size
    }

    deinit { window.deallocate() }

    /// Reads the next part; nil at the end.
    ///
    /// - Throws: if the file cannot be read.
    package func next() throws(SourceFailure) -> Part? {
        guard offset < size else { return nil }
        let start = offset
        let head = try head(at: start)
        if case .record(let length) = head, try hasIntactContent(start, length) {
            offset = start + Self.headBytes + length + Self.checksumBytes
            guard length <= Self.maximumRecordBytes else { return .tooLarge }
            return .record(try bytes(at: start + Self.headBytes, Int(length)), start..<offset)
        }
        let next = try recordStart(after: start)
        offset = next ?? size
        if next == nil, case .incomplete = head { return nil }
        return .damage(start..<offset)
    }

    private func head(at start: Int64) throws(SourceFailure) -> Head {
        let rest = size - start - Self.headBytes
        guard rest >= 0 else { return .incomplete }
        let bytes = try bytes(at: start, Int(Self.headBytes))
        var checksum = CRC32C()
        checksum.update(UnsafeRawBufferPointer(rebasing: bytes[..<8]))
        guard checksum.masked == bytes.littleEndian(UInt32.self, at: 8) else { return .damaged }
        let length = bytes.littleEndian(UInt64.self, at: 0)
        guard length <= Self.maximumMessageBytes else { return .damaged }
        guard rest >= Self.checksumBytes, length <= UInt64(rest - Self.checksumBytes) else { return .incomplete }
        return .record(length: Int64(length))
    }

    private func hasIntactContent(_ start: Int64, _ length: Int64) throws(SourceFailure) -> Bool {
        var checksum = CRC32C()
        var position = start + Self.headBytes
        let end = position + length
        while position < end {
            let count = min(end - position, Int64(Self.windowBytes))
            checksum.update(try bytes(at: position, Int(count)))
            position += count
        }
        return checksum.masked == (try bytes(at: end, Int(Self.checksumBytes))).littleEndian(UInt32.self, at: 0)
    }

    /// The offset of the first whole record after an offset; nil if no record follows.
    private func recordStart(after start: Int64) throws(SourceFailure) -> Int64? {
        var position = start + 1
        while size - position >= Self.headBytes + Self.checksumBytes {
            if case .record(let length) = try head(at: position) {
                if try hasIntactContent(position, length) { return position }
                falseHeads += 1
                guard falseHeads < Self.maximumFalseHeads else { return nil }
            }
            position += 1
        }
        return nil
    }

    private func bytes(at start: Int64, _ count: Int) throws(SourceFailure) -> UnsafeRawBufferPointer {
        if start < windowStart || start + Int64(count) > windowStart + Int64(windowCount) {
            try fillWindow(from: start, count)
        }
        let first = Int(start - windowStart)
        return UnsafeRawBufferPointer(rebasing: window[first..<first + count])
    }

    private func fillWindow(from start: Int64, _ count: Int) throws(SourceFailure) {
        if count > window.count {
            window.deallocate()
            window = .allocate(byteCount: count, alignment: 16)
        }
        (windowStart, windowCount) = (start, 0)
        while windowCount < count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: window[windowCount...])
            let got = pread(file.rawValue, rest.baseAddress, rest.count, off_t(start) + off_t(windowCount))
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw SourceFailure(String(cString: strerror(errno))) }
            guard got > 0 else { throw SourceFailure("became shorter while it was read") }
            windowCount += got
        }
    }
}

extension CRC32C {
    /// The checksum in the masked form that event files store: an unmasked one would be less reliable for data that contains
    /// checksums.
    package var masked: UInt32 { (value &>> 15 | value &<< 17) &+ 0xA282_EAD8 }
}

extension UnsafeRawBufferPointer {
    fileprivate func littleEndian<Number: FixedWidthInteger>(_ type: Number.Type, at offset: Int) -> Number {
        Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
    }
}
