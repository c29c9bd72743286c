import ArtifactStore
import Glibc
import Testing

@Suite struct ArtifactUploadTests {
    let store: TemporaryStore

    init() throws {
        store = try TemporaryStore()
    }

    @Test func `shows nothing before the commit and no temporary after it`() throws {
        let upload = try store.root.beginWrite(ArtifactPath("d/a"))
        try upload.write("hello ")
        #expect(throws: ArtifactError.notFound) { try store.root.open(ArtifactPath("d/a")) }
        #expect(store.names(in: "store/d").count == 1)
        try upload.write("world")
        try upload.commit()
        #expect(try store.get("d/a") == "hello world")
        #expect(store.names(in: "store/d") == ["a"])
    }

    @Test func `keeps the old file until the commit and after an abort`() throws {
        try store.put("a", "old")
        let upload = try store.root.beginWrite(ArtifactPath("a"))
        try upload.write("new")
        #expect(try store.get("a") == "old")
        upload.abort()
        upload.abort()
        #expect(try store.get("a") == "old")
        #expect(store.names() == ["a"])
    }

    @Test func `aborts with its last reference`() throws {
        do {
            let upload = try store.root.beginWrite(ArtifactPath("a"))
            try upload.write("half")
        }
        #expect(store.names().isEmpty)
    }

    @Test func `writes an empty file when nothing comes`() throws {
        try store.root.beginWrite(ArtifactPath("empty")).commit()
        #expect(try store.get("empty").isEmpty)
    }

    @Test func `refuses to go on after its end`() throws {
        let upload = try store.root.beginWrite(ArtifactPath("a"))
        try upload.commit()
        #expect(throws: ArtifactError.other(errno: EBADF, call: "write")) { try upload.write("x") }
        #expect(throws: ArtifactError.other(errno: EBADF, call: "rename")) { try upload.commit() }
        upload.abort()
        #expect(store.names() == ["a"])
    }

    @Test func `refuses a folder as target and a file as parent`() throws {
        try store.put("d/a", "x")
        #expect(throws: ArtifactError.isDirectory) { try store.put("d", "x") }
        #expect(throws: ArtifactError.notDirectory) { try store.put("d/a/b", "x") }
        #expect(throws: ArtifactError.notDirectory) { try store.put("d/a/b/c", "x") }
        #expect(try store.get("d/a") == "x")
    }

    @Test(
        arguments: [
            ("", .empty), (".", .currentSegment), ("a/", .trailingSlash), ("./h", .currentSegment),
            ("a//h", .emptySegment),
        ]
            as [(String, ArtifactError.PathRule)]
    )
    func `refuses a path that names no file`(path: String, rule: ArtifactError.PathRule) throws {
        #expect(throws: ArtifactError.invalidPath(rule)) { try store.put(path, "x") }
        let base = try ArtifactPath("0/run")
        #expect(throws: ArtifactError.self) {
            try store.root.beginWrite(base.appending(ArtifactPath("a/./"))).commit()
        }
    }

    @Test func `refuses when a folder comes into the way during the upload`() throws {
        let upload = try store.root.beginWrite(ArtifactPath("a"))
        try store.put("a/b", "x")
        #expect(throws: ArtifactError.isDirectory) { try upload.commit() }
        #expect(store.names() == ["a"])
        #expect(try store.get("a/b") == "x")
    }

    @Test func `fails when its folder is deleted during the upload`() throws {
        let upload = try store.root.beginWrite(ArtifactPath("d/a"))
        try store.root.delete(ArtifactPath("d"))
        #expect(throws: ArtifactError.notFound) { try upload.commit() }
        #expect(try store.root.list(.root).isEmpty)
    }

    @Test func `makes the root again when it was removed`() throws {
        try store.put("a", "x")
        try store.root.delete(ArtifactPath("a"))
        try #require(rmdir(store.location) == 0)
        try store.put("b", "y")
        #expect(try store.get("b") == "y")
    }

    @Test func `makes missing folders above the root`() throws {
        let root = ArtifactRoot(location: store.folder + "/x//y/z/")
        try root.beginWrite(ArtifactPath("a")).commit()
        #expect(store.names(in: "x/y/z") == ["a"])
        #expect(try store.mode(of: "x/y/z") == 0o700)
    }

    @Test func `keeps the root to its owner and leaves the rest to the umask`() throws {
        let mask = try maskOfProcess()
        try store.put("d/a", "x")
        #expect(try store.mode(of: "store") == 0o700)
        #expect(try store.mode(of: "store/d") == 0o777 & ~mask)
        #expect(try store.mode(of: "store/d/a") == 0o666 & ~mask)
    }

    @Test func `uses a root that is reached through a link`() throws {
        try #require(mkdir(store.folder + "/real", 0o700) == 0)
        try store.link("store", to: "real")
        try store.put("a", "x")
        #expect(store.names(in: "real") == ["a"])
    }

    @Test func `leaves one whole file of many uploads to one path`() async throws {
        let store = store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    for _ in 0..<10 {
                        let upload = try store.root.beginWrite(ArtifactPath("deep/er/a"))
                        for _ in 0..<16 { try upload.write(String(repeating: "\(writer)", count: 1_000)) }
                        try upload.commit()
                    }
                }
            }
            try await group.waitForAll()
        }
        let content = try store.get("deep/er/a")
        #expect(content.utf8.count == 16_000)
        #expect(Set(content.utf8).count == 1)
        #expect(store.names(in: "store/deep/er") == ["a"])
    }

    @Test func `survives folders that are deleted while uploads make them`() async throws {
        let store = store
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for _ in 0..<100 { _ = try? store.root.delete(ArtifactPath("d")) }
            }
            for writer in 0..<3 {
                group.addTask {
                    for _ in 0..<30 { try? store.put("d/e/\(writer)", "x") }
                }
            }
        }
        try store.put("d/e/last", "x")
        #expect(store.names(in: "store/d/e").allSatisfy { !$0.hasPrefix(".apus-upload-") })
    }

    @Test func `writes pieces larger than the page cache takes at once`() throws {
        let upload = try store.root.beginWrite(ArtifactPath("big"))
        let piece = [UInt8](repeating: 7, count: 1 << 20)
        for _ in 0..<8 { try piece.withUnsafeBytes { try upload.write($0) } }
        try upload.commit()
        #expect(try store.root.open(ArtifactPath("big")).size == 8 << 20)
    }
}
