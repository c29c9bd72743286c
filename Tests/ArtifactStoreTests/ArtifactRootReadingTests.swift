import ArtifactStore
import Glibc
import Testing

@Suite struct ArtifactRootReadingTests {
    let store: TemporaryStore

    init() throws {
        store = try TemporaryStore()
    }

    @Test(arguments: ["100%.txt", "sp ace ", "é損.txt", "a#b", "a;b?c", "d/e/f.json", "...", "%2e%2ex", "-rf"])
    func `reads back what was written under any literal name`(path: String) throws {
        try store.put(path, "content of \(path)")
        #expect(try store.get(path) == "content of \(path)")
    }

    @Test func `says which of missing and folder it is`() throws {
        try store.put("d/a", "x")
        for path in ["missing", "d/missing", "missing/a", "d/a/b"] {
            #expect(throws: ArtifactError.notFound) { try store.root.open(ArtifactPath(path)) }
        }
        for path in ["d", "d/", "", "."] {
            #expect(throws: ArtifactError.isDirectory) { try store.root.open(ArtifactPath(path)) }
        }
    }

    @Test func `finds nothing in a root that does not exist`() throws {
        #expect(throws: ArtifactError.notFound) { try store.root.open(ArtifactPath("a")) }
    }

    @Test func `does not block on a pipe or open a socket`() throws {
        try store.put("a", "x")
        try #require(mkfifo(store.location + "/pipe", 0o600) == 0)
        #expect(throws: ArtifactError.notFound) { try store.root.open(ArtifactPath("pipe")) }
    }

    @Test(arguments: ["file", "folder/secret", "dangling", "inside", "d/up/secret", "folder"])
    func `never follows a planted link`(path: String) throws {
        try store.plant("secret", "outside")
        try store.put("d/a", "inside")
        try store.link("store/file", to: "../secret")
        try store.link("store/folder", to: "..")
        try store.link("store/dangling", to: "nowhere")
        try store.link("store/inside", to: "d/a")
        try store.link("store/d/up", to: "../..")
        #expect(throws: ArtifactError.invalidPath(.symbolicLink)) { try store.root.open(ArtifactPath(path)) }
        #expect(throws: ArtifactError.invalidPath(.symbolicLink)) { try store.put(path, "overwritten") }
        #expect(try String(readingFile: store.folder + "/secret") == "outside")
    }

    @Test func `never lists through a link`() throws {
        try store.put("a", "x")
        try store.link("store/out", to: "..")
        #expect(throws: ArtifactError.invalidPath(.symbolicLink)) { try store.root.list(ArtifactPath("out")) }
        #expect(throws: ArtifactError.invalidPath(.symbolicLink)) { try store.root.list(ArtifactPath("out/store")) }
    }

    @Test func `stays inside while a folder is swapped for a link`() async throws {
        try #require(mkdir(store.folder + "/outside", 0o700) == 0)
        try store.plant("outside/f", "outside")
        try store.put("d/f", "inside")
        try store.link("store/l", to: "../outside")
        async let swapper: Void = swap(store.location + "/d", with: store.location + "/l", times: 2_000)
        var seen: Set<String> = []
        for _ in 0..<2_000 {
            do {
                seen.insert(try store.get("d/f"))
            } catch ArtifactError.invalidPath(.symbolicLink), ArtifactError.notFound {
                continue
            }
        }
        await swapper
        #expect(!seen.contains("outside"))
    }

    private func swap(_ one: String, with other: String, times: Int) async {
        for _ in 0..<times {
            rename(one, one + "-aside")
            rename(other, one)
            rename(one, other)
            rename(one + "-aside", one)
        }
    }

    @Test func `keeps what was opened while it is replaced and deleted`() throws {
        try store.put("a", "old")
        let artifact = try store.root.open(ArtifactPath("a"))
        try store.put("a", "new and longer")
        #expect(try artifact.text() == "old")
        try store.root.delete(ArtifactPath("a"))
        #expect(try artifact.text() == "old")
        #expect(artifact.size == 3)
    }

    @Test func `tags each upload of a file otherwise and each opening alike`() throws {
        try store.put("a", "one")
        let first = try store.root.open(ArtifactPath("a"))
        #expect(try store.root.open(ArtifactPath("a")).entityTag == first.entityTag)
        try store.put("a", "two")
        #expect(try store.root.open(ArtifactPath("a")).entityTag != first.entityTag)
        #expect(first.entityTag.hasPrefix("\"") && first.entityTag.hasSuffix("\""))
        #expect(first.modificationSeconds > 1_600_000_000)
    }
}

extension String {
    /// Reads a small file past the store.
    init(readingFile path: String) throws {
        let descriptor = open(path, O_RDONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = read(descriptor, &bytes, bytes.count)
        try #require(count >= 0)
        self = String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
