import ArtifactStore
import Testing

@Suite struct ArtifactPathTests {
    @Test(
        arguments: [
            ("a", ["a"]), ("a/b/c.txt", ["a", "b", "c.txt"]), ("", []), ("a/", ["a"]), ("a..b", ["a..b"]),
            ("..a", ["..a"]), ("100%.txt", ["100%.txt"]), ("%41", ["%41"]), ("a%2fx", ["a%2fx"]), ("%zz", ["%zz"]),
            ("a;b?c", ["a;b?c"]), (";", [";"]), ("a?b", ["a?b"]), ("sp ace", ["sp ace"]), ("a+b", ["a+b"]),
            ("é損.txt", ["é損.txt"]), (".hidden", [".hidden"]), ("~", ["~"]), ("-rf", ["-rf"]),
            ("epoch=1-val.ckpt", ["epoch=1-val.ckpt"]), ("a:b.txt", ["a:b.txt"]), ("12:30", ["12:30"]),
            ("file", ["file"]), ("profile:x", ["profile:x"]), ("😀", ["😀"]), ("e\u{301}", ["e\u{301}"]),
            ("k%step%0%timestamp%1700%00ab.png", ["k%step%0%timestamp%1700%00ab.png"]),
            ("loss%2Ftrain.png", ["loss%2Ftrain.png"]), ("100%20", ["100%20"]), ("a%3b.b", ["a%3b.b"]),
            ("v1.0.", ["v1.0."]), ("end.", ["end."]), (" lead", [" lead"]), ("a/sp ", ["a", "sp "]), (" ", [" "]),
            ("fold 1./x", ["fold 1.", "x"]), ("a\\b", ["a\\b"]), ("a\\b.\\c", ["a\\b.\\c"]), ("a\tb", ["ab"]),
            ("a\r\nb", ["ab"]), ("\ta/\tb\n", ["a", "b"]), ("\u{1F}", ["\u{1F}"]), ("a\u{7F}", ["a\u{7F}"]),
            ("...", ["..."]),
            ("..;x", ["..;x"]), ("a?..", ["a?.."]), ("a..", ["a.."]), ("s3:", ["s3:"]), ("1:", ["1:"]),
            ("CON", ["CON"]),
        ] as [(String, [String])]
    )
    func `takes what is literal, relative and the same everywhere`(text: String, components: [String]) throws {
        #expect(try ArtifactPath(text).components == components)
    }

    @Test(
        arguments: [
            (".\t.", .parentSegment), ("a/.\n./b", .parentSegment), ("\t/etc", .absolute), ("a/\t/b", .emptySegment),
            ("..", .parentSegment), ("../x", .parentSegment), ("a/../b", .parentSegment), ("a/..", .parentSegment),
            (";/..", .parentSegment), ("./..", .parentSegment), ("a//../b", .parentSegment),
            (".", .currentSegment), ("./a", .currentSegment), ("a/./b", .currentSegment), ("a/.", .currentSegment),
            ("....//x", .emptySegment), ("a//b", .emptySegment), ("a//", .emptySegment),
            ("%2e%2e/x", .doubleEncoding), ("..%2fx", .doubleEncoding), ("a/%2E%2E/b", .doubleEncoding),
            ("%2e", .doubleEncoding),
            (".%09./x", .doubleEncoding),
            ("%252e%252e%252fx", .doubleEncoding), ("%5c..%5cx", .doubleEncoding), ("..%00.txt", .doubleEncoding),
            ("%00", .doubleEncoding),
            ("%2Fetc", .doubleEncoding), ("a/%2Fetc", .doubleEncoding), ("%252Fetc", .doubleEncoding),
            ("..%3bx", .doubleEncoding),
            ("%66ile:x", .doubleEncoding), ("C%3a", .doubleEncoding), ("a%2f..%2fb", .doubleEncoding),
            ("%" + String(repeating: "25", count: 12) + "41", .doubleEncoding),
            ("/", .absolute), ("/etc/passwd", .absolute), ("//host/x", .absolute), ("//..", .absolute),
            ("..\\x", .backslash), ("a\\..\\b", .backslash), ("a\\..", .backslash), ("\\\\host\\x", .backslash),
            ("\\x", .backslash), ("\\", .backslash), ("C:\\x", .backslash), ("a\\.\\b", .backslash), ("a\u{0}b", .nul),
            ("C:", .driveOrScheme), ("C:/x", .driveOrScheme), ("x/C:/y", .driveOrScheme), ("file:x", .driveOrScheme),
            ("FILE:///etc", .driveOrScheme), ("File:", .driveOrScheme), ("a/file:x", .driveOrScheme),
            ("s3://b/x", .emptySegment), ("http:///#/../../etc/", .fragment),
            ("a#b", .fragment), ("#", .fragment), ("#/..", .fragment),
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
        #expect(try base.appending(ArtifactPath("a/b")).description == "0/run/artifacts/a/b")
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
        #expect(try ArtifactPath("a/b") == ArtifactPath("a/b/"))
    }

    @Test(arguments: ["../a//b", "a//../b", "./#", "a//..", "\\/C:/y"])
    func `names a rule of the reference before one of its own`(text: String) {
        let error = #expect(throws: ArtifactError.self) { try ArtifactPath(text) }
        #expect(error?.message(for: text) == "Invalid path")
    }
}
