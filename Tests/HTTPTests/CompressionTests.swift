import CZlib
import Glibc
import HTTPServer
import HTTPWire
import Testing

@Suite struct CompressionTests {
    static let text = String(repeating: "{\"key\": \"loss\", \"value\": 0.25},", count: 4_000)

    /// Compresses bytes; `windowBits` as in zlib.h: 31 for gzip, 15 for zlib.
    static func compress(_ bytes: [UInt8], windowBits: Int32 = 31) -> [UInt8] {
        var stream = z_stream()
        deflateInit2_(
            &stream,
            6,
            Z_DEFLATED,
            windowBits,
            8,
            Z_DEFAULT_STRATEGY,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        var input = bytes
        var output = [UInt8](repeating: 0, count: bytes.count + 1_024)
        let used = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                deflate(&stream, Z_FINISH)
                return target.count - Int(stream.avail_out)
            }
        }
        deflateEnd(&stream)
        return Array(output[..<used])
    }

    static func expand(_ bytes: [UInt8]) -> String {
        var stream = z_stream()
        inflateInit2_(&stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        var input = bytes
        var output = [UInt8](repeating: 0, count: 8 * 1_048_576)
        let used = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                let result = inflate(&stream, Z_FINISH)
                return result == Z_STREAM_END ? target.count - Int(stream.avail_out) : 0
            }
        }
        inflateEnd(&stream)
        return String(decoding: output[..<used], as: UTF8.self)
    }

    private func server() throws -> TestServer {
        try TestServer(routes: { router in
            router.add(
                .get,
                "/json",
                .buffered { _, responder in
                    responder.send(HTTPResponse(contentType: "application/json", bytes: Array(Self.text.utf8)))
                }
            )
            router.add(
                .get,
                "/json/stream",
                .buffered { _, responder in
                    let producer = RepeatingProducer(Array(Self.text.utf8), times: 3)
                    let headers = [(name: "Content-Type", value: "text/plain")]
                    responder.send(HTTPResponse(status: 200, headers: headers, body: .stream(producer)))
                }
            )
        })
    }

    /// The name of the thread that runs this, as `SystemThread` has set it.
    private static var threadName: String {
        // proc(5): the name and a newline; at most 16 bytes.
        guard let file = fopen("/proc/thread-self/comm", "r") else { return "" }
        defer { fclose(file) }
        var name = [UInt8](repeating: 0, count: 32)
        let count = fread(&name, 1, name.count, file)
        return String(decoding: name[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    @Test func `a short answer is made on a loop and a long one on a thread for it, never where it is given`() throws {
        let server = try TestServer(routes: { router in
            let make: @Sendable () -> HTTPResponse = {
                HTTPResponse(contentType: "text/plain", bytes: Array(Self.threadName.utf8))
            }
            router.add(.get, "/short", .blocking { _, responder in responder.send(.short(make)) })
            router.add(.get, "/long", .blocking { _, responder in responder.send(.long(make)) })
        })
        #expect(try server.exchange("GET /short HTTP/1.1\r\nHost: a\r\n\r\n").text.hasPrefix("http.loop."))
        #expect(try server.exchange("GET /long HTTP/1.1\r\nHost: a\r\n\r\n").text == "http.packer")
    }

    @Test(arguments: [
        ("gzip, deflate, br", true), ("GZIP;q=0.5", true), ("*", true), ("gzip;q=0", false), ("gzip;q=0, *", false),
        ("*, gzip;q=0", false), ("*;q=0, gzip", true), ("gzip; q=0.000", false),
        ("br", false), ("", false),
    ]) func `compresses text for those who accept it`(accepted: String, isCompressed: Bool) throws {
        let server = try server()
        let field = "Host: a\r\nAccept-Encoding: \(accepted)\r\n\r\n"
        let answer = try server.exchange("GET /json HTTP/1.1\r\n" + field)
        #expect(answer.header("vary") == "Accept-Encoding")
        #expect((answer.header("content-encoding") == "gzip") == isCompressed)
        #expect((isCompressed ? Self.expand(answer.body) : answer.text) == Self.text)
        let stream = try server.exchange("GET /json/stream HTTP/1.1\r\n" + field)
        let expected = Self.text + Self.text + Self.text
        #expect((isCompressed ? Self.expand(stream.body) : stream.text) == expected)
        #expect(try server.exchange("GET /hello HTTP/1.1\r\n" + field).header("content-encoding") == nil)
    }

    @Test(arguments: [("gzip", 31 as Int32), ("deflate", 15)])
    func `expands request bodies`(coding: String, windowBits: Int32) throws {
        let server = try server()
        let body = Self.compress(Array(Self.text.utf8), windowBits: windowBits)
        let head = "HTTP/1.1\r\nHost: a\r\nContent-Encoding: \(coding)\r\nContent-Length: \(body.count)\r\n\r\n"
        let client = try server.client()
        try client.send(Array("POST /echo \(head)".utf8) + body)
        #expect(try client.answer().text == Self.text)
    }

    @Test(arguments: ["gzip", "x-gzip", "deflate", "br", "gzip, br", "nonsense", "identity"])
    func `hands a streamed body on as it is sent, whatever its coding`(coding: String) throws {
        for body in [Self.compress(Array(Self.text.utf8)), Array("no coding at all".utf8)] {
            let client = try TestServer().client()
            let head = "HTTP/1.1\r\nHost: a\r\nContent-Encoding: \(coding)\r\nContent-Length: \(body.count)\r\n\r\n"
            try client.send(Array("PUT /upload/a \(head)".utf8) + body)
            let sum = body.withUnsafeBytes { CountingReceiver.checksum($0, 0) }
            #expect(try client.answer().text == "\(body.count) \(sum)")
        }
    }

    @Test func `stops a compressed bomb at the body bound`() throws {
        let server = try TestServer(configure: { $0.limits.bodyBytes = 100_000 })
        let body = Self.compress([UInt8](repeating: 0, count: 4 * 1_048_576))
        #expect(body.count < 10_000)
        let client = try server.client()
        let head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: \(body.count)\r\n\r\n"
        try client.send(Array(head.utf8) + body)
        #expect(try client.answer().status == 413)
    }

    @Test func `refuses a coding that ends early or goes on behind its end`() throws {
        let whole = Self.compress(Array(Self.text.utf8))
        for body in [Array(whole.dropLast(4)), whole + [0, 1]] {
            let client = try TestServer().client()
            let head =
                "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: \(body.count)\r\n\r\n"
            try client.send(Array(head.utf8) + body)
            #expect(try client.answer().status == 400)
        }
    }
}
