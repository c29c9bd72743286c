import Files
import Glibc
import HTTPClient
import HTTPServer
import HTTPWire
import Testing

@Suite struct ClientTests {
    private let deadline = Deadline(after: .seconds(20))

    @Test func `sends a request and reads answers of every framing`() throws {
        let piece = [UInt8](repeating: 7, count: 50_000)
        let server = try TestServer(routes: { router in
            router.add(
                .get,
                "/stream",
                .buffered { _, responder in
                    responder.send(HTTPResponse(status: 200, body: .stream(RepeatingProducer(piece, times: 9))))
                }
            )
            router.add(
                .get,
                "/nothing",
                .buffered { _, responder in responder.send(HTTPResponse(status: 204)) }
            )
        })
        let client = HTTPClient(host: "127.0.0.1", port: server.port)
        let host = [(name: "Host", value: "a")]
        let hello = try client.send(.get, "/hello", fields: host, by: deadline)
        #expect(hello.status == 200)
        #expect(hello.field("content-type") == "text/plain")
        #expect(hello.body == Array("hello".utf8))
        #expect(try client.send(.post, "/echo", fields: host, body: piece, by: deadline).body == piece)
        #expect(try client.send(.get, "/stream", fields: host, by: deadline).body.count == 9 * piece.count)
        #expect(try client.send(.get, "/nothing", fields: host, by: deadline).body.isEmpty)
    }

    @Test(arguments: [0, 1, 300_000])
    func `sends a file as it is`(size: Int) throws {
        let server = try TestServer()
        var name = Array("/tmp/apus-client-XXXXXX".utf8CString)
        let raw = mkstemp(&name)
        try #require(raw >= 0)
        unlink(name)
        let file = Descriptor(owning: raw)
        let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let written = content.withUnsafeBytes { pwrite(raw, $0.baseAddress, $0.count, 0) }
        #expect(written == size)
        let client = HTTPClient(host: "127.0.0.1", port: server.port)
        let host = [(name: "Host", value: "a")]
        func send(_ bytes: Int) throws -> HTTPReply {
            let request = ClientRequest(.post, "/echo", fields: host, body: .file(file, bytes: Int64(bytes)))
            return try client.send(request, CallLimits(whole: deadline))
        }
        let reply = try send(size)
        #expect(reply.status == 200 && reply.body == content)
        // One that lost its end meanwhile cannot be sent to its end.
        #expect(throws: CallFailure.self) { try send(size + 1) }
    }

    @Test func `says why there is no answer`() throws {
        let server = try TestServer(configure: { configuration in
            configuration.errorResponse = { refusal, _ in HTTPResponse(status: refusal.status) }
        }) {
            $0.add(
                .get,
                "/broken",
                .buffered { _, responder in
                    let producer = RepeatingProducer([1], times: 1, breaks: true)
                    responder.send(HTTPResponse(status: 200, body: .stream(producer)))
                }
            )
        }
        let failure = #expect(throws: CallFailure.self) {
            let client = HTTPClient(host: "127.0.0.1", port: server.port)
            _ = try client.send(.get, "/broken", fields: [("Host", "a")], by: deadline)
        }
        guard case .brokenAnswer("the connection ended within the body") = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
    }
}

@Suite struct ResponseHeadTests {
    private func heads(_ text: String, step: Int) throws -> [(head: ResponseHead, length: Int)] {
        var parser = ResponseHeadParser(limits: HTTPLimits())
        var found: [(head: ResponseHead, length: Int)] = []
        var consumed = 0
        let bytes = Array(text.utf8)
        for end in stride(from: step, to: bytes.count + step, by: step) {
            while let next = try Array(bytes[consumed..<min(end, bytes.count)]).withUnsafeBytes({ try parser.parse($0) }
            ) {
                consumed += next.length
                found.append(next)
            }
        }
        return found
    }

    @Test(arguments: [1, 3, 1_000])
    func `reads heads that arrive in any split`(step: Int) throws {
        let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200\r\nContent-Length: 5\r\nX-A:  b c \r\n\r\n"
        let found = try heads(text, step: step)
        #expect(found.map(\.head.status) == [100, 200])
        #expect(found.first?.head.isInterim == true)
        #expect(try found.last?.head.framing == .length(5))
        #expect(found.last?.head.value(of: "x-a") == "b c")
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\n", BodyFraming.untilClose), ("HTTP/1.1 304 x\r\nContent-Length: 5\r\n", .none),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: Chunked\r\n", .chunked),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n", .length(5)),
    ])
    func `finds how the body ends`(text: String, framing: BodyFraming) throws {
        #expect(try heads(text + "\r\n", step: 1_000).first?.head.framing == framing)
    }

    @Test(arguments: [
        "HTTP/2 200 OK\r\n", "HTTP/1.1 20 OK\r\n", "HTTP/1.1 2000 OK\r\n", "HTTP/1.1 200 OK\r\n folded\r\n",
        "HTTP/1.1 200 OK\nA: b\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n",
    ])
    func `refuses what is no head`(text: String) {
        #expect(throws: HTTPRefusal.self) { try heads(text + "\r\n", step: 1_000) }
    }

    @Test(arguments: ["Content-Length: x", "Content-Length: 1\r\nContent-Length: 2", "Transfer-Encoding: gzip"])
    func `refuses a framing that it cannot follow`(fields: String) throws {
        let head = try #require(try heads("HTTP/1.1 200 OK\r\n\(fields)\r\n\r\n", step: 1_000).first?.head)
        #expect(throws: HTTPRefusal.self) { try head.framing }
    }
}
