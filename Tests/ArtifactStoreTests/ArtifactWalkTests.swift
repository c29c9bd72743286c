import ArtifactStore
import Files
import Glibc
import Testing

@Suite struct ArtifactWalkTests {
    let store: TemporaryStore

    init() throws {
        store = try TemporaryStore()
    }

    private func entries(_ path: String = "", after: String? = nil) throws -> [ArtifactWalk.Entry] {
        var walk = try store.root.walk(ArtifactPath(path), after: after)
        var entries: [ArtifactWalk.Entry] = []
        while let entry = try walk.next() { entries.append(entry) }
        return entries
    }

    @Test func `goes in the order of the bytes of whole paths`() throws {
        let files = ["a/b/c", "a/b.txt", "a.txt", "a-b/z", "a0", "B", "é/損", "zz/y/x"]
        for file in files { try store.put(file, "x") }
        let paths = try entries().map(\.path)
        #expect(paths == paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        #expect(Set(paths) == Set(files + ["a", "a-b", "a/b", "zz", "zz/y", "é"]))
        #expect(try entries("a").map(\.path) == ["a/b", "a/b.txt", "a/b/c"])
    }

    @Test func `goes on behind any path, whether it is there or not`() throws {
        for file in ["a/b/c", "a/b.txt", "a.txt", "a-b/z", "a0", "zz/y/x"] { try store.put(file, "x") }
        let paths = try entries().map(\.path)
        for after in paths + ["", "a/", "a/b/", "a/b/d", "a/zz", "zzz", "A", "a-b/", "zz/y/"] {
            let rest = paths.filter { after.utf8.lexicographicallyPrecedes($0.utf8) }
            #expect(try entries(after: after).map(\.path) == rest, "after \(after)")
        }
    }

    @Test func `gives size, time and content`() throws {
        try store.put("d/f", "hello")
        var times = [
            timespec(tv_sec: 1_700_000_000, tv_nsec: 0), timespec(tv_sec: 1_700_000_000, tv_nsec: 987_654_321),
        ]
        try #require(utimensat(AT_FDCWD, store.location + "/d/f", &times, 0) == 0)
        let entries = try entries()
        #expect(entries.map(\.isDirectory) == [true, false] && entries.map(\.size) == [0, 5])
        #expect(entries[1].modification.milliseconds == 1_700_000_000_987)
        #expect(try entries[1].open().text() == "hello")
    }

    @Test func `a file that vanishes is left out or an error, as asked`() throws {
        for file in ["a", "b", "c/d"] { try store.put(file, "x") }
        for ifVanished in [ArtifactWalk.VanishedPolicy.skip, .fail] {
            try store.put("b", "x")
            var walk = try store.root.walk(ifVanished: ifVanished)
            #expect(try walk.next()?.path == "a")
            try store.root.delete(ArtifactPath("b"))
            switch ifVanished {
            case .skip: #expect(try walk.next()?.path == "c")
            case .fail: #expect(throws: ArtifactError.notFound) { try walk.next() }
            }
        }
    }

    @Test func `what is no longer a file is not opened`() throws {
        try store.put("a", "x")
        try store.plant("secret", "outside")
        let entry = try #require(try entries().first)
        try store.root.delete(ArtifactPath("a"))
        try store.link("store/a", to: store.folder + "/secret")
        #expect(throws: ArtifactError.notFound) { try entry.open() }
        try store.root.delete(ArtifactPath("a"))
        try #require(mkfifo(store.location + "/a", 0o644) == 0)
        #expect(throws: ArtifactError.notFound) { try entry.open() }
    }

    @Test func `leaves out what lies deeper than a path can name`() throws {
        let deepest = Array(repeating: "d", count: ArtifactPath.maximumDepth).joined(separator: "/")
        try store.put(deepest, "x")
        #expect(try entries().count == ArtifactPath.maximumDepth)
        try store.root.delete(ArtifactPath(deepest))
        try #require(mkdir(store.location + "/" + deepest, 0o755) == 0)
        try store.plant("store/\(deepest)/file", "x")
        #expect(try entries().count == ArtifactPath.maximumDepth)
    }
}
