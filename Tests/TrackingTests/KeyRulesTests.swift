import Testing
import Tracking

private func message(_ body: () throws(TrackingError) -> Void) -> String? {
    do {
        try body()
        return nil
    } catch {
        return error.code == .invalidParameterValue ? error.message : "\(error.code)"
    }
}

private func isLegal(_ key: String) -> Bool {
    message { () throws(TrackingError) in try validateKey(key, path: "key") } == nil
}

@Suite struct KeyRulesTests {
    @Test(arguments: [
        "a", "a b", "a/b", "a.b", "a-b", "a:b", "_", "é", "損失", "val/loss:0", ".a", "a.", ".a/b",
        "a/...", "x²", "½", "٣", " ", "-", "a/ b", "mlflow.source.git.commit",
    ])
    func `accepts a legal key`(key: String) {
        #expect(isLegal(key))
    }

    @Test(arguments: [
        "", ".", "..", "...", "..a", "../a", "a/..", "a/../b", "/", "//", "/a", "//a", "a/", "a//b", "./a", "a/.",
        "a/./b",
        "a\\b", "a\n", "a\tb", "😀", "a\u{301}", "a,b", "a#b", "a$b", "a'b", "a\0", "损\u{200D}", "a@b", "(a)",
    ])
    func `refuses an illegal key`(key: String) {
        #expect(!isLegal(key))
    }

    @Test func `shows the key as JSON and names the parameter`() {
        #expect(
            message { () throws(TrackingError) in try validateKey("é//😀", path: "tags[0].key") }
                == #"Invalid value "\u00e9//\ud83d\ude00" for parameter 'tags[0].key' supplied: "#
                + "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) "
                + "and slashes (/)."
        )
    }

    @Test(arguments: [
        ("a//b", "a/b"), ("/a", "/a"), ("a/", "a"), ("..", ".."), ("../a", "../a"), ("a/../b", "b"), ("./a", "a"),
        (".", "."), ("", "."), ("a/..", "."), ("//a", "//a"), ("///a", "/a"), ("/..", "/"), ("a/../..", ".."),
        ("..a", "..a"),
    ])
    func `tells what the key would resolve to`(key: String, resolved: String) {
        let text = message { () throws(TrackingError) in try validateKey(key, path: "name") }
        #expect(
            text == "Invalid value \"\(key)\" for parameter 'name' supplied: Names may be treated as files in certain "
                + "cases, and must not resolve to other names when treated as such. This name would resolve to "
                + "'\(resolved)'"
        )
    }

    @Test func `does not echo a whole long key`() {
        let text = message { () throws(TrackingError) in
            try validateKey(String(repeating: "#", count: 1 << 20), path: "k")
        }
        #expect((text?.utf8.count ?? 0) < 2_000)
    }

    /// Apus may know more letters, of newer Unicode versions, but must agree on all scalars that Python 3.11 knows.
    @Test func `agrees with Python on every scalar up to Unicode 14`() {
        var expected = [Bool](repeating: false, count: 0x11_0000)
        for range in pythonWordRanges.split(whereSeparator: \.isWhitespace) {
            let ends = range.split(separator: "-").compactMap { Int($0, radix: 16) }
            guard let first = ends.first, let last = ends.last else { continue }
            for code in first...last { expected[code] = true }
        }
        var differing: [String] = []
        for code in UInt32(0)..<0x11_0000 {
            guard let scalar = Unicode.Scalar(code), !"/.-: ".unicodeScalars.contains(scalar) else { continue }
            let isKnown = scalar.properties.age.map { $0.major <= 14 } ?? false
            if isKnown, isLegal(String(scalar)) != expected[Int(code)] { differing.append(String(code, radix: 16)) }
        }
        #expect(differing.isEmpty)
    }
}
