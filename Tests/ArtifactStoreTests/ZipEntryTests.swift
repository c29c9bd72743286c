import ArtifactStore
import Testing

/// Tests records with numbers beyond 16 and 32 bits, without writing gigabytes.
@Suite struct ZipEntryTests {
    private static let limit: UInt64 = 0xFFFF_FFFF

    private func entry(expecting size: UInt64 = 10, at offset: UInt64 = 0) -> ZipEntry {
        ZipEntry(name: "f", method: .store, modificationSeconds: 5_000_000_000, offset: offset, expectedSize: size)
    }

    @Test(arguments: [
        (0, false), (4_000_000_000, false), (limit - 1, true), (limit, true), (limit + 1, true), (.max, true),
    ])
    func `sizes are long where the content may pass 32 bits`(size: UInt64, isLong: Bool) {
        var entry = entry(expecting: size)
        var header: [UInt8] = []
        entry.appendLocalHeader(to: &header)
        entry.checksum = 7
        entry.size = size
        entry.compressedSize = 3
        var descriptor: [UInt8] = []
        entry.appendDescriptor(to: &descriptor)
        #expect(descriptor.little(4, 4) == 7)
        #expect(header.little(4, 2) == (isLong ? 45 : 20))
        guard isLong else {
            #expect(header.count == 31 && header.little(18, 4) == 0 && descriptor.count == 16)
            #expect(descriptor.little(8, 4) == 3 && UInt64(descriptor.little(12, 4)) == size)
            return
        }
        #expect(header.little(18, 4) == Int(Self.limit) && header.little(22, 4) == Int(Self.limit))
        #expect(Array(header[31...]) == [1, 0, 16, 0] + [UInt8](repeating: 0, count: 16))
        #expect(descriptor.count == 24 && descriptor.little(8, 8) == 3)
        #expect(Array(descriptor[16...]) == withUnsafeBytes(of: size.littleEndian) { Array($0) })
    }

    @Test(
        arguments: [
            (limit - 1, limit - 1, limit - 1, []), (limit, 9, 9, [limit]), (9, limit, 9, [limit]),
            (9, 9, limit, [limit]), (limit + 5, limit + 6, limit + 7, [limit + 5, limit + 6, limit + 7]),
            (limit + 5, 9, limit + 7, [limit + 5, limit + 7]),
        ] as [(UInt64, UInt64, UInt64, [UInt64])]
    )
    func `the directory moves what 32 bits cannot hold to its extra field`(
        size: UInt64,
        compressedSize: UInt64,
        offset: UInt64,
        long: [UInt64]
    ) {
        var entry = entry(expecting: size, at: offset)
        entry.size = size
        entry.compressedSize = compressedSize
        var record: [UInt8] = []
        entry.appendDirectoryRecord(to: &record)
        #expect(record.little(20, 4) == Int(min(compressedSize, Self.limit)))
        #expect(record.little(24, 4) == Int(min(size, Self.limit)))
        #expect(record.little(42, 4) == Int(min(offset, Self.limit)))
        let expected = long.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } }
        #expect(Array(record[47...]) == (long.isEmpty ? [] : [1, 0, UInt8(long.count * 8), 0] + expected))
        #expect(record.little(30, 2) == record.count - 47)
    }

    @Test(
        arguments: [
            (65_534, 100, 100, false), (65_535, 100, 100, true), (65_536, 100, 100, true), (1, 100, limit - 1, false),
            (1, 100, limit, true), (1, limit, 100, true), (200_000, limit + 1, limit + 2, true),
        ] as [(UInt64, UInt64, UInt64, Bool)]
    )
    func `the end has long fields where a number needs them`(count: UInt64, size: UInt64, offset: UInt64, isLong: Bool)
    {
        var end: [UInt8] = []
        ZipFormat.appendEnd(entries: count, size: size, offset: offset, to: &end)
        #expect(end.count == (isLong ? 98 : 22))
        let short = end.count - 22
        #expect(end.little(short, 4) == 0x0605_4b50 && end.little(short + 10, 2) == Int(min(count, 0xFFFF)))
        #expect(end.little(short + 12, 4) == Int(min(size, Self.limit)))
        #expect(end.little(short + 16, 4) == Int(min(offset, Self.limit)))
        guard isLong else { return }
        #expect(end.little(0, 4) == 0x0606_4b50 && end.little(4, 8) == 44)
        #expect([24, 32, 40, 48].map { UInt64(end.little($0, 8)) } == [count, count, size, offset])
        #expect(end.little(56, 4) == 0x0706_4b50 && UInt64(end.little(64, 8)) == offset + size)
        #expect(end.little(72, 4) == 1)
    }
}
