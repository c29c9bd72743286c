import ArtifactStore
import Glibc
import Testing

@Suite struct StorageFaultTests {
    @Test func `says that the root is no folder`() throws {
        let store = try TemporaryStore()
        try store.plant("store", "a file in its place")
        #expect(throws: ArtifactError.rootUnavailable) { try store.put("a", "x") }
        #expect(throws: ArtifactError.rootUnavailable) { try store.root.open(ArtifactPath("a")) }
    }

    @Test func `says that the root cannot be made beneath a file`() throws {
        let store = try TemporaryStore()
        try store.plant("file", "")
        let root = ArtifactRoot(location: store.folder + "/file/deep/store")
        #expect(throws: ArtifactError.rootUnavailable) { try root.beginWrite(ArtifactPath("a")) }
    }

    @Test func `makes the root again when it was removed`() throws {
        let store = try TemporaryStore()
        try store.put("a", "old")
        try #require(rename(store.location, store.folder + "/aside") == 0)
        try #require(unlink(store.folder + "/aside/a") == 0 && rmdir(store.folder + "/aside") == 0)
        #expect(throws: ArtifactError.notFound) { try store.get("a") }
        try store.put("a", "new")
        #expect(try store.get("a") == "new")
    }

    @Test(.enabled(if: geteuid() != 0, "root may do all"))
    func `says that a folder may not be written or read`() throws {
        let store = try TemporaryStore()
        try store.put("d/a", "x")
        try #require(chmod(store.location + "/d", 0o500) == 0)
        #expect(throws: ArtifactError.permissionDenied) { try store.put("d/b", "x") }
        #expect(throws: ArtifactError.permissionDenied) { try store.root.delete(ArtifactPath("d/a")) }
        try #require(chmod(store.location + "/d", 0) == 0)
        #expect(throws: ArtifactError.permissionDenied) { try store.get("d/a") }
        try #require(chmod(store.location + "/d", 0o700) == 0)
        #expect(try store.get("d/a") == "x")
    }
}
