import Budgets
import Dispatch
import HTTPServer
import HTTPWire
import Synchronization
import Testing

/// Tests of memory that requests share: a slow client must not affect others.
@Suite(.serialized) struct SharedMemoryTests {
    private func budgets(answerBytes: Int = 8 * 1_048_576) -> Budgets {
        var limits = BudgetLimits()
        limits.bodyBytes = 1_048_576
        limits.answerBytes = answerBytes
        return Budgets(limits)
    }

    private func server(_ budgets: Budgets, paceTime: Duration) throws -> TestServer {
        try TestServer(configure: { configuration in
            configuration.budgets = budgets
            configuration.limits.paceTime = paceTime
            configuration.limits.answerPaceBytes = 1_048_576
        }) { router in
            router.add(
                .get,
                "/bytes/{count}",
                .buffered { request, responder in
                    let bytes = [UInt8](repeating: 7, count: Int(request.parameters[0]) ?? 0)
                    responder.send(HTTPResponse(contentType: "image/png", bytes: bytes))
                }
            )
            router.add(
                .get,
                "/endless",
                .buffered { _, responder in
                    let piece = [UInt8](repeating: 7, count: 65_536)
                    let producer = RepeatingProducer(piece, times: 10_000)
                    responder.send(HTTPResponse(status: 200, body: .stream(producer)))
                }
            )
        }
    }

    private func post(_ count: Int, sending sent: Int? = nil) -> [UInt8] {
        Array("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n".utf8)
            + [UInt8](repeating: 1, count: sent ?? count)
    }

    /// Sends a body without its end, and waits until the server holds it in memory.
    private func hold(_ count: Int, _ server: TestServer) throws -> TestClient {
        let received = server.server.statistics.bytesReceived
        let client = try server.client()
        let part = post(count, sending: count - 10)
        try client.send(part)
        while server.server.statistics.bytesReceived < received + part.count { awaitTurn() }
        return client
    }

    @Test func `a body that finds no memory is told to come again, and a small one always finds some`() throws {
        let budgets = budgets()
        let server = try server(budgets, paceTime: .seconds(60))
        let slow = try hold(700_000, server)
        let refused = try server.client()
        try refused.send(post(200_000))
        let answer = try refused.answer()
        #expect(answer.status == 429)
        #expect(answer.header("retry-after") == "1")
        let small = try server.client()
        try small.send(post(60_000))
        #expect(try small.answer().body.count == 60_000)
        try slow.send([UInt8](repeating: 1, count: 10))
        #expect(try slow.answer().body.count == 700_000)
        // The server frees the memory of a request shortly after its answer.
        while budgets.bodyBytes.usage.held > 0 { awaitTurn() }
        try small.send(post(200_000))
        #expect(try small.answer().body.count == 200_000)
    }

    @Test func `a body that hardly moves gives way to one that comes`() throws {
        let budgets = budgets()
        let server = try server(budgets, paceTime: .zero)
        let slow = try hold(700_000, server)
        var status = 0
        // The slow client counts as slow only once the server has nothing more to do for it. A connection on which a body
        // was refused before its end is closed.
        while status != 200 {
            let quick = try server.client()
            try quick.send(post(200_000))
            status = try quick.answer().status
            #expect(status == 200 || status == 429)
        }
        #expect(try slow.answer().status == 408)
        #expect(try slow.isClosedByServer())
    }

    @Test func `an answer that finds no memory is told to come again, and a small one always finds some`() throws {
        let budgets = budgets()
        let server = try server(budgets, paceTime: .seconds(60))
        let slow = try server.client(receiveBuffer: 4_096)
        try slow.send("GET /bytes/6200000 HTTP/1.1\r\nHost: a\r\n\r\n")
        let other = try server.client()
        try awaitSent(server, 1)
        try other.send("GET /bytes/200000 HTTP/1.1\r\nHost: a\r\n\r\n")
        let answer = try other.answer()
        #expect(answer.status == 429)
        #expect(answer.header("retry-after") == "1")
        try other.send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try other.answer().status == 429)
        try other.send("GET /bytes/60000 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try other.answer().body.count == 60_000)
        #expect(try slow.answer().body.count == 6_200_000)
        while budgets.answerBytes.usage.held > 0 { awaitTurn() }
        try other.send("GET /bytes/200000 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try other.answer().body.count == 200_000)
    }

    @Test(arguments: ["/bytes/6200000", "/endless"])
    func `an answer that nobody reads gives way to one that is wanted`(path: String) throws {
        let budgets = budgets(answerBytes: path == "/endless" ? 270_000 : 8 * 1_048_576)
        let server = try server(budgets, paceTime: .zero)
        let slow = try server.client(receiveBuffer: 4_096)
        try slow.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
        try awaitSent(server, 1)
        let other = try server.client()
        var status = 0
        // The slow client counts as slow only once a piece of its answer does not fit into the socket.
        while status != 200 {
            try other.send("GET /bytes/200000 HTTP/1.1\r\nHost: a\r\n\r\n")
            status = try other.answer().status
            #expect(status == 200 || status == 429)
        }
        #expect(try slow.isCutByServer())
    }

    private func awaitSent(_ server: TestServer, _ count: Int) throws {
        while server.server.statistics.bytesSent < count { awaitTurn() }
    }

    @Test func `gives everything back`() throws {
        let shared = Budgets()
        let server = try TestServer(configure: { $0.budgets = shared }) { router in
            router.add(
                .get,
                "/bytes",
                .blocking { _, responder in
                    responder.send(HTTPResponse(contentType: "image/png", bytes: [UInt8](repeating: 7, count: 999_999)))
                }
            )
        }
        let client = try server.client()
        try client.send(post(999_999))
        #expect(try client.answer().body.count == 999_999)
        try client.send("GET /bytes HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(try client.answer().body.count == 999_999)
        #expect(try client.isClosedByServer())
        while shared.all.contains(where: { $0.budget.usage.held > 0 }) { awaitTurn() }
        #expect(shared.bodyBytes.usage.highest == 999_999)
        #expect(shared.answerBytes.usage.highest >= 999_999)
    }
}

@Suite(.serialized) struct ConnectionRoomTests {
    private func server(_ connections: Int) throws -> TestServer {
        var shared = BudgetLimits()
        shared.connections = connections
        return try TestServer(configure: { configuration in
            configuration.loopCount = 1
            configuration.budgets = Budgets(shared)
        })
    }

    @Test func `tells one connection too many to come again, later and later`() throws {
        let server = try server(2)
        let clients = try (0..<2).map { _ in try server.client() }
        for client in clients {
            try client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.answer().status == 200)
        }
        let refused = try server.client()
        let answer = try refused.answer()
        #expect(answer.status == 429)
        #expect(answer.header("retry-after") == "1")
        #expect(try refused.isClosedByServer())
    }

    @Test func `a request too many for the threads is told to come again`() throws {
        let gate = DispatchSemaphore(value: 0)
        let entered = DispatchSemaphore(value: 0)
        var shared = BudgetLimits()
        shared.queuedCalls = 1
        let server = try TestServer(configure: { configuration in
            configuration.workerCount = 1
            configuration.budgets = Budgets(shared)
        }) { router in
            router.add(
                .get,
                "/wait",
                .blocking { _, responder in
                    entered.signal()
                    gate.wait()
                    responder.send(HTTPResponse(status: 200))
                }
            )
        }
        let clients = try (0..<3).map { _ in try server.client() }
        for client in clients {
            try client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            if client === clients[0] { entered.wait() }
        }
        // One request runs, one waits, and the third one, whichever it is, finds no place.
        while server.server.statistics.bytesSent == 0 { awaitTurn() }
        gate.signal()
        gate.signal()
        gate.signal()
        #expect(try clients.map { try $0.answer().status }.sorted() == [200, 200, 429])
    }
}
