import Coding
import Testing

@Suite struct CRC32CTests {
    /// The examples of RFC 3720 appendix B.4, and the usual check value.
    @Test(
        arguments: [
            (Array("123456789".utf8), 0xE306_9283), ([], 0),
            ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
            (Array(0..<32), 0x46DD_794E), (Array((0..<32).reversed()), 0x113F_DB5C),
        ] as [([UInt8], UInt32)]
    )
    func `has the published values, in one piece and in any two`(bytes: [UInt8], expected: UInt32) {
        for cut in 0...bytes.count {
            var checksum = CRC32C()
            bytes[..<cut].withUnsafeBytes { checksum.update($0) }
            bytes[cut...].withUnsafeBytes { checksum.update($0) }
            #expect(checksum.value == expected)
        }
    }
}
