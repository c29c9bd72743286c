import ArtifactStore
import Glibc
import Testing

/// Each test runs twice: with the system call that resolves a path safely, and with the fallback for older kernels.
@Suite struct SymbolicLinkTests {
    @Test(arguments: ["file", "folder/secret", "dangling", "inside", "d/up/secret", "folder"], [true, false])
    func `never follows a planted link`(path: String, resolvesInOneCall: Bool) throws {
        let store = try TemporaryStore(resolvesInOneCall: resolvesInOneCall)
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

    @Test(arguments: [true, false])
    func `never lists or deletes through a link`(resolvesInOneCall: Bool) throws {
        let store = try TemporaryStore(resolvesInOneCall: resolvesInOneCall)
        try store.put("a", "x")
        try store.link("store/out", to: "..")
        #expect(throws: ArtifactError.invalidPath(.symbolicLink)) { try store.root.list(ArtifactPath("out")) }
        #expect(throws: ArtifactError.invalidPath(.symbolicLink)) { try store.root.list(ArtifactPath("out/store")) }
        #expect(throws: ArtifactError.invalidPath(.symbolicLink)) { try store.root.delete(ArtifactPath("out/store/a")) }
        #expect(try store.get("a") == "x")
    }

    @Test(arguments: [true, false])
    func `finds the same either way`(resolvesInOneCall: Bool) throws {
        let store = try TemporaryStore(resolvesInOneCall: resolvesInOneCall)
        try store.put("d/e/f", "x")
        #expect(try store.get("d/e/f") == "x")
        #expect(try store.root.list(ArtifactPath("d/e")).map(\.path) == ["d/e/f"])
        #expect(try store.root.list(ArtifactPath("d/e/f")).isEmpty)
        #expect(throws: ArtifactError.isDirectory) { try store.root.open(ArtifactPath("d/e")) }
        for path in ["d/x/f", "d/e/f/g", "x"] {
            #expect(throws: ArtifactError.notFound) { try store.root.open(ArtifactPath(path)) }
        }
        #expect(throws: ArtifactError.notDirectory) { try store.put("d/e/f/g", "x") }
        let deepest = Array(repeating: "long-name-of-a-folder-0123456", count: 128).joined(separator: "/")
        try store.put(deepest, "deep")
        #expect(try store.get(deepest) == "deep")
    }

    @Test(arguments: [true, false])
    func `stays inside while a folder is swapped for a link`(resolvesInOneCall: Bool) async throws {
        let store = try TemporaryStore(resolvesInOneCall: resolvesInOneCall)
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
}
