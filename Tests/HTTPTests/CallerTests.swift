import Budgets
import Dispatch
import HTTPServer
import HTTPWire
import Identities
import Synchronization
import Testing

@Suite struct CallerTests {
    @Test func `names the peer by its address`() throws {
        let handler = WaitingHandler()
        let server = try handler.server()
        let client = try server.client()
        try client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        handler.gate.signal()
        #expect(try client.answer().text == "127.0.0.1 here")
    }

    @Test func `has left when its connection is reset`() throws {
        let handler = WaitingHandler()
        let server = try handler.server()
        let client = try server.client()
        try client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        handler.entered.wait()
        client.reset()
        #expect(handler.awaitDeparture())
        handler.gate.signal()
    }

    @Test func `has left some time after its last byte, and is answered all the same`() throws {
        let handler = WaitingHandler()
        let server = try handler.server { $0.limits.halfClosedTimeout = .milliseconds(30) }
        let client = try server.client()
        try client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\nGET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        handler.entered.wait()
        client.finishSending()
        #expect(handler.awaitDeparture())
        handler.gate.signal()
        #expect(try client.answer().text == "127.0.0.1 gone")
        handler.entered.wait()
        handler.gate.signal()
        #expect(try client.answer().status == 200)
        #expect(try client.isClosedByServer())
    }

    @Test func `is there when it answers before the time is over`() throws {
        let handler = WaitingHandler()
        let server = try handler.server { $0.limits.halfClosedTimeout = .seconds(60) }
        let client = try server.client()
        try client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        client.finishSending()
        handler.gate.signal()
        #expect(try client.answer().text == "127.0.0.1 here")
    }

    @Test func `counts the answers that its client takes`() throws {
        let handler = WaitingHandler()
        let server = try handler.server()
        let client = try server.client()
        for number in 1...3 {
            try client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            handler.gate.signal()
            #expect(try client.answer().status == 200)
            #expect(handler.sees { $0.answerCount == number })
        }
    }

    @Test func `counts an answer that a client takes behind its last byte`() throws {
        let handler = WaitingHandler()
        let server = try handler.server { $0.limits.halfClosedTimeout = .milliseconds(30) }
        let client = try server.client()
        try client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        client.finishSending()
        #expect(handler.awaitDeparture())
        handler.gate.signal()
        #expect(try client.answer().status == 200)
        #expect(try client.isClosedByServer())
        #expect(handler.sees { $0.hasEnded && $0.answerCount == 1 })
    }

    @Test func `does not count an answer that comes behind the end of its client`() throws {
        let handler = WaitingHandler()
        let server = try handler.server { $0.limits.halfClosedTimeout = .milliseconds(30) }
        var client: TestClient? = try server.client()
        try client?.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        handler.entered.wait()
        // The whole socket is closed, which looks like the end of the sending side alone until something is sent to it.
        client = nil
        #expect(handler.awaitDeparture())
        #expect(handler.sees { !$0.hasEnded })
        handler.gate.signal()
        #expect(handler.sees { $0.hasEnded && $0.answerCount == 0 })
    }

    @Test func `is the same client under another identity`() {
        let caller = Caller(peer: Peer(address: "192.0.2.1"))
        let known = caller.with(Identity(.user, name: "ada"))
        let awaited = AwaitedAnswer(of: known)
        #expect(!awaited.isLost)
        // A client that gave up waiting may repeat its request before the first one is carried out.
        caller.recordProbableDisconnection()
        #expect(known.hasLeft && awaited.isLost)
        caller.leave()
        #expect(awaited.isLost)
        caller.didReceiveAnswer()
        #expect(awaited.hasArrived && !awaited.isLost)
    }

    @Test func `takes back an answer that its client leaves unread`() throws {
        let handler = WaitingHandler()
        let server = try handler.server()
        var client: TestClient? = try server.client()
        try client?.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        handler.gate.signal()
        #expect(handler.sees { $0.answerCount == 1 })
        // If a socket is closed with unread bytes, the kernel resets the connection.
        client = nil
        #expect(handler.sees { $0.hasLeft && $0.answerCount == 0 })
    }
}

/// A handler that waits until it is released, and then reports the state of its caller.
private final class WaitingHandler: Sendable {
    let gate = DispatchSemaphore(value: 0)
    let entered = DispatchSemaphore(value: 0)
    private let caller = Mutex<Caller?>(nil)

    func server(configure: (inout HTTPServer.Configuration) -> Void = { _ in }) throws -> TestServer {
        try TestServer(configure: configure) { router in
            router.add(.get, "/wait", .blocking { [self] in answer($0, $1) })
        }
    }

    private func answer(_ request: HTTPRequest, _ responder: HTTPResponder) {
        caller.withLock { $0 = request.caller }
        entered.signal()
        gate.wait()
        let text = request.caller.peer.name + (request.caller.hasLeft ? " gone" : " here")
        responder.send(HTTPResponse(contentType: "text/plain", bytes: Array(text.utf8)))
    }

    func awaitDeparture() -> Bool { sees { $0.hasLeft } }

    /// Waits until the caller meets the condition; false after 20 seconds.
    func sees(_ condition: (Caller) -> Bool) -> Bool {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            if caller.withLock({ $0 }).map(condition) == true { return true }
            awaitTurn()
        }
        return false
    }
}
