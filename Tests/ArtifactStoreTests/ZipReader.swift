import CZlib
import Testing

/// Reads an archive from its end, like unzip programs, and compares its records with each other.
struct ZipReader {
    struct Entry {
        let name: String
        let method: UInt16
        let flags: UInt16
        let time: UInt16
        let date: UInt16
        let attributes: UInt32
        let content: [UInt8]
    }

    let entries: [Entry]

    init(_ bytes: [UInt8]) throws {
        let end = bytes.count - 22
        try #require(end >= 0 && bytes.little(end, 4) == 0x0605_4b50)
        let count = bytes.little(end + 10, 2)
        var offset = bytes.little(end + 16, 4)
        try #require(offset + bytes.little(end + 12, 4) == end)
        var entries: [Entry] = []
        for _ in 0..<count {
            try #require(bytes.little(offset, 4) == 0x0201_4b50)
            entries.append(try Entry(bytes, record: offset))
            offset += 46 + bytes.little(offset + 28, 2) + bytes.little(offset + 30, 2)
        }
        try #require(offset == end)
        self.entries = entries
    }
}

extension ZipReader.Entry {
    fileprivate init(_ bytes: [UInt8], record: Int) throws {
        let local = bytes.little(record + 42, 4)
        let nameLength = bytes.little(record + 28, 2)
        try #require(bytes.little(local, 4) == 0x0403_4b50)
        for (here, there, width) in [(8, 6, 2), (10, 8, 2), (12, 10, 2), (14, 12, 2), (28, 26, 2)] {
            try #require(bytes.little(record + here, width) == bytes.little(local + there, width))
        }
        let text = Array(bytes[record + 46..<record + 46 + nameLength])
        try #require(text == Array(bytes[local + 30..<local + 30 + nameLength]))
        let start = local + 30 + nameLength + bytes.little(local + 28, 2)
        let packed = Array(bytes[start..<start + bytes.little(record + 20, 4)])
        method = UInt16(bytes.little(record + 10, 2))
        flags = UInt16(bytes.little(record + 8, 2))
        time = UInt16(bytes.little(record + 12, 2))
        date = UInt16(bytes.little(record + 14, 2))
        attributes = UInt32(bytes.little(record + 38, 4))
        name = String(decoding: text, as: UTF8.self)
        content = method == 8 ? inflated(packed, windowBits: -15) : packed
        try #require(content.count == bytes.little(record + 24, 4))
        try #require(Int(crc32_z(0, content + [0], content.count)) == bytes.little(record + 16, 4))
        guard flags & 8 != 0 else { return }
        let descriptor = start + packed.count
        try #require(bytes.little(descriptor, 4) == 0x0807_4b50)
        for part in 0..<3 {
            try #require(bytes.little(descriptor + 4 + part * 4, 4) == bytes.little(record + 16 + part * 4, 4))
        }
    }
}

extension [UInt8] {
    /// Reads a little-endian number.
    func little(_ offset: Int, _ width: Int) -> Int {
        (0..<width).reversed().reduce(0) { $0 << 8 | Int(self[offset + $1]) }
    }
}

/// Decompresses bytes; `windowBits` as in zlib.h: -15 for raw deflate, 31 for gzip.
func inflated(_ bytes: [UInt8], windowBits: Int32) -> [UInt8] {
    var stream = z_stream()
    guard inflateInit2_(&stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
        return []
    }
    defer { inflateEnd(&stream) }
    var input = bytes
    var output = [UInt8](repeating: 0, count: bytes.count * 1_100 + 64)
    let capacity = output.count
    let result = input.withUnsafeMutableBufferPointer { source in
        output.withUnsafeMutableBufferPointer { target in
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(source.count)
            stream.next_out = target.baseAddress
            stream.avail_out = UInt32(capacity)
            return inflate(&stream, Z_FINISH)
        }
    }
    return result == Z_STREAM_END && stream.avail_in == 0 ? Array(output.prefix(Int(stream.total_out))) : []
}
