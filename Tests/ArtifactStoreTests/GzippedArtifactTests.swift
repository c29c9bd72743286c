import ArtifactStore
import Glibc
import Testing

@Suite struct GzippedArtifactTests {
    @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 131_072, 500_000])
    func `expands to the file`(size: Int) throws {
        let store = try TemporaryStore()
        let text = String(repeating: "step,loss\n", count: size / 10 + 1).prefix(size)
        try store.put("a.csv", String(text))
        var artifact = try GzippedArtifact(try store.root.open(ArtifactPath("a.csv")))
        var bytes: [UInt8] = []
        while try artifact.next(into: &bytes) {}
        #expect(inflated(bytes, windowBits: 31) == Array(text.utf8))
    }

    @Test func `fails when the file shrinks`() throws {
        let store = try TemporaryStore()
        try store.put("a.csv", String(repeating: "x", count: 100_000))
        var artifact = try GzippedArtifact(try store.root.open(ArtifactPath("a.csv")))
        var bytes: [UInt8] = []
        #expect(try artifact.next(into: &bytes))
        try #require(truncate(store.location + "/a.csv", 70_000) == 0)
        #expect(throws: ArtifactError.self) { try artifact.next(into: &bytes) }
    }

    @Test(
        arguments: [
            ("a.txt", true), ("metrics.JSON", true), ("plot.svg", true), ("report.html", true), ("MLmodel", true),
            ("deep.er/run.log", true), ("v1.0/MLmodel", true), ("v1.txt/weights", false),
            ("log.txt.gz", false), ("plot.svgz", false), ("a.tgz", false),
            ("model.pkl", false), ("image.png", false), ("weights", false), ("a.npz", false), (".csv", true),
        ]
    )
    func `text is told by the name`(name: String, isText: Bool) {
        #expect(isTextLike(name) == isText)
    }
}
