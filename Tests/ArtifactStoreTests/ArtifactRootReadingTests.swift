import ArtifactStore
import Glibc
import Testing

@Suite struct ArtifactRootReadingTests {
    let store: TemporaryStore

    init() throws {
        store = try TemporaryStore()
    }

    @Test(arguments: ["100%.txt", "sp ace", "é損.txt", "a;b?c", "d/e/f.json", "%41", "a%2fb", "-rf", "a:b.txt", "a+b"])
    func `reads back what was written under any literal name`(path: String) throws {
        try store.put(path, "content of \(path)")
        #expect(try store.get(path) == "content of \(path)")
    }

    @Test func `says which of missing and folder it is`() throws {
        try store.put("d/a", "x")
        for path in ["missing", "d/missing", "missing/a", "d/a/b"] {
            #expect(throws: ArtifactError.notFound) { try store.root.open(ArtifactPath(path)) }
        }
        for path in ["d", "d/", ""] {
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
    /// Reads a small file without the store.
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
