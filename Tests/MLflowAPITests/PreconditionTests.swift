import Glibc
import TestSupport
import Testing

@Suite struct PreconditionTests {
    private static let route = "/api/2.0/mlflow-artifacts/artifacts"

    @Test(
        arguments: [
            ("if-match", "TAG", 200), ("if-match", "\"x\", TAG", 200), ("if-match", "*", 200),
            ("if-match", "\"x\"", 412), ("if-match", "W/TAG", 412), ("if-match", "TAGx", 412), ("if-match", "", 412),
            ("if-none-match", "TAG", 304), ("if-none-match", "W/TAG", 304), ("if-none-match", ", ,\"x\",TAG ,", 304),
            ("if-none-match", "\"x,TAG\"", 200), ("if-none-match", "x TAG", 200), ("if-none-match", "\"*\"", 200),
            ("if-modified-since", "DATE", 304), ("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT", 304),
            ("if-modified-since", "Friday, 01-Jan-49 00:00:00 GMT", 304),
            ("if-modified-since", "Fri Jan  1 00:00:00 2100", 304),
            ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT", 200), ("if-modified-since", "yesterday", 200),
            ("if-modified-since", "Sun, 06 Nov 1994 08:49 GMT", 200),
            ("if-unmodified-since", "DATE", 200), ("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT", 412),
            ("if-unmodified-since", "yesterday", 200),
        ] as [(String, String, Int)]
    )
    func `a condition is held against the tag and the date`(field: String, value: String, status: Int) throws {
        let fixture = try APIFixture()
        _ = try fixture.send("PUT", "\(Self.route)/file", body: "one")
        let plain = try fixture.send("GET", "\(Self.route)/file")
        let tag = try #require(plain.header("ETag"))
        let date = try #require(plain.header("Last-Modified"))
        let resolved = value.replacing("TAG", with: tag).replacing("DATE", with: date)
        let reply = try fixture.send("GET", "\(Self.route)/file", headers: [field: resolved])
        #expect(reply.status == status, "\(reply.text)")
        #expect(reply.text == (status == 200 ? "one" : reply.text))
    }

    @Test func `a tag is asked before a date, and a date may vouch for a range once it is old`() throws {
        let fixture = try APIFixture()
        _ = try fixture.send("PUT", "\(Self.route)/file", body: "one")
        let path = fixture.stored.folder.file("artifacts") + "/file"
        let times = [timespec(tv_sec: 784_111_777, tv_nsec: 5), timespec(tv_sec: 784_111_777, tv_nsec: 5)]
        try #require(utimensat(AT_FDCWD, path, times, 0) == 0)
        let date = "Sun, 06 Nov 1994 08:49:37 GMT"
        let get = { try fixture.send("GET", "\(Self.route)/file", headers: $0) }
        #expect(try get([:]).header("Last-Modified") == date)
        #expect(try get(["if-none-match": "\"x\"", "if-modified-since": date]).status == 200)
        #expect(try get(["if-match": "*", "if-unmodified-since": "Sun, 06 Nov 1993 08:49:37 GMT"]).status == 200)
        #expect(try get(["range": "bytes=0-0", "if-range": date]).status == 206)
        #expect(try get(["range": "bytes=0-0", "if-range": "Sun, 06 Nov 1994 08:49:38 GMT"]).status == 200)
        #expect(try get(["range": "bytes=0-0", "if-range": "W/\"x\""]).status == 200)
    }
}
