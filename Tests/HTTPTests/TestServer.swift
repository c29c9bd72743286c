import Dispatch
import Glibc
import HTTPServer
import HTTPWire
import Synchronization

/// A server on a free loopback port with a few routes that tests need.
final class TestServer {
    let server: HTTPServer
    let port: Int
    let uploads = UploadLog()

    init(
        configure: (inout HTTPServer.Configuration) -> Void = { _ in },
        routes: (inout HTTPRouter) -> Void = { _ in }
    ) throws {
        var configuration = HTTPServer.Configuration()
        configuration.loopCount = 2
        configuration.serverName = "test"
        configuration.errorResponse = { refusal, _ in
            let body = Array("{\"m\":\"\(refusal.message)\"}".utf8)
            return HTTPResponse(status: refusal.status, contentType: "application/json", bytes: body)
        }
        configure(&configuration)
        var router = HTTPRouter()
        Self.addRoutes(&router, uploads)
        routes(&router)
        server = HTTPServer(configuration: configuration, router: router)
        port = try server.start().first?.port ?? 0
    }

    deinit {
        let done = DispatchSemaphore(value: 0)
        server.shutdown(within: .zero) { done.signal() }
        done.wait()
    }

    /// A connected client, which retains the server.
    func client(receiveBuffer: Int32? = nil) throws -> TestClient {
        let client = try TestClient(port: port, receiveBuffer: receiveBuffer)
        client.server = self
        return client
    }

    /// Sends one request on a new connection.
    func exchange(_ text: String) throws -> TestClient.Answer {
        let client = try client()
        try client.send(text)
        return try client.answer()
    }

    private static func addRoutes(_ router: inout HTTPRouter, _ uploads: UploadLog) {
        router.add(
            .get,
            "/hello",
            .buffered { _, responder in
                responder.send(HTTPResponse(contentType: "text/plain", bytes: Array("hello".utf8)))
            }
        )
        router.add(
            .post,
            "/echo",
            .buffered { request, responder in
                responder.send(HTTPResponse(contentType: "application/octet-stream", bytes: request.body))
            }
        )
        router.add(
            .post,
            "/small",
            .buffered(maximumBodyBytes: 10) { request, responder in
                responder.send(HTTPResponse(contentType: "text/plain", bytes: request.body))
            }
        )
        router.add(
            .get,
            "/describe/{name}",
            .blocking { request, responder in
                let query = request.query.map { "\($0.name)=\($0.value)" }.joined(separator: ";")
                let text = "\(request.path)|\(request.parameters)|\(query)|\(request.host)|\(request.routePattern)"
                responder.send(HTTPResponse(contentType: "text/x", bytes: Array(text.utf8)))
            }
        )
        router.add(.get, "/dropped", .buffered { _, _ in })
        router.add(.put, "/upload/{path...}", .streamed { _, responder in CountingReceiver(uploads, responder) })
        router.add(
            .put,
            "/refused",
            .streamed { _, responder in
                responder.send(HTTPResponse(status: 403, body: .bytes(Array("no".utf8))))
                return nil
            }
        )
    }
}

/// Records what the body receivers of a server have seen.
final class UploadLog: Sendable {
    struct Counts {
        var finished = 0
        var aborted = 0
        var bytes = 0
    }

    private let state = Mutex(Counts())
    private let aborts = DispatchSemaphore(value: 0)

    var counts: Counts { state.withLock { $0 } }

    func didReceive(_ count: Int) { state.withLock { $0.bytes += count } }
    func didFinish() { state.withLock { $0.finished += 1 } }

    func didAbort() {
        state.withLock { $0.aborted += 1 }
        aborts.signal()
    }

    /// Waits for one abort; false if none comes within 20 seconds.
    func awaitAbort() -> Bool { aborts.wait(timeout: .now() + .seconds(20)) == .success }
}

/// Counts bytes and computes a checksum, so that wrong order and lost bytes are detected.
final class CountingReceiver: HTTPBodyReceiver, @unchecked Sendable {
    // Unchecked because its methods are never called concurrently.
    private let log: UploadLog
    private let responder: HTTPResponder
    private var count = 0
    private var checksum: UInt64 = 0

    init(_ log: UploadLog, _ responder: HTTPResponder) {
        self.log = log
        self.responder = responder
    }

    func receive(_ bytes: UnsafeRawBufferPointer) throws {
        if count == 0, bytes.starts(with: "throw".utf8) { throw HTTPRefusal(507, "full") }
        if count == 0, bytes.starts(with: "answer".utf8) { responder.send(HTTPResponse(status: 409)) }
        count += bytes.count
        checksum = Self.checksum(bytes, checksum)
        log.didReceive(bytes.count)
    }

    static func checksum(_ bytes: UnsafeRawBufferPointer, _ start: UInt64) -> UInt64 {
        var sum = start
        bytes.withMemoryRebound(to: UInt8.self) { for byte in $0 { sum = sum &* 31 &+ UInt64(byte) } }
        return sum
    }

    func finish() {
        log.didFinish()
        responder.send(HTTPResponse(contentType: "text/x", bytes: Array("\(count) \(checksum)".utf8)))
    }

    func abort() { log.didAbort() }
}

/// Produces a fixed number of pieces, and then optionally throws.
final class RepeatingProducer: HTTPBodyProducer, @unchecked Sendable {
    // Unchecked because its method is never called concurrently.
    struct Broken: Error {}
    private let piece: [UInt8]
    private var remaining: Int
    private let breaks: Bool

    init(_ piece: [UInt8], times: Int, breaks: Bool = false) {
        self.piece = piece
        remaining = times
        self.breaks = breaks
    }

    func next(into buffer: inout [UInt8]) throws -> Bool {
        if remaining == 0, breaks { throw Broken() }
        if remaining > 0 { buffer.append(contentsOf: piece) }
        remaining -= 1
        return breaks ? true : remaining > 0
    }
}

/// Leaves the processor to other threads for a moment, so that tests that wait do not slow those that work.
func awaitTurn() { usleep(200) }
