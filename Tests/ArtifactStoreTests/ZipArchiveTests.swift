import ArtifactStore
import Glibc
import Testing

@Suite struct ZipArchiveTests {
    let store: TemporaryStore

    init() throws {
        store = try TemporaryStore()
    }

    private func archive(_ path: String = "", relativeTo base: String = "") throws -> [UInt8] {
        var zip = try #require(try store.root.zip(ArtifactPath(path), relativeTo: ArtifactPath(base)))
        var bytes: [UInt8] = []
        while try zip.next(into: &bytes) {}
        return bytes
    }

    private func names(_ path: String = "", relativeTo base: String = "") throws -> [String] {
        try ZipReader(try archive(path, relativeTo: base)).entries.map(\.name)
    }

    @Test func `holds every file with its bytes, and folders before what is in them`() throws {
        let log = String(repeating: "epoch 1 loss 0.5\n", count: 40_000)
        let weights = String(repeating: "0123456789", count: 30_000)
        try store.put("run/log.txt", log)
        try store.put("run/model/weights.bin", weights)
        try store.put("run/model/empty.json", "")
        try store.put("run/損失.csv", "a,b")
        let bytes = try archive(relativeTo: "run")
        #expect(bytes.count < weights.utf8.count + log.utf8.count / 20)
        let entries = try ZipReader(bytes).entries
        #expect(
            entries.map(\.name) == ["log.txt", "model/", "model/empty.json", "model/weights.bin", "損失.csv"]
        )
        #expect(entries.map { String(decoding: $0.content, as: UTF8.self) } == [log, "", "", weights, "a,b"])
        #expect(entries.map(\.method) == [8, 0, 8, 0, 8])
        #expect(entries.map(\.flags) == [0x0808, 0x0800, 0x0808, 0x0808, 0x0808])
        #expect(entries.map { $0.attributes >> 16 & UInt32(S_IFMT) == UInt32(S_IFDIR) }.firstIndex(of: true) == 1)
    }

    @Test func `keeps empty folders and leaves out links, pipes and unfinished uploads`() throws {
        try store.put("run/a/b.txt", "x")
        try #require(mkdir(store.location + "/run/void", 0o755) == 0)
        try #require(mkfifo(store.location + "/run/pipe", 0o644) == 0)
        try store.plant("secret", "outside")
        try store.link("store/run/file", to: store.folder + "/secret")
        try store.link("store/run/folder", to: store.folder)
        try store.link("store/run/dangling", to: "nowhere")
        let upload = try store.root.beginWrite(ArtifactPath("run/a/later"))
        #expect(try names(relativeTo: "run") == ["a/", "a/b.txt", "void/"])
        upload.abort()
    }

    @Test func `of one folder, names stay relative to the base`() throws {
        try store.put("run/a/b/c.txt", "x")
        try store.put("run/z", "x")
        #expect(try names("a", relativeTo: "run") == ["a/b/", "a/b/c.txt"])
    }

    @Test func `of a run without artifacts is an empty archive`() throws {
        #expect(try archive(relativeTo: "run").count == 22)
        #expect(throws: ArtifactError.notFound) { try archive("a", relativeTo: "run") }
        try store.put("run/a", "x")
        #expect(throws: ArtifactError.notDirectory) { try archive("a", relativeTo: "run") }
        #expect(throws: ArtifactError.notFound) { try archive("b", relativeTo: "run") }
    }

    @Test func `a name that begins with a drive stays relative`() throws {
        try store.put("run/C:x", "x")
        #expect(try names(relativeTo: "run") == ["./C:x"])
    }

    @Test(arguments: [(0, 1980, 1, 1, 0, 0, 0), (1_700_000_001, 2023, 11, 14, 22, 13, 20)])
    func `has the times of the files`(
        seconds: Int,
        year: Int,
        month: Int,
        day: Int,
        hour: Int,
        minute: Int,
        second: Int
    ) throws {
        try store.put("a", "x")
        var times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
        try #require(utimensat(AT_FDCWD, store.location + "/a", &times, 0) == 0)
        let entry = try #require(try ZipReader(try archive()).entries.first)
        #expect(Int(entry.date) == (year - 1980) << 9 | month << 5 | day)
        #expect(Int(entry.time) == hour << 11 | minute << 5 | second / 2)
    }

    @Test func `is nothing when a file vanishes or shrinks meanwhile`() throws {
        let large = String(repeating: "0123456789abcdef", count: 40_000)
        for name in ["a", "b", "c"] { try store.put(name, large) }
        for harm in ["vanish", "shrink", "shrink the open one", "become a link"] {
            try store.put("a", large)
            try store.put("c", large)
            var zip = try #require(try store.root.zip())
            var bytes: [UInt8] = []
            #expect(try zip.next(into: &bytes))
            switch harm {
            case "vanish": try store.root.delete(ArtifactPath("c"))
            case "shrink": try #require(truncate(store.location + "/c", 10) == 0)
            case "shrink the open one": try #require(truncate(store.location + "/a", 200_000) == 0)
            default:
                try store.root.delete(ArtifactPath("c"))
                try store.link("store/c", to: "/etc/passwd")
            }
            if harm == "shrink" {
                // This file has not been read yet, so its shorter form is complete.
                while try zip.next(into: &bytes) {}
                #expect(try ZipReader(bytes).entries.map(\.content.count) == [640_000, 640_000, 10])
            } else {
                #expect(throws: ArtifactError.self) { while try zip.next(into: &bytes) {} }
            }
        }
    }

    @Test func `beyond the limits is refused before it begins`() throws {
        for number in 0..<5 { try store.put("folder/\(number)", "x") }
        var limits = ZipArchive.Limits()
        limits.entries = 6
        #expect(try store.root.zip(limits: limits) != nil)
        limits.entries = 5
        #expect(try store.root.zip(limits: limits) == nil)
        limits = ZipArchive.Limits()
        limits.directoryBytes = 500
        #expect(try store.root.zip(limits: limits) == nil)
    }
}
