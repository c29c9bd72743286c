import Coding
import Testing

@Suite struct Base64Tests {
    /// RFC 4648 §10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func `gives the published texts`(text: String, encoded: String) {
        #expect(Base64.encode(Array(text.utf8), .standard) == encoded)
        #expect(Base64.encode(Array(text.utf8)) == encoded.filter { $0 != "=" })
        #expect(Base64.decode(encoded) == Array(text.utf8))
    }

    @Test func `reads both alphabets, with and without padding`() {
        let bytes: [UInt8] = [0xFB, 0xFF, 0xBF, 0xFE]
        #expect(Base64.encode(bytes, .standard) == "+/+//g==")
        #expect(Base64.encode(bytes) == "-_-__g")
        for text in ["+/+//g==", "+/+//g", "-_-__g==", "-_-__g"] { #expect(Base64.decode(text) == bytes) }
    }

    @Test(arguments: ["A", "AAAAA", "A===", "AA A", "AA\n=", "é", "A=AA"])
    func `refuses what is no base64`(text: String) {
        #expect(Base64.decode(text) == nil)
    }
}
