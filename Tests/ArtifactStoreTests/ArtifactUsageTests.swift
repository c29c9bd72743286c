import ArtifactStore
import Glibc
import Testing

@Suite struct ArtifactUsageTests {
    let store: TemporaryStore

    init() throws {
        store = try TemporaryStore()
    }

    @Test func `adds up files and folders and follows no link`() throws {
        try store.put("a", "12345")
        try store.put("d/e/b", "123")
        try store.plant("outside", "1234567890")
        try store.link("store/link", to: "../outside")
        try store.link("store/d/loop", to: "..")
        let usage = try store.root.usage()
        #expect((usage.files, usage.folders, usage.apparentBytes, usage.savedBytes) == (2, 2, 8, 0))
        #expect(usage.diskBytes > 0)
        #expect(usage.unreadable == 0)
    }

    @Test func `counts the space of hard links once`() throws {
        try store.put("a", String(repeating: "x", count: 10_000))
        let alone = try store.root.usage()
        try #require(link(store.location + "/a", store.location + "/b") == 0)
        let both = try store.root.usage()
        #expect(both.apparentBytes == 2 * alone.apparentBytes)
        #expect(both.diskBytes == alone.diskBytes)
        #expect(both.savedBytes == alone.diskBytes)
    }

    @Test func `finds nothing where no root is`() throws {
        #expect(try store.root.usage() == ArtifactUsage())
    }
}
