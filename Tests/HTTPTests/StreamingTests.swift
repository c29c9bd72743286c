import Dispatch
import Files
import Glibc
import HTTPServer
import HTTPWire
import Testing

@Suite(.serialized) struct StreamingTests {
    static let pattern = [UInt8]((0..<1_048_576).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) })

    @Test(arguments: [false, true])
    func `streams 64 MB up`(isChunked: Bool) throws {
        let client = try TestServer().client()
        let pieces = 64
        let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(pieces * Self.pattern.count)"
        try client.send("PUT /upload/a/b HTTP/1.1\r\nHost: a\r\n\(framing)\r\n\r\n")
        var checksum: UInt64 = 0
        for _ in 0..<pieces {
            if isChunked { try client.send("100000\r\n") }
            try client.send(Self.pattern)
            if isChunked { try client.send("\r\n") }
            checksum = Self.pattern.withUnsafeBytes { CountingReceiver.checksum($0, checksum) }
        }
        if isChunked { try client.send("0\r\n\r\n") }
        #expect(try client.answer().text == "\(pieces * Self.pattern.count) \(checksum)")
        try client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.answer().text == "hello")
    }

    @Test func `sends a file and a part of it`() throws {
        let temporary = try #require(tmpfile())
        defer { fclose(temporary) }
        let file = fileno(temporary)
        for _ in 0..<64 { _ = Self.pattern.withUnsafeBytes { write(file, $0.baseAddress, $0.count) } }
        let server = try TestServer(routes: { router in
            router.add(
                .get,
                "/file/{offset}/{length}",
                .blocking { request, responder in
                    let offset = Int(request.parameters[0]) ?? 0
                    let body = HTTPFileBody(
                        Descriptor(owning: dup(file)),
                        offset: offset,
                        length: Int(request.parameters[1]) ?? 0
                    )
                    responder.send(HTTPResponse(status: 200, body: .file(body)))
                }
            )
        })
        let client = try server.client(receiveBuffer: 16_384)
        try client.send("GET /file/3/5 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /file/0/77 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.answer().body == Array(Self.pattern[3..<8]))
        #expect(try client.answer(isHead: true).header("content-length") == "77")
        try client.send("GET /file/0/\(8 * Self.pattern.count) HTTP/1.1\r\nHost: a\r\n\r\n")
        let whole = try client.answer().body
        #expect(whole == Array(repeating: Self.pattern, count: 8).flatMap { $0 })
        try client.send("GET /file/\(63 * Self.pattern.count)/\(2 * Self.pattern.count) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(throws: TestClient.Failure.self) { try client.answer() }
    }

    @Test func `sends large bodies whole`() throws {
        let server = try TestServer(routes: { router in
            router.add(
                .get,
                "/large",
                .buffered { _, responder in
                    responder.send(HTTPResponse(contentType: "image/png", bytes: Self.pattern))
                }
            )
        })
        let client = try server.client(receiveBuffer: 8_192)
        for _ in 0..<3 { try client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n") }
        for _ in 0..<3 { #expect(try client.answer().body == Self.pattern) }
    }

    @Test func `streams produced bodies in chunks, and by closing for HTTP 1.0`() throws {
        let piece = Array(Self.pattern[..<50_000])
        let server = try TestServer(routes: { router in
            router.add(
                .get,
                "/stream/{times}",
                .buffered { request, responder in
                    let producer = RepeatingProducer(piece, times: Int(request.parameters[0]) ?? 0)
                    responder.send(HTTPResponse(status: 200, body: .stream(producer)))
                }
            )
            router.add(
                .get,
                "/broken",
                .buffered { _, responder in
                    let producer = RepeatingProducer(piece, times: 2, breaks: true)
                    responder.send(HTTPResponse(status: 200, body: .stream(producer)))
                }
            )
        })
        let client = try server.client()
        for times in [0, 1, 40] {
            try client.send("GET /stream/\(times) HTTP/1.1\r\nHost: a\r\n\r\n")
            let answer = try client.answer()
            #expect(answer.body.count == times * piece.count)
            #expect(answer.isComplete)
        }
        let old = try server.exchange("GET /stream/3 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(old.body.count == 3 * piece.count)
        #expect(old.header("connection") == "close")
        #expect(try server.exchange("GET /broken HTTP/1.1\r\nHost: a\r\n\r\n").isComplete == false)
    }

    @Test(arguments: [("throw", 507), ("answer", 409)])
    func `a receiver may refuse midway`(start: String, status: Int) throws {
        let server = try TestServer()
        let client = try server.client()
        let size = 4 * 1_048_576
        try client.send("PUT /upload/x HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n\(start)")
        #expect(try client.answer().status == status)
        #expect(server.uploads.awaitAbort())
        _ = client.trySend([UInt8](repeating: 1, count: size - start.utf8.count))
        #expect(try client.isClosedByServer())
        #expect(server.uploads.counts.finished == 0)
    }

    @Test(arguments: ["half-close", "reset", "bad chunk"])
    func `a receiver is told when the body cannot come`(how: String) throws {
        let server = try TestServer()
        let client = try server.client()
        try client.send("PUT /upload/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc")
        switch how {
        case "half-close": client.finishSending()
        case "reset": client.reset()
        default: try client.send("dexx")
        }
        #expect(server.uploads.awaitAbort())
        #expect(server.uploads.counts.finished == 0)
    }

    @Test func `many uploads at once arrive whole`() throws {
        let server = try TestServer()
        let clients = try (0..<24).map { _ in try server.client() }
        for client in clients {
            try client.send("PUT /upload/x HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n")
        }
        for part in 0..<3 {
            for client in clients { try client.send(Array(Self.pattern[(part * 20_000)..<((part + 1) * 20_000)])) }
        }
        let sum = Self.pattern[..<60_000].withUnsafeBytes { CountingReceiver.checksum($0, 0) }
        for client in clients { #expect(try client.answer().text == "60000 \(sum)") }
        #expect(server.uploads.counts.aborted == 0)
    }
}
