import ArtifactStore
import Files
import Glibc
import Testing

@Suite struct AdoptionTests {
    let store: TemporaryStore

    init() throws {
        store = try TemporaryStore()
    }

    private func source(_ name: String) throws -> Descriptor {
        let raw = open(store.folder + "/" + name, O_RDONLY | O_CLOEXEC)
        try #require(raw >= 0)
        return Descriptor(owning: raw)
    }

    @Test(arguments: [AdoptionWay.copy, .link])
    func `a file comes once, with its bytes and its time`(way: AdoptionWay) throws {
        try store.plant("file", "content")
        let times = [timespec(tv_sec: 1_000, tv_nsec: 0), timespec(tv_sec: 2_000, tv_nsec: 5)]
        utimensat(AT_FDCWD, store.folder + "/file", times, 0)
        let path = try ArtifactPath("1/run/artifacts/file")
        #expect(try store.root.adopt(source("file"), at: path, by: way) == .stored(bytes: 7))
        #expect(try store.get("1/run/artifacts/file") == "content")
        #expect(try store.root.open(path).modificationSeconds == 2_000)
        #expect(try store.root.adopt(source("file"), at: path, by: way) == .same(bytes: 7))
        #expect(store.names(in: "store/1/run/artifacts") == ["file"])
    }

    @Test(arguments: [AdoptionWay.copy, .link])
    func `a file that is there stays`(way: AdoptionWay) throws {
        try store.put("a", "mine")
        try store.plant("longer", "theirs")
        try store.plant("other", "else")
        try store.plant("equal", "mine")
        // A file of the same size and time would count as the same, and files made one after another may have one time.
        let times = [timespec(tv_sec: 1_000, tv_nsec: 0), timespec(tv_sec: 2_000, tv_nsec: 5)]
        for name in ["other", "equal"] { utimensat(AT_FDCWD, store.folder + "/" + name, times, 0) }
        let path = try ArtifactPath("a")
        #expect(try store.root.adopt(source("longer"), at: path, by: way) == .different)
        #expect(try store.root.adopt(source("other"), at: path, by: way) == .different)
        #expect(try store.root.adopt(source("equal"), at: path, by: way) == .same(bytes: 4))
        #expect(try store.get("a") == "mine" && store.names() == ["a"])
    }

    @Test func `files of one size and one time of whole seconds are compared`() throws {
        let path = try ArtifactPath("a")
        for (name, expected) in [("one", Adoption.stored(bytes: 3)), ("two", .different), ("one", .same(bytes: 3))] {
            try store.plant(name, name)
            utimensat(AT_FDCWD, store.folder + "/" + name, [timespec(), timespec()], 0)
            #expect(try store.root.adopt(source(name), at: path, by: .copy) == expected)
        }
        #expect(try store.get("a") == "one")
    }

    @Test func `the server's later upload does not change the file that was linked`() throws {
        try store.plant("file", "content")
        let path = try ArtifactPath("a")
        _ = try store.root.adopt(source("file"), at: path, by: .link)
        try store.put("a", "new")
        let file = try source("file")
        var bytes = [UInt8](repeating: 0, count: 7)
        #expect(pread(file.rawValue, &bytes, 7, 0) == 7 && bytes == Array("content".utf8))
    }
}
