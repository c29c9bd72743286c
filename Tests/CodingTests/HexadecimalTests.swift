import Coding
import Testing

@Suite struct HexadecimalTests {
    @Test func `reads what it writes, in either case`() {
        let bytes = (0...255).map { UInt8($0) }
        #expect(Hexadecimal.bytes(Hexadecimal.text(bytes)) == bytes)
        #expect(Hexadecimal.bytes("00fFA9") == [0, 255, 169])
        #expect(Hexadecimal.bytes("") == [])
    }

    @Test(arguments: ["0", "0g", "+1", " 1", "0x", "é", "abc"])
    func `refuses what is no text of bytes`(text: String) {
        #expect(Hexadecimal.bytes(text) == nil)
    }
}
