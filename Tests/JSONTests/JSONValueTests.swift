import JSON
import Testing

@Suite struct JSONValueTests {
    private func parse(_ text: String) throws -> JSONValue {
        try JSONDocument(parsing: Array(text.utf8)).root
    }

    @Test func `tells the kinds apart`() throws {
        let kinds = try parse(#"[null,true,false,1,"a",[],{}]"#).elements.map(\.kind)
        #expect(kinds == [.null, .true, .false, .number, .string, .array, .object])
        #expect(try parse("null").isNull)
        #expect(try parse("true").bool == true)
        #expect(try parse("false").bool == false)
        #expect(try parse("1").bool == nil)
    }

    @Test(arguments: [
        (#""""#, ""), (#""abc""#, "abc"), (#""é😀""#, "é😀"), (#""\u00e9\uD83D\uDE00""#, "é😀"),
        (#""\/\b\f\n\r\t\"\\""#, "/\u{8}\u{C}\n\r\t\"\\"),
        (#""\u0000""#, "\0"), (#""\uFFFF\uffff""#, "\u{FFFF}\u{FFFF}"), (#""\udbff\udfff""#, "\u{10FFFF}"),
    ])
    func `resolves strings`(text: String, expected: String) throws {
        let value = try parse(text)
        #expect(value.string.map { Array($0.utf8) } == Array(expected.utf8))
        #expect(value.withUTF8 { Array($0) } == Array(expected.utf8))
        #expect(value.isString(expected))
        #expect(!value.isString(expected + "x"))
        #expect(value.int64 == nil)
        #expect(value.double == nil)
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("7", 7), ("-7", -7), ("9223372036854775807", .max), ("-9223372036854775808", .min),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("99999999999999999999", nil), ("1.0", nil),
            ("1e2", nil), ("NaN", nil), ("\"1\"", nil), ("100000000000000000000000", nil),
        ] as [(String, Int64?)]
    )
    func `reads integers that fit`(text: String, expected: Int64?) throws {
        #expect(try parse(text).int64 == expected)
    }

    @Test(arguments: [
        "0", "-0", "0.0", "-0.0", "1", "0.1", "0.3", "123456789012345", "1234567890123456", "9007199254740993",
        "1e22", "1e23", "1E+22", "1e-22", "1.5e-23", "123.456e20", "4.9e-324", "5e-325", "2.2250738585072011e-308",
        "1.7976931348623157e308", "1.7976931348623159e308", "1e999", "-1e999", "0.000000000000000000000001",
        "179769313486231580793e289", "8.5e0", "1e0000000000000000000002", "0.30000000000000004", "1e-400",
        "9223372036854775808", "6.02214076e23", "0e5", "0.00000e22",
    ])
    func `rounds numbers correctly`(text: String) throws {
        let expected = try #require(Double(text))
        let value = try #require(parse(text).double)
        #expect(value.bitPattern == expected.bitPattern)
    }

    @Test func `agrees with the standard library on drawn decimals`() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let digits = Int64.random(in: 0...999_999_999_999_999, using: &generator) >> Int64.random(in: 0...40)
            let text = "\(digits).\(UInt16.random(in: 0...9_999))e\(Int.random(in: -30...30))"
            #expect(try parse(text).double == Double(text), "\(text)")
        }
    }

    @Test func `takes Python's words for numbers`() throws {
        let values = try parse("[NaN,Infinity,-Infinity]").elements.map { $0 }
        #expect(values[0].double?.isNaN == true)
        #expect(values[1].double == .infinity)
        #expect(values[2].double == -.infinity)
        #expect(values.map(\.numberText) == ["NaN", "Infinity", "-Infinity"])
        #expect(values.map(\.numberIsInteger) == [false, false, false])
        #expect(values.map(\.kind) == [.number, .number, .number])
    }

    @Test func `keeps a number as sent`() throws {
        #expect(try parse("1.50e+02").numberText == "1.50e+02")
        #expect(try parse("100000000000000000000").numberIsInteger)
        #expect(try parse("\"1\"").numberText == nil)
    }

    @Test func `looks members up by their bytes`() throws {
        let value = try parse(#"{"a":1,"\u0062":2,"run_id":3,"é":4,"e\u0301":5,"":6,"nested":{"a":7},"last":8}"#)
        let found = ["a", "b", "run_id", "\u{E9}", "e\u{301}", "", "last"].map { value[$0]?.int64 }
        #expect(found == [1, 2, 3, 4, 5, 6, 8])
        #expect(value["nested"]?["a"]?.int64 == 7)
        #expect(value["c"] == nil)
        #expect(value["a"]?["a"] == nil)
        #expect(try parse("[\"a\",1]")["a"] == nil)
    }

    @Test(
        arguments: [
            ("run_id", #"{"runId":1}"#, 1), ("run_id", #"{"run_id":1}"#, nil),
            ("run_id", #"{"runid":1,"runID":2}"#, nil), ("run_id", #"{"run\u0049d":1}"#, 1),
            ("run_id", #"{"runId":1,"runI\u0064":2,"a":3}"#, 2), ("a_b__c_", #"{"aB_C":1,"aBC":2,"aBc":3}"#, 2),
            ("a_1b", #"{"a1b":1}"#, 1), ("_a", #"{"A":1}"#, 1), ("run_id", #"{"runI":1,"runIdx":2,"":3}"#, nil),
            ("key", #"{"key":1,"Key":2}"#, nil), ("run_id", "[1]", nil),
        ] as [(String, String, Int64?)]
    )
    func `finds the camelCase form of a name`(name: String, object: String, expected: Int64?) throws {
        #expect(try parse(object).member(inCamelCase: name)?.int64 == expected)
    }

    @Test func `the last duplicate wins`() throws {
        let value = try parse(#"{"a":1,"b":2,"\u0061":3}"#)
        #expect(value["a"]?.int64 == 3)
        #expect(value.count == 3)
        #expect(value.members.map(\.key) == ["a", "b", "a"])
        #expect(value.text == #"{"a": 3, "b": 2}"#)
    }

    @Test func `walks over containers of any shape`() throws {
        let value = try parse(#" [ [ ] , { } , [ 1 , [ 2 ] ] , { "k" : [ { } ] } , 3 ] "#)
        #expect(value.count == 5)
        #expect(value.elements.map(\.count) == [0, 0, 2, 1, 0])
        #expect(value.elements.map(\.kind) == [.array, .object, .array, .object, .number])
        #expect(value.members.map(\.key).isEmpty)
        #expect(try parse("{}").elements.map(\.kind).isEmpty)
        #expect(try parse("3").elements.map(\.kind).isEmpty)
    }

    @Test func `keeps the document alive`() throws {
        var value: JSONValue? = try parse(#"{"a":["x"]}"#)["a"]
        let inner = value?.elements.map { $0 }.first
        value = nil
        #expect(inner?.string == "x")
    }

    @Test func `lends the bytes as sent`() throws {
        let value = try parse(#"{"a": "x\n", "b": [1, 2 ], "c": 1.0}"#)
        let raw = ["a", "b", "c"].map { value[$0].map { String(decoding: $0.rawBytes, as: UTF8.self) } }
        #expect(raw == [#""x\n""#, "[1, 2 ]", "1.0"])
    }

    // Expected texts are what CPython 3.11's json.dumps(json.loads(text)) prints.
    @Test(arguments: [
        (#"{"a":1,"b":[true,null,"x"]}"#, #"{"a": 1, "b": [true, null, "x"]}"#), ("[]", "[]"), ("{}", "{}"),
        ("1.50", "1.5"), ("1e2", "100.0"), ("1e16", "1e+16"), ("12345678901234567.0", "1.2345678901234568e+16"),
        ("1e15", "1000000000000000.0"), ("9007199254740993.0", "9007199254740992.0"),
        ("-9570373245755612e0", "-9570373245755612.0"), ("0.0001", "0.0001"),
        ("0.00001", "1e-05"), ("-0", "0"), ("-0.0", "-0.0"), ("1e999", "Infinity"), ("NaN", "NaN"), ("1e23", "1e+23"),
        ("123456789012345678901234567890", "123456789012345678901234567890"), ("-17000000000000000.0", "-1.7e+16"),
        ("1.25e-7", "1.25e-07"), ("1e-300", "1e-300"),
        (#""é😀\u007f\u0001\n\/""#, #""\u00e9\ud83d\ude00\u007f\u0001\n/""#),
        (#""\"\\\b\f\r\t""#, #""\"\\\b\f\r\t""#),
    ])
    func `prints as Python does`(text: String, expected: String) throws {
        #expect(try parse(text).text == expected)
    }
}
