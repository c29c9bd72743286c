import MLflowAPI
import TestSupport
import Testing

@Suite struct ArtifactCodingTests {
    private static let route = "/api/2.0/mlflow-artifacts/artifacts/"
    private static let text = String(repeating: "step,loss,accuracy\n", count: 20_000)

    let fixture: APIFixture

    init() throws {
        fixture = try APIFixture()
        for name in ["table.csv", "log.txt.gz", "weights.bin"] {
            #expect(try fixture.send("PUT", Self.route + name, body: Self.text).status == 200)
        }
        #expect(try fixture.send("PUT", Self.route + "short.csv", body: "a,b").status == 200)
    }

    private func get(_ name: String, _ headers: [String: String]) throws -> Reply {
        try fixture.send("GET", Self.route + name, headers: headers)
    }

    @Test func `text travels compressed to those who accept it`() throws {
        let plain = try get("table.csv", [:])
        let packed = try get("table.csv", ["accept-encoding": "gzip"])
        #expect(plain.text == Self.text && plain.header("Content-Encoding") == nil)
        #expect(packed.header("Content-Encoding") == "gzip" && packed.bytes.starts(with: [0x1F, 0x8B]))
        #expect(packed.bytes.count < Self.text.utf8.count / 20 && packed.pieces > 1)
        for reply in [plain, packed] {
            #expect(reply.header("Vary") == "Accept-Encoding")
            #expect(reply.header("Content-Disposition") == "attachment; filename=table.csv")
        }
        let tag = try #require(plain.header("ETag"))
        #expect(packed.header("ETag") == tag.dropLast() + "-gzip\"")
    }

    @Test(arguments: ["log.txt.gz", "weights.bin", "short.csv"])
    func `what is short, compressed already or no text travels as it is`(name: String) throws {
        let reply = try get(name, ["accept-encoding": "gzip"])
        #expect(reply.status == 200 && reply.pieces == 0)
        #expect(reply.header("Content-Encoding") == nil && reply.header("Vary") == nil)
    }

    @Test func `ranges are of the content as it is`() throws {
        let reply = try get("table.csv", ["accept-encoding": "gzip", "range": "bytes=0-3"])
        #expect(reply.status == 206 && reply.text == "step" && reply.header("Content-Encoding") == nil)
        #expect(reply.header("Vary") == "Accept-Encoding")
        #expect(reply.header("ETag")?.hasSuffix("-gzip\"") == false)
        let packedTag = try #require(try get("table.csv", ["accept-encoding": "gzip"]).header("ETag"))
        let mixed = ["accept-encoding": "gzip", "range": "bytes=0-3", "if-range": packedTag]
        let whole = try get("table.csv", mixed)
        #expect(whole.status == 200 && whole.text == Self.text && whole.header("ETag") == reply.header("ETag"))
    }

    @Test func `each coding is known by its own tag`() throws {
        let plainTag = try #require(try get("table.csv", [:]).header("ETag"))
        let packedTag = try #require(try get("table.csv", ["accept-encoding": "gzip"]).header("ETag"))
        for (accepted, known, status) in [
            ("gzip", packedTag, 304), ("gzip", plainTag, 200), ("", plainTag, 304), ("", packedTag, 200),
        ] {
            let reply = try get("table.csv", ["accept-encoding": accepted, "if-none-match": known])
            #expect(reply.status == status && reply.header("Vary") == "Accept-Encoding")
            #expect(reply.header("ETag") == (accepted == "gzip" ? packedTag : plainTag))
        }
    }
}
