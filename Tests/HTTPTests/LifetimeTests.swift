import Dispatch
import Glibc
import HTTPServer
import HTTPWire
import Testing

@Suite(.serialized) struct LifetimeTests {
    @Test func `closes what keeps it waiting`() throws {
        // However long the test takes from a connection to its first bytes, this server waits for them.
        let server = try TestServer(configure: {
            $0.limits.headTimeout = .milliseconds(400)
            $0.limits.bodyStallTimeout = .milliseconds(400)
        })
        // Long enough for that on a busy machine.
        let hasty = try TestServer(configure: { $0.limits.idleTimeout = .seconds(2) })
        // All of them wait at the same time.
        let silent = try hasty.client()
        let idle = try hasty.client()
        try idle.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        let slow = try server.client()
        try slow.send("GET /hello HTTP/1.1\r\nHo")
        let stalled = try server.client()
        try stalled.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
        let upload = try server.client()
        try upload.send("PUT /upload/a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
        #expect(try idle.answer().status == 200)

        #expect(try silent.isClosedByServer())
        #expect(try slow.answer().status == 408)
        #expect(try slow.isClosedByServer())
        #expect(try idle.isClosedByServer())
        #expect(try stalled.answer().status == 408)
        #expect(try upload.answer().status == 408)
        #expect(server.uploads.awaitAbort())
    }

    @Test func `cuts a client that never reads`() throws {
        let gone = DispatchSemaphore(value: 0)
        final class Endless: HTTPBodyProducer {
            let gone: DispatchSemaphore
            init(_ gone: DispatchSemaphore) { self.gone = gone }
            deinit { gone.signal() }
            func next(into buffer: inout [UInt8]) throws -> Bool {
                buffer.append(contentsOf: [UInt8](repeating: 1, count: 65_536))
                return true
            }
        }
        let server = try TestServer(configure: { $0.limits.writeStallTimeout = .milliseconds(50) }) { router in
            router.add(
                .get,
                "/endless",
                .buffered { _, responder in
                    responder.send(HTTPResponse(status: 200, body: .stream(Endless(gone))))
                }
            )
        }
        let client = try server.client(receiveBuffer: 4_096)
        try client.send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(gone.wait(timeout: .now() + .seconds(20)) == .success)
    }

    @Test func `idle, half-closed and hung-up peers cause no wake-ups`() throws {
        let gate = DispatchSemaphore(value: 0)
        let server = try TestServer(routes: { router in
            router.add(
                .get,
                "/wait",
                .buffered { _, responder in
                    DispatchQueue(label: "test.wait").async {
                        gate.wait()
                        responder.send(HTTPResponse(status: 200))
                    }
                }
            )
        })
        let (hello, wait) = ("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        let idle = try (0..<8).map { _ in try server.client() }
        for client in idle { try client.send(hello) }
        for client in idle { #expect(try client.answer().status == 200) }
        let waiting = try (0..<4).map { _ in try server.client() }
        for client in waiting { try client.send(wait) }
        for client in waiting { client.finishSending() }
        let vanished = try (0..<4).map { _ in try server.client() }
        for client in vanished { try client.send(wait) }
        for client in vanished { client.reset() }
        // The count is settled if two readings are equal after the requests have come, which a busy machine may delay; that
        // of a spinning loop never is.
        let sent = 8 * hello.utf8.count + 4 * wait.utf8.count
        var last = -1
        var rounds = 0
        while rounds < 500 {
            let statistics = server.server.statistics
            if statistics.bytesReceived >= sent, statistics.wakeUps == last { break }
            last = statistics.wakeUps
            var pause = timespec(tv_sec: 0, tv_nsec: 60_000_000)
            nanosleep(&pause, nil)
            rounds += 1
        }
        #expect(rounds < 500)
        #expect(server.server.statistics.openConnections >= 12)
        for _ in 0..<8 { gate.signal() }
        for client in waiting { #expect(try client.answer().status == 200) }
    }

    @Test func `finishes what is in flight and then ends`() throws {
        let gate = DispatchSemaphore(value: 0)
        let entered = DispatchSemaphore(value: 0)
        let server = try TestServer(routes: { router in
            router.add(
                .get,
                "/wait",
                .blocking { _, responder in
                    entered.signal()
                    gate.wait()
                    responder.send(HTTPResponse(status: 200))
                }
            )
        })
        let idle = try server.client()
        try idle.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try idle.answer().status == 200)
        let busy = try server.client()
        try busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        entered.wait()
        let done = DispatchSemaphore(value: 0)
        server.server.shutdown(within: .seconds(20)) { done.signal() }
        #expect(try idle.isClosedByServer())
        #expect(throws: TestClient.Failure.self) {
            _ = try TestClient(port: server.port).answer()
        }
        gate.signal()
        let answer = try busy.answer()
        #expect(answer.status == 200)
        #expect(answer.header("connection") == "close")
        #expect(done.wait(timeout: .now() + .seconds(20)) == .success)
        #expect(server.server.statistics.openConnections == 0)
    }

    @Test func `a head that stopped half-way does not hold up the end`() throws {
        let server = try TestServer()
        let client = try server.client()
        let half = "GET /hello HTTP/1.1\r\nHos"
        try client.send(half)
        while server.server.statistics.bytesReceived < half.utf8.count { usleep(200) }
        let done = DispatchSemaphore(value: 0)
        server.server.shutdown(within: .seconds(120)) { done.signal() }
        #expect(done.wait(timeout: .now() + .seconds(20)) == .success)
        #expect(try client.isClosedByServer())
    }

    @Test(arguments: ["PUT /upload/a", "POST /echo"])
    func `tells those who still send a body to come again when the time is over`(line: String) throws {
        let server = try TestServer()
        let client = try server.client()
        try client.send("\(line) HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        #expect(try client.answer().status == 100)
        try client.send("abc")
        let done = DispatchSemaphore(value: 0)
        server.server.shutdown(within: .seconds(1)) { done.signal() }
        let answer = try client.answer()
        #expect(answer.status == 429)
        #expect(answer.header("retry-after") == "1")
        #expect(answer.header("connection") == "close")
        #expect(try client.isClosedByServer())
        #expect(done.wait(timeout: .now() + .seconds(20)) == .success)
        if line.hasPrefix("PUT") { #expect(server.uploads.awaitAbort()) }
    }

    @Test func `cuts what is left when the time is over`() throws {
        let gate = DispatchSemaphore(value: 0)
        let entered = DispatchSemaphore(value: 0)
        let server = try TestServer(routes: { router in
            router.add(
                .get,
                "/wait",
                .blocking { _, responder in
                    entered.signal()
                    gate.wait()
                    responder.send(HTTPResponse(status: 200))
                }
            )
        })
        let client = try server.client()
        try client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        entered.wait()
        let done = DispatchSemaphore(value: 0)
        server.server.shutdown(within: .milliseconds(20)) { done.signal() }
        #expect(done.wait(timeout: .now() + .seconds(20)) == .success)
        #expect(try client.isClosedByServer())
        gate.signal()
    }

    @Test func `answers the next request of an idle connection while it stops, and says that it was the last`() throws {
        let server = try TestServer(configure: { $0.limits.lastRequestTimeout = .seconds(60) })
        let clients = try (0..<4).map { _ in try server.client() }
        for client in clients {
            try client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.answer().header("connection") == nil)
        }
        let done = DispatchSemaphore(value: 0)
        server.server.shutdown(within: .seconds(60)) { done.signal() }
        for client in clients {
            // The first requests may arrive before the loop knows of the stop.
            var connection: String?
            repeat {
                try client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                let answer = try client.answer()
                #expect(answer.text == "hello")
                connection = answer.header("connection")
            } while connection == nil
            #expect(connection == "close")
            #expect(try client.isClosedByServer())
        }
        #expect(done.wait(timeout: .now() + .seconds(20)) == .success)
    }

    @Test func `refuses an address in use and a host that means nothing`() throws {
        let server = try TestServer()
        var configuration = HTTPServer.Configuration()
        configuration.port = server.port
        let error = #expect(throws: HTTPServerError.self) {
            try HTTPServer(configuration: configuration, router: HTTPRouter()).start()
        }
        #expect(error?.isAddressInUse == true)
        configuration.host = "no such host"
        #expect(throws: HTTPServerError.self) {
            try HTTPServer(configuration: configuration, router: HTTPRouter()).start()
        }
    }
}
