import Coding
import Testing

@Suite struct PercentCodingTests {
    @Test(arguments: [
        ("", ""), ("plain", "plain"), ("a%20b+c", "a b+c"), ("%C3%a9", "é"), ("é", "é"), ("%25%32", "%2"),
    ])
    func `decodes once`(text: String, decoded: String) {
        #expect(PercentCoding.decode(text) == decoded)
    }

    @Test func `reads a plus as a space where told to`() {
        #expect(PercentCoding.decode("a+b%2B", plusIsSpace: true) == "a b+")
    }

    @Test(arguments: ["%", "%4", "%g0", "%+1", "a%00b", "a\0b", "%ff", "%C3/"])
    func `refuses broken escapes, NUL and what is not UTF-8`(text: String) {
        #expect(PercentCoding.decode(text) == nil)
    }

    @Test(arguments: [("%41%4g%", "A%4g%"), ("%2", "%2"), ("%%41", "%A"), ("%00", "\0"), ("%c3%A9", "é")])
    func `leaves broken escapes alone when lenient`(text: String, decoded: String) {
        #expect(PercentCoding.decodeLeniently(Array(text.utf8)) == Array(decoded.utf8))
    }

    @Test func `encodes all but what needs no encoding, and decodes it again`() {
        #expect(PercentCoding.encode("aZ09-._~ /é%") == "aZ09-._~%20%2F%C3%A9%25")
        #expect(PercentCoding.encode("a~b!", unescaped: "!") == "a%7Eb!")
        let all = String(decoding: (1...127).map { UInt8($0) }, as: UTF8.self)
        #expect(PercentCoding.decode(PercentCoding.encode(all)) == all)
    }
}
