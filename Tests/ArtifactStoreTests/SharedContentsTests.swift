import ArtifactStore
import Glibc
import Testing

@Suite struct SharedContentsTests {
    let store: SharingStore

    init() throws {
        store = try SharingStore()
    }

    @Test func `equal files share their space and different ones do not`() throws {
        #expect(try !store.put("a", "same").isShared)
        #expect(try store.put("d/b", "same").isShared)
        #expect(try !store.put("c", "diff").isShared)
        #expect(try store.get("d/b") == "same")
        #expect(try store.get("c") == "diff")
        #expect(store.names() == ["a", "c", "d"])
        #expect(store.names(in: "store/d") == ["b"])
        #expect(store.contents.statistics.files == 1)
        #expect(store.contents.statistics.bytes == 4)
        let usage = try store.root.usage()
        #expect((usage.files, usage.folders, usage.apparentBytes) == (3, 1, 12))
        #expect(usage.savedBytes > 0)
    }

    @Test func `empty files are left alone`() throws {
        try store.put("a", "")
        #expect(try !store.put("b", "").isShared)
    }

    @Test func `overwriting one path changes no other`() throws {
        try store.put("a", "same")
        try store.put("b", "same")
        try store.put("a", "other")
        #expect(try store.get("a") == "other")
        #expect(try store.get("b") == "same")
        // Overwrites the file with the former content.
        #expect(try store.put("a", "same").isShared)
        #expect(try store.get("a") == "same")
        #expect(store.names() == ["a", "b"])
    }

    @Test func `the same bytes over themselves stay one file`() throws {
        try store.put("a", "same")
        for _ in 0..<3 { #expect(try store.put("a", "same").isShared) }
        #expect(try store.get("a") == "same")
        #expect(store.names() == ["a"])
    }

    @Test func `the space is free with the last path`() throws {
        try store.put("a", "same")
        try store.put("b", "same")
        try store.root.delete(ArtifactPath("a"))
        #expect(try store.get("b") == "same")
        #expect(try store.put("c", "same").isShared)
        try store.root.delete(ArtifactPath("b"))
        try store.root.delete(ArtifactPath("c"))
        #expect(store.names().isEmpty)
        #expect(try store.root.usage() == ArtifactUsage())
        #expect(try !store.put("d", "same").isShared)
        #expect(try store.get("d") == "same")
    }

    @Test func `a copy that another program has changed is not shared`() throws {
        try store.put("a", "same")
        try store.plant("store/a", "evil")
        #expect(try !store.put("b", "same").isShared)
        #expect(try store.get("b") == "same")
        #expect(try store.get("a") == "evil")
    }

    @Test func `hints that lead nowhere, outside or to a link mislead nobody`() throws {
        try store.put("a", "same")
        try store.plant("secret", "same")
        try store.link("store/link", to: "../secret")
        let hints = ["gone", "../secret", "link", "\u{0}", ".apus-upload-1", "a/b"]
        let reopened = try SharingStore(in: store, hints: hints)
        #expect(try !reopened.put("b", "same").isShared)
        #expect(try reopened.get("b") == "same")
        let second = try SharingStore(in: store, hints: ["gone", "a"])
        #expect(try second.put("c", "same").isShared)
    }

    @Test func `equal files that come at once end as one`() async throws {
        let store = store
        let shared = try await withThrowingTaskGroup(of: Bool.self) { group in
            for writer in 0..<16 {
                group.addTask {
                    try store.put("d\(writer % 4)/\(writer)", String(repeating: "same", count: 5_000)).isShared
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(shared == 15)
        for writer in 0..<16 { #expect(try store.get("d\(writer % 4)/\(writer)").utf8.count == 20_000) }
        for folder in 0..<4 { #expect(store.names(in: "store/d\(folder)").count == 4) }
    }

    @Test func `overwrites and deletions beside each other leave whole files and nothing else`() async throws {
        let store = store
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    for turn in 0..<25 {
                        _ = try? store.put("d/\(turn % 3)", String(repeating: "\((writer + turn) % 2)", count: 9_000))
                    }
                }
            }
            group.addTask {
                for turn in 0..<25 { _ = try? store.root.delete(ArtifactPath("d/\(turn % 3)")) }
            }
        }
        for name in store.names(in: "store/d") {
            let content = try store.get("d/" + name)
            #expect(content.utf8.count == 9_000)
            #expect(Set(content.utf8).count == 1)
        }
    }

    @Test func `what a crash leaves between the steps is swept without harm to the copy`() throws {
        try store.put("a", "same")
        // State of a crash between link and rename: a second name of the shared file.
        try #require(Glibc.link(store.location + "/a", store.location + "/.apus-upload-dead-1") == 0)
        // State of a crash before the link: a file with its own content.
        try store.plant("store/.apus-upload-dead-2", "same")
        let after = try SharingStore(in: store, hints: ["a"])
        #expect(try after.root.removeStaleUploads() == 2)
        #expect(after.names() == ["a"])
        #expect(try after.put("b", "same").isShared)
        #expect(try after.get("a") == "same")
    }

    @Test func `an upload that fails at its end is gone and counts as nothing`() throws {
        try store.put("a", "same")
        let upload = try store.root.beginWrite(ArtifactPath("b"))
        try upload.write("same")
        try store.put("b/c", "x")
        #expect(throws: ArtifactError.isDirectory) { try upload.commit() }
        #expect(store.names() == ["a", "b"])
        #expect(store.contents.statistics.files == 0)
    }

    @Test func `counts what cannot be shared as stored`() throws {
        let big = String(repeating: "0123456789abcdef", count: 40_000)
        try store.put("a", big)
        #expect(try store.put("b", big).isShared)
        #expect(try !store.put("c", big + "!").isShared)
        #expect(try store.get("b") == big)
    }
}

/// A store in which files with equal content share their disk space.
struct SharingStore: Sendable {
    let base: TemporaryStore
    let root: ArtifactRoot
    let contents: SharedContents
    var location: String { base.location }

    init(in other: SharingStore? = nil, hints: [String] = []) throws {
        base = try other?.base ?? TemporaryStore()
        contents = SharedContents { _ in hints }
        root = ArtifactRoot(location: base.location, sharedContents: contents)
    }

    @discardableResult
    func put(_ path: String, _ text: String) throws -> StoredArtifact {
        let upload = try root.beginWrite(ArtifactPath(path))
        try upload.write(text)
        return try upload.commit()
    }

    func get(_ path: String) throws -> String { try root.open(ArtifactPath(path)).text() }
    func names(in path: String = "store") -> [String] { base.names(in: path) }
    func plant(_ path: String, _ text: String) throws { try base.plant(path, text) }
    func link(_ path: String, to target: String) throws { try base.link(path, to: target) }
}
