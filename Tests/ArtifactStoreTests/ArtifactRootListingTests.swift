import ArtifactStore
import Glibc
import Testing

@Suite struct ArtifactRootListingTests {
    let store: TemporaryStore

    init() throws {
        store = try TemporaryStore()
    }

    private func names(_ path: String, relativeTo base: String = "") throws -> [String] {
        try store.root.list(ArtifactPath(path), relativeTo: ArtifactPath(base)).map(\.path)
    }

    @Test func `lists a root that was never written to as empty and does not make it`() throws {
        #expect(try names("").isEmpty)
        #expect(try names("a/b").isEmpty)
        #expect(store.names(in: "").isEmpty)
    }

    @Test func `sorts files and folders together by code points`() throws {
        for name in ["é損.txt", "a;b", "~", "100%.txt", "Z", "d/e/f.json", ".hidden", "a.txt", "sp ace"] {
            try store.put(name, "x")
        }
        #expect(try names("") == [".hidden", "100%.txt", "Z", "a.txt", "a;b", "d", "sp ace", "~", "é損.txt"])
    }

    @Test func `gives sizes of files and none of folders`() throws {
        try store.put("a", "hello")
        try store.put("d/e", "")
        #expect(
            try store.root.list(.root) == [
                ArtifactEntry(path: "a", isDirectory: false, size: 5),
                ArtifactEntry(path: "d", isDirectory: true, size: 0),
            ]
        )
    }

    @Test func `gives paths relative to the base`() throws {
        try store.put("0/run/artifacts/d/e/f", "x")
        #expect(try names("", relativeTo: "0/run/artifacts") == ["d"])
        #expect(try names("d/e", relativeTo: "0/run/artifacts") == ["d/e/f"])
        #expect(try names("d/e/", relativeTo: "0/run/artifacts") == ["d/e/f"])
        #expect(try names("0/run") == ["0/run/artifacts"])
    }

    @Test func `lists a file and a missing folder as empty`() throws {
        try store.put("a.txt", "x")
        #expect(try names("a.txt").isEmpty)
        #expect(try names("missing/folder").isEmpty)
        #expect(try names("a.txt/b").isEmpty)
    }

    @Test func `hides unfinished uploads, links, pipes and names that no client can say`() throws {
        try store.put("a", "x")
        let upload = try store.root.beginWrite(ArtifactPath("b"))
        try store.link("store/link", to: "a")
        try store.link("store/dangling", to: "nowhere")
        try #require(mkfifo(store.location + "/pipe", 0o600) == 0)
        try store.plant("store/..\\up", "x")
        try store.plant("store/a#b", "x")
        try store.plant("store/line\nfeed", "x")
        try store.plant("store/.artifact.uploading.x", "x")
        let rawName: [CChar] = Array((store.location + "/").utf8CString.dropLast()) + [-1, 0]
        let descriptor = open(rawName, O_WRONLY | O_CREAT, 0o600)
        close(descriptor)
        #expect(try names("") == ["a"])
        upload.abort()
    }

    @Test func `shows names that few programs use`() throws {
        let all = [" lead", "a\u{1}b", "a\\b", "end."]
        for name in all { try store.put(name, "x") }
        #expect(try names("") == all)
    }
}
