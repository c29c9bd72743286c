import JSON
import Testing

@Suite struct JSONWriterTests {
    private func written(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        body(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test func `sets commas`() {
        let text = written { writer in
            writer.beginObject()
            writer.member("id", "r1")
            writer.member("k", 1)
            writer.memberArray("list") { list in
                list.int(1)
                list.beginObject()
                list.endObject()
                list.beginArray()
                list.endArray()
                list.null()
                list.bool(true)
                list.raw(Array("[7]".utf8))
            }
            writer.memberObject("empty") { _ in }
            writer.member("flag", false)
            writer.member("absent", ifPresent: nil as String?)
            writer.member("end", ifPresent: 5 as Int64?)
            writer.key(String("k\"ey"))
            writer.double(0.5)
            writer.endObject()
        }
        #expect(
            text == #"{"id":"r1","k":1,"list":[1,{},[],null,true,[7]],"empty":{},"flag":false,"end":5,"k\"ey":0.5}"#
        )
    }

    @Test(
        arguments: [
            (0, "0"), (-1, "-1"), (10, "10"), (.max, "9223372036854775807"), (.min, "-9223372036854775808"),
        ] as [(Int64, String)]
    )
    func `writes integers`(value: Int64, expected: String) {
        #expect(written { $0.int(value) } == expected)
    }

    @Test(
        arguments: [
            (0.1, "0.1"), (1, "1.0"), (-0.0, "-0.0"), (1e300, "1e+300"), (.leastNonzeroMagnitude, "5e-324"),
            (1.0 / 3, "0.3333333333333333"),
            (.nan, "\"NaN\""), (.infinity, "\"Infinity\""), (-.infinity, "\"-Infinity\""),
        ] as [(Double, String)]
    )
    func `writes numbers`(value: Double, expected: String) {
        #expect(written { $0.double(value) } == expected)
        #expect(written { $0.bareDouble(value) } == expected.filter { $0 != "\"" })
    }

    @Test func `escapes what must be escaped and nothing else`() throws {
        let controls = String(String.UnicodeScalarView((0..<0x20).compactMap { Unicode.Scalar($0 as UInt32) }))
        for text in [controls, "\"\\", "é😀\u{7F}\u{2028}", "", "a\u{0}b"] {
            for padding in 0..<17 {
                let padded = String(repeating: "x", count: padding) + text + String(repeating: "y", count: padding)
                let document = try JSONDocument(parsing: Array(written { $0.string(padded) }.utf8))
                #expect(document.root.string == padded)
            }
        }
        #expect(written { $0.string("\u{1}\u{1F}\n\u{8}é\u{7F}/") } == "\"\\u0001\\u001f\\n\\bé\u{7F}/\"")
    }

    @Test func `goes on in a given buffer and hands it over`() {
        var writer = JSONWriter(continuing: Array("data: ".utf8))
        writer.beginArray()
        writer.int(1)
        #expect(writer.takeBytes() == Array("data: [1".utf8))
        writer.int(2)
        writer.endArray()
        #expect(writer.takeBytes() == Array(",2]".utf8))
        #expect(writer.bytes.isEmpty)
    }
}
