import ArtifactStore
import Glibc
import Testing

@Suite struct ArtifactRootRemovalTests {
    let store: TemporaryStore

    init() throws {
        store = try TemporaryStore()
    }

    @Test func `deletes a file and nothing else`() throws {
        try store.put("a", "x")
        try store.put("ab", "x")
        #expect(try store.root.delete(ArtifactPath("a")))
        #expect(store.names() == ["ab"])
    }

    @Test func `deletes a folder with all beneath it, links unfollowed`() throws {
        try store.plant("secret", "outside")
        for path in ["d/a", "d/e/f/g", "d/e/h", "keep"] { try store.put(path, "x") }
        try store.link("store/d/out", to: "../..")
        try store.link("store/d/e/file", to: "../../../secret")
        try #require(mkfifo(store.location + "/d/pipe", 0o600) == 0)
        #expect(try store.root.delete(ArtifactPath("d/")))
        #expect(store.names() == ["keep"])
        #expect(try String(readingFile: store.folder + "/secret") == "outside")
    }

    @Test func `removes a link itself and refuses a way through it`() throws {
        try store.plant("secret", "outside")
        try store.put("a", "x")
        try store.link("store/out", to: "..")
        #expect(throws: ArtifactError.invalidPath(.symbolicLink)) { try store.root.delete(ArtifactPath("out/secret")) }
        #expect(try store.root.delete(ArtifactPath("out")))
        #expect(store.names() == ["a"])
        #expect(store.names(in: "") == ["secret", "store"])
    }

    @Test(arguments: ["missing", "missing/x", "a/x"])
    func `takes what is not there for deleted`(path: String) throws {
        #expect(try store.root.delete(ArtifactPath(path)) == false)
        try store.put("a", "x")
        #expect(try store.root.delete(ArtifactPath(path)) == false)
        #expect(try store.get("a") == "x")
    }

    @Test func `takes a path with a slash at its end for a folder`() throws {
        try store.put("a", "x")
        #expect(try store.root.delete(ArtifactPath("a/")) == false)
        #expect(try store.get("a") == "x")
    }

    @Test func `never deletes the root`() throws {
        try store.put("a", "x")
        #expect(throws: ArtifactError.invalidPath(.empty)) { try store.root.delete(.root) }
        #expect(try store.get("a") == "x")
    }

    @Test func `deletes the deepest tree a client can make and refuses a deeper one`() throws {
        let deepest = Array(repeating: "d", count: ArtifactPath.maximumDepth).joined(separator: "/")
        try store.put(deepest, "x")
        #expect(try store.root.delete(ArtifactPath("d")))
        #expect(store.names().isEmpty)
        var path = store.location
        for _ in 0...ArtifactPath.maximumDepth {
            path += "/d"
            try #require(mkdir(path, 0o700) == 0)
        }
        #expect(throws: ArtifactError.invalidPath(.longPath)) { try store.root.delete(ArtifactPath("d")) }
    }

    @Test func `sweeps what dead processes left and spares the living`() throws {
        try store.put("d/a", "x")
        let own = try store.root.beginWrite(ArtifactPath("d/b"))
        try store.plant("store/.apus-upload-dead-1", "half")
        try store.plant("store/d/.apus-upload-dead-2", "half")
        try store.plant("store/d/.apus-upload-alive-1", "half")
        let other = open(store.location + "/d/.apus-upload-alive-1", O_RDONLY)
        try #require(other >= 0 && flock(other, LOCK_EX) == 0)
        defer { close(other) }
        #expect(try store.root.removeStaleUploads() == 2)
        #expect(store.names() == ["d"])
        #expect(store.names(in: "store/d").count == 3)
        try own.write("whole")
        try own.commit()
        #expect(try store.get("d/b") == "whole")
        #expect(store.names(in: "store/d") == [".apus-upload-alive-1", "a", "b"])
    }

    @Test func `sweeps neither links nor folders nor what lies behind links`() throws {
        try #require(mkdir(store.folder + "/outside", 0o700) == 0)
        try store.plant("outside/.apus-upload-dead-1", "x")
        try store.put("a", "x")
        try store.link("store/out", to: "../outside")
        try store.link("store/.apus-upload-dead-2", to: "../outside/.apus-upload-dead-1")
        try #require(mkdir(store.location + "/.apus-upload-dead-3", 0o700) == 0)
        #expect(try store.root.removeStaleUploads() == 0)
        #expect(store.names(in: "outside") == [".apus-upload-dead-1"])
    }

    @Test func `sweeps nothing where no root is`() throws {
        #expect(try store.root.removeStaleUploads() == 0)
        #expect(store.names(in: "").isEmpty)
    }
}
