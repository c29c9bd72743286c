import Coding
import Testing

@Suite struct DeflateTests {
    static let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }

    private func compressed(_ bytes: [UInt8], by deflater: Deflater, pieces: Int) -> [UInt8] {
        var output: [UInt8] = []
        let length = bytes.count / pieces + 1
        for start in stride(from: 0, through: bytes.count, by: length) {
            let piece = Array(bytes[start...].prefix(length))
            let isLast = start + length > bytes.count
            piece.withUnsafeBytes { deflater.compress($0, isLast: isLast, into: &output) }
        }
        return output
    }

    private func inflated(_ coded: [UInt8], by inflater: Inflater, step: Int) throws -> [UInt8] {
        var output: [UInt8] = []
        for start in stride(from: 0, to: coded.count, by: step) {
            try Array(coded[start...].prefix(step)).withUnsafeBytes { bytes in
                try inflater.inflate(bytes) { output.append(contentsOf: $0) }
            }
        }
        return output
    }

    @Test func `gives back what went in, however it was cut, and again after a restart`() throws {
        let deflater = try #require(Deflater(.gzip))
        for pieces in [1, 7] {
            let coded = compressed(Self.bytes, by: deflater, pieces: pieces)
            let inflater = try #require(Inflater(.gzip))
            #expect(try inflated(coded, by: inflater, step: 1_000) == Self.bytes)
            #expect(inflater.isFinished)
            #expect(deflater.restart())
        }
    }

    @Test func `tells a broken coding, bytes behind its end, and another wrapper`() throws {
        let coded = compressed(Self.bytes, by: try #require(Deflater(.gzip)), pieces: 1)
        var broken = coded
        broken[coded.count / 2] ^= 0xFF
        for bytes in [broken, coded + [0]] {
            let inflater = try #require(Inflater(.gzip))
            #expect(throws: Inflater.Broken.self) { try inflated(bytes, by: inflater, step: bytes.count) }
        }
        let other = try #require(Inflater(.zlib))
        #expect(throws: Inflater.Broken.self) { try inflated(coded, by: other, step: coded.count) }
        let half = try #require(Inflater(.gzip))
        _ = try inflated(Array(coded.dropLast()), by: half, step: coded.count)
        #expect(!half.isFinished)
    }

    @Test func `sums up as ISO 3309 says`() {
        var checksum = CRC32()
        checksum.update(UnsafeRawBufferPointer(start: nil, count: 0))
        Array("1234".utf8).withUnsafeBytes { checksum.update($0) }
        Array("56789".utf8).withUnsafeBytes { checksum.update($0) }
        #expect(checksum.value == 0xCBF4_3926)
    }
}
