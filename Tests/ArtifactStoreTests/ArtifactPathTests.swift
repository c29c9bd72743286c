import ArtifactStore
import Testing

@Suite struct ArtifactPathTests {
    @Test(
        arguments: [
            ("a", ["a"]), ("a/b/c.txt", ["a", "b", "c.txt"]), ("", []), (".", []), ("./a", ["a"]),
            ("a/./b", ["a", "b"]),
            ("a//b", ["a", "b"]), ("a/", ["a"]), ("....//x", ["....", "x"]), ("...", ["..."]), ("a..b", ["a..b"]),
            ("..a", ["..a"]), ("100%.txt", ["100%.txt"]), ("%2e/x", ["%2e", "x"]), ("a%2fx", ["a%2fx"]),
            ("%252e", ["%252e"]), ("a#b", ["a#b"]), ("a;b?c", ["a;b?c"]), ("?..", ["?.."]), ("sp ace ", ["sp ace "]),
            ("dot.", ["dot."]), ("é損.txt", ["é損.txt"]), (".hidden", [".hidden"]), ("~", ["~"]),
            ("x/C:/y", ["x", "C:", "y"]),
            ("http:///#/x", ["http:", "#", "x"]), ("file", ["file"]), ("😀", ["😀"]),
        ] as [(String, [String])]
    )
    func `takes what is literal and relative`(text: String, components: [String]) throws {
        #expect(try ArtifactPath(text).components == components)
    }

    @Test(
        arguments: [
            ("..", .parentSegment), ("../x", .parentSegment), ("a/../b", .parentSegment), ("a/..", .parentSegment),
            (";/..", .parentSegment), ("#/..", .parentSegment), ("http:///#/../../etc/", .parentSegment),
            ("./..", .parentSegment), ("a//../b", .parentSegment), ("%2e%2e/x", .parentSegment),
            ("..%2fx", .parentSegment), ("a/%2E%2E/b", .parentSegment), ("%252e%252e%252fx", .parentSegment),
            ("%5c..%5cx", .parentSegment), ("%2Fetc", .absolute), ("%252Fetc", .absolute),
            ("/", .absolute), ("/etc/passwd", .absolute), ("//host/x", .absolute), ("//..", .absolute),
            ("..\\x", .backslash), ("a\\b", .backslash), ("\\\\host\\x", .backslash),
            ("a\u{0}b", .controlCharacter), ("a\nb", .controlCharacter), ("a\r\nb", .controlCharacter),
            ("a\u{7F}", .controlCharacter), ("\u{1F}", .controlCharacter), ("a\tb", .controlCharacter),
            ("C:", .driveOrScheme), ("C:/x", .driveOrScheme), ("c:x", .driveOrScheme), ("file:x", .driveOrScheme),
            ("FILE:///etc", .driveOrScheme), ("File:", .driveOrScheme),
            (".apus-upload-1", .reservedName), ("a/.apus-upload-/b", .reservedName),
            (".artifact.uploading.x", .reservedName),
            (String(repeating: "n", count: 256), .longComponent), (String(repeating: "é", count: 128), .longComponent),
            (String(repeating: "a/", count: 129), .longPath), (String(repeating: "n/", count: 2_049), .longPath),
            (String(repeating: "/", count: 4_097), .longPath),
        ] as [(String, ArtifactError.PathRule)]
    )
    func `refuses what could leave the root or confuse a file system`(text: String, rule: ArtifactError.PathRule) {
        #expect(throws: ArtifactError.invalidPath(rule)) { try ArtifactPath(text) }
        #expect(ArtifactError.invalidPath(rule).message(for: text).hasPrefix("Invalid path"))
    }

    @Test func `takes components of 255 bytes and 128 of them`() throws {
        #expect(try ArtifactPath(String(repeating: "n", count: 255)).components.count == 1)
        #expect(try ArtifactPath(Array(repeating: "d", count: 128).joined(separator: "/")).components.count == 128)
    }

    @Test func `appends beneath a base within the limits`() throws {
        let base = try ArtifactPath("0/run/artifacts")
        #expect(try base.appending(ArtifactPath("a//b")).description == "0/run/artifacts/a/b")
        #expect(try base.appending(.root) == base)
        let deep = try ArtifactPath(Array(repeating: "d", count: 126).joined(separator: "/"))
        #expect(throws: ArtifactError.invalidPath(.longPath)) { try base.appending(deep) }
        let wide = try ArtifactPath(
            Array(repeating: String(repeating: "n", count: 255), count: 16).joined(separator: "/")
        )
        #expect(throws: ArtifactError.invalidPath(.longPath)) { try base.appending(wide) }
    }

    @Test func `compares by bytes, not by canonical equivalence`() throws {
        #expect(try ArtifactPath("\u{E9}") != ArtifactPath("e\u{301}"))
        #expect(try ArtifactPath("a/b") == ArtifactPath("a//b"))
    }
}
