import Glibc
import JSON
import Testing

@Suite struct JSONDocumentTests {
    @Test(arguments: [
        "", " ", "{", "[", "[1", "[1,", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}",
        "{\"a\":1 \"b\":2}",
        "[1 2]", "[}", "{]", "]", "}", "1 2", "nul", "nulll", "True", "tru", "'a'", "\"a", "\"\\", "\"\\u12", "\"\\x\"",
        "01", "-", "+1", "1.", ".5", "1e", "1e+", "0x1", "--1", "-Infinit", "nan", "Inf", "- 1", "\"\\u00g0\"",
        "/*a*/1",
        "[1]]", "{\"a\":1}}", "\"\u{1}\"", "\"a\nb\"", "{\"a\" 1}", "{1:2}", "[NaNN]",
    ])
    func `refuses what is no JSON`(text: String) {
        #expect(throws: JSONError.self) { try JSONDocument(parsing: Array(text.utf8)) }
    }

    @Test(arguments: [
        "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800x\"", "\"\\ud800\\n\"", "\"\\ud800\\ud800\"", "\"\\udc00\\ud800\"",
        "\"\\ud800\\u0041\"", "{\"\\udfff\":1}",
    ])
    func `refuses a lone surrogate`(text: String) {
        #expect(throws: JSONError.self) { try JSONDocument(parsing: Array(text.utf8)) }
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xFF],
            [0xE2, 0x28, 0xA1], [0xC3, 0x28],
        ] as [[UInt8]]
    )
    func `refuses malformed UTF-8`(bytes: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        #expect(throws: JSONError.self) { try JSONDocument(parsing: [quote] + bytes + [quote]) }
        #expect(throws: JSONError.self) { try JSONDocument(parsing: [quote] + bytes) }
    }

    @Test func `refuses a byte order mark`() {
        let error = #expect(throws: JSONError.self) { try JSONDocument(parsing: [0xEF, 0xBB, 0xBF, 0x31]) }
        #expect(error?.message == "byte order mark")
    }

    @Test(arguments: [("[1, x]", 4), ("{\"a\":1,,}", 7), ("[\"ab\\q\"]", 4), ("[[1]", 4), ("12 z", 3)])
    func `names the offset of a fault`(text: String, offset: Int) {
        let error = #expect(throws: JSONError.self) { try JSONDocument(parsing: Array(text.utf8)) }
        #expect(error?.offset == offset)
    }

    @Test(arguments: [("[", "]"), ("{\"a\":", "}")])
    func `bounds nesting`(open: String, close: String) throws {
        let allowed = String(repeating: open, count: 100) + "1" + String(repeating: close, count: 100)
        _ = try JSONDocument(parsing: Array(allowed.utf8))
        for depth in [101, 1_000_000] {
            let refused = String(repeating: open, count: depth)
            let error = #expect(throws: JSONError.self) { try JSONDocument(parsing: Array(refused.utf8)) }
            #expect(error?.message == "nested deeper than 100")
        }
    }

    @Test func `bounds the number of values`() throws {
        var limits = JSONLimits()
        limits.valueCount = 4
        _ = try JSONDocument(parsing: Array("[1,2,3]".utf8), limits: limits)
        #expect(throws: JSONError.self) { try JSONDocument(parsing: Array("[1,2,3,4]".utf8), limits: limits) }
        #expect(throws: JSONError.self) {
            try JSONDocument(parsing: Array(("[" + String(repeating: "1,", count: 100) + "1]").utf8), limits: limits)
        }
    }

    @Test func `every prefix of a document is refused and nothing traps`() throws {
        let text = #"{"a":[1,-2.5e+3,"x\u00e9\ud83d\ude00é😀"],"b":{"c":null,"d":true,"e":false},"f":[NaN,-Infinity]}"#
        let bytes = Array(text.utf8)
        _ = try JSONDocument(parsing: bytes)
        for length in 0..<bytes.count {
            #expect(throws: JSONError.self) { try JSONDocument(parsing: Array(bytes[..<length])) }
        }
    }

    @Test func `every single byte change is survived`() {
        let bytes = Array(#"{"a":[1,-2.5e3,"x\u00e9é"],"b":{"c":null}}"#.utf8)
        for index in bytes.indices {
            for byte in UInt8.min...UInt8.max {
                var changed = bytes
                changed[index] = byte
                guard let document = try? JSONDocument(parsing: changed) else { continue }
                #expect(document.root.text.isEmpty == false)
                #expect(document.root["a"]?.string == nil)
            }
        }
    }

    @Test func `finds the special byte at every place of a word`() throws {
        for length in 0..<40 {
            let plain = String(repeating: "a", count: length)
            for special in ["\\n", "é", "\\\"", "😀", "\\\\"] {
                let document = try JSONDocument(parsing: Array("\"\(plain)\(special)\(plain)\"".utf8))
                let meaning = ["\\n": "\n", "\\\"": "\"", "\\\\": "\\"][special] ?? special
                #expect(document.root.string == plain + meaning + plain)
            }
            #expect(throws: JSONError.self) {
                try JSONDocument(parsing: Array("\"\(plain)\u{1F}\(plain)\"".utf8))
            }
        }
    }

    @Test func `a very long number takes linear time`() throws {
        // Sixteen times the digits cost about 16 times the work if parsing is linear, and 256 times if it is quadratic.
        let short = try #require((0..<3).map { _ in try processorTime(ofDigits: 100_000) }.min())
        let long = try processorTime(ofDigits: 1_600_000)
        #expect(long < short * 64)
    }

    /// The processor time of this thread, which other processes do not affect.
    private func processorTime(ofDigits count: Int) throws -> Duration {
        let digits = String(repeating: "7", count: count)
        let bytes = Array("[\(digits),0.\(digits),\(digits)e-\(count - 1)]".utf8)
        let start = threadTime()
        let document = try JSONDocument(parsing: bytes)
        let values = document.root.elements.map(\.double)
        #expect(values == [.infinity, 0.7777777777777778, 7.777777777777778])
        #expect(document.root.elements.map(\.int64) == [nil, nil, nil])
        return threadTime() - start
    }

    private func threadTime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
