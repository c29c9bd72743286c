import HTTPServer
import HTTPWire
import Testing

@Suite struct FramingTests {
    static let head = "Host: a\r\n"

    @Test(
        arguments: [
            ("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", 200),
            ("\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n", 200),
            ("GET /hello HTTP/1.0\r\n\r\n", 200),
            ("GET http://b.example:80/hello HTTP/1.1\r\nHost: a\r\n\r\n", 200),
            ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 204),
            ("OPTIONS /hello HTTP/1.1\r\nHost: a\r\n\r\n", 204),
            ("GET /hello HTTP/1.1\r\n\r\n", 400),
            ("GET /hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
            ("GET /hello HTTP/1.1\r\nHost: a@b\r\n\r\n", 400),
            ("GET /hello HTTP/1.1\nHost: a\n\n", 400),
            ("GET /hello HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", 400),
            ("GET /hello HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400),
            ("GET /hello HTTP/1.1\r\nHost : a\r\n\r\n", 400),
            ("GET /hello HTTP/1.1\r\nHost: a\r\nX: a\u{0}b\r\n\r\n", 400),
            ("GET /hello HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400),
            ("GET  /hello HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /hello\r\nHost: a\r\n\r\n", 400),
            ("GET hello HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /he\u{7F}llo HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /%ff HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /hello?a=%f HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /hello HTTP/2.0\r\nHost: a\r\n\r\n", 505),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
            ("BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n", 501),
            ("G(T /hello HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET /missing HTTP/1.1\r\nHost: a\r\n\r\n", 404),
            ("DELETE /hello HTTP/1.1\r\nHost: a\r\n\r\n", 405),
            ("GET /hello HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\nOrigin: http://b\r\n\r\n", 400),
            ("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: magic\r\nContent-Length: 1\r\n\r\n", 417),
        ]
    ) func `answers a head with the status it deserves`(request: String, status: Int) throws {
        #expect(try TestServer().exchange(request).status == status)
    }

    @Test(
        arguments: [
            ("Content-Length: 2\r\n\r\nab", 200),
            ("Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nab\r\n0\r\nTrailer: t\r\n\r\n", 200),
            ("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            ("Content-Length: 2\r\nContent-Length: 3\r\n\r\nab", 400),
            ("Content-Length: 2, 2\r\n\r\nab", 400),
            ("Content-Length: -1\r\n\r\n", 400),
            ("Content-Length: +1\r\n\r\na", 400),
            ("Content-Length: 99999999999999999999\r\n\r\n", 400),
            ("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
            ("Transfer-Encoding: identity\r\n\r\n", 501),
            ("Transfer-Encoding: chunked\r\n\r\nxy\r\n", 400),
            ("Transfer-Encoding: chunked\r\n\r\n-1\r\n", 400),
            ("Transfer-Encoding: chunked\r\n\r\n0\r\nX y\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\n\r\n0\r\n: y\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\n\r\n0\r\nX\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\n\r\n0\r\nX:\r\nY: z\r\n\r\n", 200),
            ("Transfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n", 413),
            ("Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2000000\r\n", 413),
            ("Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", 400),
            ("Transfer-Encoding: chunked\r\n\r\n2\nab\r\n0\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\n\r\n2 \t;x\r\nab\r\n0 \r\n\r\n", 200),
            ("Transfer-Encoding: chunked\r\n\r\n2 2\r\nab\r\n0\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\n\r\n2\t;x\r\nab\r\n0 x\r\n\r\n", 400),
            ("Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400),
            ("Transfer-Encoding: chunked\r\n\r\n1;\(String(repeating: "x", count: 300))\r\n", 400),
            ("Content-Length: 1\r\nContent-Encoding: br\r\n\r\na", 415),
            ("Content-Length: 5\r\nContent-Encoding: gzip\r\n\r\nabcde", 400),
            ("Content-Length: 99999999\r\n\r\n", 413),
        ]
    ) func `judges the framing of a body`(rest: String, status: Int) throws {
        #expect(try TestServer().exchange("POST /echo HTTP/1.1\r\nHost: a\r\n" + rest).status == status)
    }

    @Test func `bounds target, fields and head`() throws {
        let server = try TestServer()
        func status(target: String = "/hello", fields: String = "") throws -> Int {
            try server.exchange("GET \(target) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n").status
        }
        #expect(try status(target: "/hello?q=" + String(repeating: "a", count: 65_000)) == 200)
        #expect(try status(target: "/hello?q=" + String(repeating: "a", count: 66_000)) == 414)
        #expect(try status(fields: String(repeating: "X: y\r\n", count: 299)) == 200)
        #expect(try status(fields: String(repeating: "X: y\r\n", count: 300)) == 431)
        #expect(try status(fields: "X: \(String(repeating: "v", count: 120_000))\r\n") == 200)
        #expect(try status(fields: "X: \(String(repeating: "v", count: 140_000))\r\n") == 431)
    }

    @Test func `gives the same answer wherever the bytes are cut`() throws {
        let server = try TestServer()
        let request = Array(
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;q\r\nde\r\n0\r\nT: u\r\n\r\n"
                .utf8
        )
        for cut in 1..<request.count {
            let client = try server.client()
            try client.send(Array(request[..<cut]))
            try client.send(Array(request[cut...]))
            #expect(try client.answer().text == "abcde")
        }
    }

    @Test func `takes a request byte by byte`() throws {
        let client = try TestServer().client()
        for byte in "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc".utf8 { try client.send([byte]) }
        #expect(try client.answer().text == "abc")
    }

    @Test(arguments: [
        ("GET /describe/a%2Fb?x=1+2&x=%2B&y HTTP/1.1", "/describe/a/b|[\"a/b\"]|x=1 2;x=+;y=|a:1|/describe/{name}"),
        ("GET /describe/%2e%2e HTTP/1.1", "/describe/..|[\"..\"]||a:1|/describe/{name}"),
        ("GET /describe/100%2525 HTTP/1.1", "/describe/100%25|[\"100%25\"]||a:1|/describe/{name}"),
        ("GET http://B:9/describe/x HTTP/1.1", "/describe/x|[\"x\"]||B:9|/describe/{name}"),
    ]) func `decodes a target exactly once`(line: String, expected: String) throws {
        #expect(try TestServer().exchange(line + "\r\nHost: a:1\r\n\r\n").text == expected)
    }

    @Test func `answers pipelined requests in order`() throws {
        let client = try TestServer().client()
        var text = ""
        for number in 0..<500 {
            text += "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n\(100 + number)"
            text += "GET /missing HTTP/1.1\r\nHost: a\r\n\r\n"
        }
        try client.send(text)
        for number in 0..<500 {
            #expect(try client.answer().text == "\(100 + number)")
            #expect(try client.answer().status == 404)
        }
    }
}
