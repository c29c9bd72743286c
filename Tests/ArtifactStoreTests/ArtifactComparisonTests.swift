import ArtifactStore
import Glibc
import Hashing
import Testing

@Suite struct ArtifactComparisonTests {
    let store: TemporaryStore
    let digests = DigestCache(capacity: 4)

    init() throws {
        store = try TemporaryStore()
    }

    private func compare(_ folders: [String]) throws -> [ArtifactComparison.Path] {
        let walks = try folders.map { try store.root.walk(relativeTo: ArtifactPath($0)) }
        var comparison = try ArtifactComparison(walks, digests: digests)
        var paths: [ArtifactComparison.Path] = []
        while true {
            switch try comparison.next() {
            case .path(let path): paths.append(path)
            case .working: continue
            case .end: return paths
            }
        }
    }

    private func digest(_ text: String) -> [UInt8] { SHA256.digest(of: Array(text.utf8)) }

    @Test func `tells what is the same, changed and missing`() throws {
        for run in ["a", "b", "c"] { try store.put("\(run)/model/weights", "same") }
        for (run, text) in [("a", "one"), ("b", "two"), ("c", "three")] { try store.put("\(run)/metrics.json", text) }
        for run in ["a", "c"] { try store.put("\(run)/plot", "gone") }
        try store.put("b/plot/inner", "a folder here")
        try store.put("c/empty", "")
        let paths = try compare(["a", "b", "c"])
        #expect(paths.map(\.path) == ["empty", "metrics.json", "model/weights", "plot", "plot/inner"])
        #expect(paths.map(\.state) == [.missing, .changed, .same, .missing, .missing])
        #expect(paths[1].files.map(\.?.digest) == [digest("one"), digest("two"), nil])
        #expect(paths[1].files.map(\.?.size) == [3, 3, 5])
        #expect(paths[2].files.map(\.?.digest) == Array(repeating: digest("same"), count: 3))
        #expect(paths[3].files.map { $0 == nil } == [false, true, false])
        #expect(paths[3].files[0]?.digest == digest("gone"))
        #expect(paths[4].files[1]?.digest == nil)
    }

    @Test func `an empty file is the same as another, and folders without artifacts compare`() throws {
        try store.put("a/x", "")
        try store.put("b/x", "")
        #expect(try compare(["a", "b"]).map(\.state) == [.same])
        #expect(try compare(["a", "none"]).map(\.state) == [.missing])
        #expect(try compare(["none", "neither"]).isEmpty)
    }

    @Test func `reads long files in steps`() throws {
        let text = String(repeating: "0123456789abcdef", count: 1_048_576 * 5 / 2)
        try store.put("a/x", text)
        try store.put("b/x", text)
        let walks = try ["a", "b"].map { try store.root.walk(relativeTo: ArtifactPath($0)) }
        var comparison = try ArtifactComparison(walks, digests: digests)
        var steps = 0
        while case .working = try comparison.next() { steps += 1 }
        #expect(steps == 2)
        #expect(try compare(["a", "b"]).map(\.state) == [.same])
    }

    @Test func `remembers the digest of a file until it changes`() throws {
        for run in ["a", "b"] {
            try store.put("\(run)/x", "one")
            try backdate("\(run)/x")
        }
        #expect(try compare(["a", "b"]).map(\.state) == [.same])
        #expect(try compare(["a", "b"]).map(\.state) == [.same])
        try store.put("a/x", "two")
        #expect(try compare(["a", "b"]).map(\.state) == [.changed])
    }

    @Test func `a file that vanishes before it is read counts as missing`() throws {
        try store.put("a/x", "one")
        try store.put("b/x", "one")
        let walks = try ["a", "b"].map { try store.root.walk(relativeTo: ArtifactPath($0)) }
        var comparison = try ArtifactComparison(walks, digests: digests)
        try store.root.delete(ArtifactPath("b/x"))
        guard case .path(let path) = try comparison.next() else {
            Issue.record("no path")
            return
        }
        #expect(path.state == .missing && path.files[0]?.digest == digest("one"))
    }

    private func backdate(_ path: String) throws {
        var times = [timespec(tv_sec: 1_700_000_000, tv_nsec: 0), timespec(tv_sec: 1_700_000_000, tv_nsec: 0)]
        try #require(utimensat(AT_FDCWD, store.location + "/" + path, &times, 0) == 0)
    }
}
